"""Honest traffic at a steady pace on a service of its own, and how long each of its answers takes."""

from __future__ import annotations

import gc
import math
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.world import Conversation
from consumer.service import garbage
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import create_topics
from tests.outages.crafted import Maker, announced, traffic_of
from tests.outages.scene import Scale, Scene, playing, settings_for

A_SECOND, PARTITIONS = 5.0, 4
A_DEPLOYMENT = Scale(0.0, 600.0, host_patience_s=600.0, probe_s=1.0, probe_max_s=30.0, read_timeout_s=10.0)


@asynccontextmanager
async def warm_service(
    broker: KafkaBroker, name: str, maker: Maker, talks: Iterable[Conversation], per_minute: int
) -> AsyncIterator[Scene]:
    """On topics of its own, as a deployment sets it, with `talks` in its world; has answered some others already."""
    topics = TopicSettings(events=f"{name}.events", prefix=name, partitions=PARTITIONS, replication=1)
    await create_topics(broker.bootstrap_servers, topics)
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group=name, drain_s=0.5)
    warm = maker.talks(20)
    traffic = traffic_of([*warm, *talks], order=warm)
    with tempfile.TemporaryDirectory() as folder:
        async with Emulator(traffic.world) as emulator, garbage_as_in_a_deployment():
            emulator.state.switch({"limit_per_minute": per_minute})
            settings = settings_for(emulator, kafka, topics, Path(folder), A_DEPLOYMENT)
            async with playing(settings, traffic, emulator, 100_000.0) as scene:
                await scene.until(lambda: scene.answered >= len(warm), 60)
                yield scene


@asynccontextmanager
async def garbage_as_in_a_deployment() -> AsyncIterator[None]:
    async with anyio.create_task_group() as group:
        group.start_soon(garbage.collect_at_times, anyio.sleep)
        garbage.freeze()
        try:
            yield
        finally:
            gc.enable()
            group.cancel_scope.cancel()


async def waits(scene: Scene, honest: Sequence[Conversation], before: Sequence[Conversation] = ()) -> list[float]:
    """Seconds from each honest event to its answer. The events of those `before` come first, all at once."""
    kafka, topics = scene.settings.kafka, scene.settings.topics
    brokers, sent, seconds = kafka.bootstrap_servers, dict[bytes, float](), list[float]()
    consumer = AIOKafkaConsumer(topics.accepted, bootstrap_servers=brokers, isolation_level="read_committed")
    async with consumer, AIOKafkaProducer(bootstrap_servers=brokers) as producer:
        await consumer.getmany(timeout_ms=500)  # begins at the end

        async def write() -> None:
            for talk in before:
                await producer.send(topics.events, announced(talk).value, key=talk.conversation_id.encode())
            began = time.monotonic()
            for number, talk in enumerate(honest):
                await anyio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
                sent[talk.conversation_id.encode()] = time.monotonic()
                await producer.send_and_wait(topics.events, announced(talk).value, key=talk.conversation_id.encode())

        with anyio.fail_after(240):
            async with anyio.create_task_group() as group:
                group.start_soon(write)
                while len(seconds) < len(honest):
                    for records in (await consumer.getmany(timeout_ms=100)).values():
                        answered = time.monotonic()
                        seconds += [answered - sent[of] for of in map(_conversation, records) if of in sent]
    return seconds


def _conversation(record: ConsumerRecord[bytes, bytes]) -> bytes:
    return str(orjson.loads(record.value or b"{}")["conversationId"]).encode()


def p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1]


def api_calls(emulator: Emulator) -> int:
    return sum(number for answer, number in emulator.state.answers.items() if answer.startswith("api "))
