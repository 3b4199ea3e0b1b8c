"""The second loop with a judge that needs no Genesys: a task's value names its attachments, joined by spaces."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pydantic import SecretStr

from consumer.attempts import Crowd
from consumer.errors import Refused
from consumer.identity import identity
from consumer.judge.answers import Answer, Answers
from consumer.kafka import topics as kafka_topics
from consumer.kafka.client import METADATA_MS, partition_of
from consumer.kafka.limits import TopicLimits
from consumer.model import AnswerKind, LedgerEntry, Source, Task
from consumer.model.resting import Resting
from consumer.settings.model import (
    GenesysSettings,
    KafkaSettings,
    LimitSettings,
    Settings,
    SignatureSettings,
    TopicSettings,
)
from consumer.stream.stream import Stream
from consumer.wire.results import Outgoing, Output
from consumer.wire.tasks import encode_task
from tests.reports import Recorder

Inspect = Callable[[str, Resting], Awaitable[None]]

SIXTY = [(f"c{n}", f"a{n}") for n in range(60)]


def names(tasks: Iterable[tuple[str, str]]) -> set[str]:
    return {name for _, named in tasks for name in named.split()}


class GivenLimits(TopicLimits):
    """As the broker told them when it was asked last; `now` is what it would tell."""

    def __init__(self, now: dict[str, int] | None = None) -> None:
        self.now = now if now is not None else {}
        self._bytes = dict(self.now)

    async def check(self) -> None:
        self._bytes = dict(self.now)


async def at_once(name: str, resting: Resting) -> None:
    """The inspection of an attachment that takes no time."""


def ignored(step: str) -> None:
    """For a producer whose steps nobody follows."""


@dataclass(frozen=True, slots=True)
class GivenProcess:
    may_take: Callable[[], bool]
    told_load: Callable[[], float]

    @property
    def takes_tasks(self) -> bool:
        return self.may_take()

    @property
    def load(self) -> float:
        return self.told_load()


class NamesJudge:
    """Answers each named attachment once, after `inspect` returned. Counts the inspections it began."""

    def __init__(self, inspect: Inspect = at_once) -> None:
        self.inspect = inspect
        self.begun: Counter[str] = Counter()

    async def __call__(self, task: Task, answers: Answers, resting: Resting) -> None:
        assert task.value is not None
        async with anyio.create_task_group() as group:
            for name in task.value.decode().split():
                group.start_soon(answers.once, identity("attachment", name), b"m" * 16, self._work(name))

    def _work(self, name: str) -> Callable[[Resting], Awaitable[Answer]]:
        async def work(resting: Resting) -> Answer:
            self.begun[name] += 1
            await self.inspect(name, resting)
            outgoing = Outgoing(Output.ACCEPTED, name.encode(), name.encode(), ())
            return Answer(LedgerEntry(identity("attachment", name), AnswerKind.VERDICT), outgoing)

        return work


def make_stream(
    judge: Any,
    kafka: KafkaSettings,
    topics: TopicSettings,
    *,
    reports: Recorder | None = None,
    limits: LimitSettings | None = None,
    signatures: SignatureSettings | None = None,
    topic_limits: TopicLimits | None = None,
    may_take: Callable[[], bool] = lambda: True,
    load: Callable[[], float] = lambda: 0.0,
    crowd: Crowd | None = None,
    metadata_ms: int = METADATA_MS,
) -> Stream:
    genesys = GenesysSettings(client_id="nobody", client_secret=SecretStr("none"))
    settings = Settings(
        kafka=kafka,
        topics=topics,
        genesys=genesys,
        limits=limits or LimitSettings(),
        signatures=signatures or SignatureSettings(),
    )
    given, among = topic_limits or GivenLimits(), Crowd() if crowd is None else crowd
    return Stream(judge, settings, given, GivenProcess(may_take, load), among, reports or Recorder(), metadata_ms)


@asynccontextmanager
async def running(stream: Stream) -> AsyncIterator[anyio.Event]:
    """The stream while it runs; leaving drains it."""
    shutdown = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(stream.run, shutdown)
        try:
            yield shutdown
        finally:
            shutdown.set()


async def write_tasks(
    kafka: KafkaSettings, topics: TopicSettings, tasks: Mapping[str, str] | list[tuple[str, str]]
) -> None:
    """Tasks as (key, names of attachments)."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, enable_idempotence=True)
    await producer.start()
    try:
        pairs = list(tasks.items()) if isinstance(tasks, Mapping) else tasks
        for number, (key, names) in enumerate(pairs):
            headers = list(encode_task(Task(Source("events", 0, number, 0), names.encode())))
            partition = partition_of(key.encode(), topics.partitions)
            await producer.send(topics.tasks, names.encode(), key.encode(), partition=partition, headers=headers)
        await producer.flush()
    finally:
        await producer.stop()


