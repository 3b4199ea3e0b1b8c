"""How long honest traffic waits for its answers while a thousand conversations are announced that nobody knows, against
the same alone; and what those cost in calls to the API.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import anyio
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.world import Conversation
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.bench.figures import Figures, spread
from tests.brokers import create_topics
from tests.outages.crafted import Maker, announced, traffic_of
from tests.outages.scene import Scale, playing, settings_for

UNKNOWN, HONEST, A_SECOND, PARTITIONS, ROUNDS = 1_000, 300, 5.0, 4, 2
PER_MINUTE = 6_000
A_DEPLOYMENT = Scale(0.0, 600.0, host_patience_s=600.0, probe_s=1.0, probe_max_s=30.0, read_timeout_s=10.0)
NUMBERS = count()


async def run() -> Figures:
    alone: list[float] = []
    beside: list[float] = []
    calls: list[int] = []
    with KafkaBroker() as broker:
        for _ in range(ROUNDS):
            alone.append((await _a_round(broker, 0))[0])
            p95, first_minute = await _a_round(broker, UNKNOWN)
            beside.append(p95)
            calls.append(first_minute - 2 * HONEST)
    ratios = [one / other for one, other in zip(beside, alone, strict=True)]
    return {
        "rounds": ROUNDS,
        "honest answers a round": HONEST,
        "unknown conversations": UNKNOWN,
        **spread("p95 of honest answers alone, s", alone, 3),
        **spread("p95 of honest answers beside unknown ones, s", beside, 3),
        **spread("beside ÷ alone (at most 1.2)", ratios, 2),
        **spread("calls for the unknown ones in the first minute", calls, 0),
    }


async def _a_round(broker: KafkaBroker, unknown: int) -> tuple[float, int]:
    """The p95 of the honest ones, and the calls to the API while they came, which takes a minute."""
    name = f"unknown-{next(NUMBERS)}"
    topics = TopicSettings(events=f"{name}.events", prefix=name, partitions=PARTITIONS, replication=1)
    await create_topics(broker.bootstrap_servers, topics)
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group=name, drain_s=0.5)
    maker = Maker(name, PARTITIONS)
    warm, honest, strangers = maker.talks(20), maker.talks(HONEST), maker.talks(unknown)
    traffic = traffic_of([*warm, *honest], order=warm)
    with tempfile.TemporaryDirectory() as folder:
        async with Emulator(traffic.world) as emulator:
            emulator.state.switch({"limit_per_minute": PER_MINUTE})
            settings = settings_for(emulator, kafka, topics, Path(folder), A_DEPLOYMENT)
            async with playing(settings, traffic, emulator, 100_000.0) as scene:
                await scene.until(lambda: scene.answered >= len(warm), 60)
                before = _api_calls(emulator)
                waits = await _waits(kafka, topics, honest, strangers)
                return _p95(waits), _api_calls(emulator) - before


async def _waits(
    kafka: KafkaSettings, topics: TopicSettings, honest: Sequence[Conversation], strangers: Sequence[Conversation]
) -> list[float]:
    """Seconds from each honest event to its answer. The strangers' events come first."""
    brokers, sent, waits = kafka.bootstrap_servers, dict[bytes, float](), list[float]()
    consumer = AIOKafkaConsumer(topics.accepted, bootstrap_servers=brokers, isolation_level="read_committed")
    async with consumer, AIOKafkaProducer(bootstrap_servers=brokers) as producer:
        await consumer.getmany(timeout_ms=500)  # begins at the end

        async def write() -> None:
            for talk in strangers:
                await producer.send(topics.events, announced(talk).value, key=talk.conversation_id.encode())
            began = time.monotonic()
            for number, talk in enumerate(honest):
                await anyio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
                sent[talk.conversation_id.encode()] = time.monotonic()
                await producer.send_and_wait(topics.events, announced(talk).value, key=talk.conversation_id.encode())

        with anyio.fail_after(240):
            async with anyio.create_task_group() as group:
                group.start_soon(write)
                while len(waits) < len(honest):
                    for records in (await consumer.getmany(timeout_ms=100)).values():
                        waits += [time.monotonic() - sent[_conversation(record.value)] for record in records]
    return waits


def _conversation(value: bytes | None) -> bytes:
    return str(orjson.loads(value or b"{}")["conversationId"]).encode()


def _p95(waits: Sequence[float]) -> float:
    return sorted(waits)[math.ceil(0.95 * len(waits)) - 1]


def _api_calls(emulator: Emulator) -> int:
    return sum(number for answer, number in emulator.state.answers.items() if answer.startswith("api "))
