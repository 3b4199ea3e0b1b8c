"""Bytes fetched for each byte consumed, when tasks come faster than they are judged: counted at the connections."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.conn import AIOKafkaConnection

from consumer.model import DeadLetter, Decision
from consumer.model.resting import Resting
from consumer.sandbox.kafka import KafkaBroker
from consumer.settings.model import KafkaSettings, LimitSettings, TopicSettings
from tests.bench.figures import Figures
from tests.brokers import create_topics
from tests.reports import Recorder
from tests.stream.harness import NamesJudge, make_stream, running, write_tasks

TASKS, BYTES, PARTITIONS = 20_000, 700, 4
LIMITS = LimitSettings(tasks=32, window=256)
SECONDS_EACH = 0.01


class Counted:
    fetched = 0


@contextmanager
def counting(client_id: str) -> Iterator[Counted]:
    """Adds up the answers to fetch requests, as they come from the socket, of the clients with this id."""
    counted = Counted()
    connection: Any = AIOKafkaConnection  # aiokafka counts nothing itself
    original = connection._handle_frame

    def handle(self: Any, frame: bytes) -> None:
        _, request, _ = self._requests[0]
        if self._client_id == client_id and type(request).__name__.startswith("FetchRequest"):
            counted.fetched += len(frame)
        original(self, frame)

    connection._handle_frame = handle
    try:
        yield counted
    finally:
        connection._handle_frame = original


async def run() -> Figures:
    """Consumed is what one plain read of the topic fetches: the same bytes, each once."""
    topics = TopicSettings(partitions=PARTITIONS, replication=1)
    with KafkaBroker() as broker:
        await create_topics(broker.bootstrap_servers, topics)
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group=f"bench-{secrets.token_hex(3)}")
        names = [f"{number}-".ljust(BYTES, "x") for number in range(TASKS)]
        await write_tasks(kafka, topics, [(str(number), name) for number, name in enumerate(names)])
        consumed = await _read_once(kafka, topics)
        with counting(kafka.group) as counted:
            seconds, begun = await _judge_all(kafka, topics)
    assert begun == TASKS, begun
    return {
        "tasks": TASKS,
        "tasks in flight, at most": LIMITS.tasks,
        "window, offsets": LIMITS.window,
        "seconds": round(seconds, 1),
        "tasks a second": round(TASKS / seconds, 1),
        "bytes fetched": counted.fetched,
        "bytes consumed": consumed,
        "fetched ÷ consumed (at most 1.2)": round(counted.fetched / consumed, 3),
    }


async def _judge_all(kafka: KafkaSettings, topics: TopicSettings) -> tuple[float, int]:
    async def slowly(name: str, resting: Resting) -> None:
        await anyio.sleep(SECONDS_EACH)

    judge, done = NamesJudge(slowly), anyio.Event()
    answered = 0

    class Counted(Recorder):
        def answered(self, answer: Decision | DeadLetter) -> None:
            nonlocal answered
            answered += 1
            if answered >= TASKS:
                done.set()

    began = anyio.current_time()
    stream = make_stream(judge, kafka, topics, limits=LIMITS, reports=Counted())
    async with running(stream):
        with anyio.fail_after(300):
            await done.wait()
        seconds = anyio.current_time() - began
    return seconds, len(judge.begun)


async def _read_once(kafka: KafkaSettings, topics: TopicSettings) -> int:
    client = f"bare-{secrets.token_hex(3)}"
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, client_id=client, enable_auto_commit=False)
    with counting(client) as counted:
        await consumer.start()
        try:
            partitions = [TopicPartition(topics.tasks, p) for p in range(PARTITIONS)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            left = TASKS
            while left:
                found = await consumer.getmany(timeout_ms=500)
                left -= sum(map(len, found.values()))
        finally:
            await consumer.stop()
    return counted.fetched