class Answered:
    """A `read_committed` reader of the accepted topic: how often each name came out."""

    def __init__(self, kafka: KafkaSettings, topics: TopicSettings) -> None:
        self.names: Counter[str] = Counter()
        self._kafka, self._topic = kafka, topics.accepted
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=kafka.bootstrap_servers, isolation_level="read_committed", enable_auto_commit=False
        )

    async def __aenter__(self) -> Answered:
        await self._consumer.start()
        partitions = [TopicPartition(self._topic, p) for p in await partitions_of(self._kafka, self._topic)]
        self._consumer.assign(partitions)
        await self._consumer.seek_to_beginning(*partitions)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._consumer.stop()

    async def until(self, names: set[str], seconds: float = 40) -> Counter[str]:
        """All that came out when each of `names` did, and a moment later: what comes twice comes soon after."""
        with anyio.move_on_after(seconds):
            while not names <= set(self.names):
                await self._read(200)
        await self._read(600)
        return self.names

    async def _read(self, milliseconds: int) -> None:
        for records in (await self._consumer.getmany(timeout_ms=milliseconds)).values():
            self.names.update((record.value or b"").decode() for record in records)


async def partitions_of(kafka: KafkaSettings, topic: str) -> list[int]:
    """Also of a topic that was created a moment ago: the controller answers before the broker knows."""
    with anyio.fail_after(30):
        while True:
            try:
                return await kafka_topics.partitions(kafka, topic)
            except Refused:
                await anyio.sleep(0.05)


async def everything(kafka: KafkaSettings, topic: str) -> list[bytes]:
    """The values of all records that a `read_committed` reader finds, to the end that the topic has now."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers, isolation_level="read_committed", enable_auto_commit=False
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, p) for p in await partitions_of(kafka, topic)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        values: list[bytes] = []
        with anyio.fail_after(30):
            while any([await consumer.position(p) < ends[p] for p in partitions]):
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    values.extend(record.value or b"" for record in records)
        return values
    finally:
        await consumer.stop()


async def until_committed(kafka: KafkaSettings, topics: TopicSettings, seconds: float = 40) -> None:
    """Waits until the group has committed everything that is in the tasks topic now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        ends = await consumer.end_offsets([TopicPartition(topics.tasks, p) for p in range(topics.partitions)])
    finally:
        await consumer.stop()
    with anyio.fail_after(seconds):
        done = await committed(kafka, topics)
        while any(end > done.get(tp.partition, 0) for tp, end in ends.items()):
            await anyio.sleep(0.05)  # the broker tells nobody
            done = await committed(kafka, topics)


async def committed(kafka: KafkaSettings, topics: TopicSettings) -> dict[int, int]:
    """The committed offset of each tasks partition that has one."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers, group_id=kafka.group, enable_auto_commit=False
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(topics.tasks, p) for p in range(topics.partitions)]
        consumer.assign(partitions)
        offsets = {tp.partition: await consumer.committed(tp) for tp in partitions}
        return {partition: offset for partition, offset in offsets.items() if offset is not None}
    finally:
        await consumer.stop()


async def create_narrow_topics(kafka: KafkaSettings, topics: TopicSettings, max_message_bytes: int) -> None:
    """Topics of which the one for accepted files takes no larger record."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        narrow = {"max.message.bytes": str(max_message_bytes)}
        inner = [NewTopic(name, topics.partitions, 1) for name in (topics.tasks, topics.ledger)]
        outer = [NewTopic(name, 1, 1) for name in (topics.events, topics.rejected, topics.dead_letter)]
        await admin.create_topics([*inner, *outer, NewTopic(topics.accepted, 1, 1, topic_configs=narrow)])
    finally:
        await admin.close()


def sockets() -> int:
    """How many this process has open."""
    links = [entry.readlink() for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return sum(link.name.startswith("socket:") for link in links)
