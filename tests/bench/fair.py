"""How long another customer's photo takes while others' files use all that a file may cost, against alone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from unittest.mock import patch

import anyio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from consumer.inspection.workers import pool
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.traffic import InputRecord
from consumer.sandbox.world import Conversation, SentFile
from consumer.settings.model import KafkaSettings, Settings, TopicSettings
from tests.bench.figures import Figures
from tests.brokers import create_topics
from tests.inspection.planted import planted
from tests.outages.crafted import Maker, announced, traffic_of
from tests.outages.scene import SHORT, playing, settings_for, write

PARTITIONS, PHOTOS, EVERY_S, WITHIN_S = 4, 60, 0.4, 120.0
ATTACKS = {"60 of one": (60, 1), "2,000 of one": (2_000, 1), "one each of 300": (300, 300)}
ENDLESS = b"plant:max(iter(int, 1))"


@dataclass(frozen=True, slots=True)
class Endless(SentFile):
    """A text that makes the planted reader compute without end."""

    @property
    def body(self) -> bytes:
        return ENDLESS + b" " * (65_536 - len(ENDLESS))


def _endless(talks: Iterable[Conversation]) -> list[Conversation]:
    return [
        replace(talk, messages=tuple(replace(m, files=tuple(map(_as_endless, m.files))) for m in talk.messages))
        for talk in talks
    ]


def _as_endless(file: SentFile) -> SentFile:
    told = {field.name: getattr(file, field.name) for field in fields(SentFile)}
    told |= {"name": "told.txt", "mime": "text/plain", "declared_size": 65_536, "declared_sha256": None}
    return Endless(**told)


def _of_so_many(maker: Maker, files: int, conversations: int) -> list[Conversation]:
    """Each file in a message of its own."""
    talks = _endless(maker.talks(files))
    if conversations == files:
        return talks
    first = talks[0]
    messages = (message for talk in talks for message in talk.messages)
    return [replace(first, messages=tuple(replace(m, conversation_id=first.conversation_id) for m in messages))]


def _events(talks: Iterable[Conversation]) -> tuple[InputRecord, ...]:
    return tuple(announced(replace(talk, messages=(message,))) for talk in talks for message in talk.messages)


async def run() -> Figures:
    figures: Figures = {"photos": PHOTOS}
    with KafkaBroker() as broker, patch.object(pool, "default_command", planted):
        for name, (files, conversations) in ATTACKS.items():
            alone, beside = await _measured(broker, f"fair-{files}-{conversations}", files, conversations)
            figures |= {
                f"{name}: alone, p95 ms": round(_p95(alone) * 1_000),
                f"{name}: p95 ms": round(_p95(beside) * 1_000),
                f"{name}: p95 ÷ alone (at most {6 if conversations > 1 else 3})": round(_p95(beside) / _p95(alone), 2),
            }
    return figures


def _p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95) - 1]


async def _measured(broker: KafkaBroker, name: str, files: int, conversations: int) -> tuple[list[float], list[float]]:
    """Seconds of each photo, alone and beside the others' files."""
    topics = TopicSettings(events=f"{name}.events", prefix=name, partitions=PARTITIONS, replication=1)
    await create_topics(broker.bootstrap_servers, topics)
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group=name, drain_s=0.5)
    maker = Maker(name, PARTITIONS)
    photos, others = maker.talks(2 * PHOTOS), _of_so_many(maker, files, conversations)
    traffic = replace(traffic_of([*photos, *others]), records=())
    with tempfile.TemporaryDirectory() as folder:
        async with Emulator(traffic.world) as emulator:
            settings = settings_for(emulator, kafka, topics, Path(folder), SHORT)
            async with playing(settings, traffic, emulator, 100_000.0) as scene, _Clock(settings) as clock:
                await scene.until(lambda: scene.series("ready_partitions") == PARTITIONS, 60)
                alone = [await clock.timed(photo) for photo in photos[:PHOTOS]]
                await write(settings, _events(others), 100_000.0)
                beside = [await clock.timed(photo) for photo in photos[PHOTOS:]]
    return alone, beside


class _Clock:
    """From an event to its answer, as others see both."""

    def __init__(self, settings: Settings) -> None:
        servers, topics = settings.kafka.bootstrap_servers, settings.topics
        self._events = topics.events
        self._producer = AIOKafkaProducer(bootstrap_servers=servers)
        self._consumer = AIOKafkaConsumer(
            topics.accepted, topics.rejected, bootstrap_servers=servers, isolation_level="read_committed",
            enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=20,
        )  # fmt: skip

    async def __aenter__(self) -> _Clock:
        await self._producer.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._producer.stop()
        await self._consumer.stop()

    async def timed(self, talk: Conversation) -> float:
        await anyio.sleep(EVERY_S)
        record = announced(talk)
        began = time.monotonic()
        await self._producer.send_and_wait(self._events, record.value, record.key)
        with anyio.fail_after(WITHIN_S):
            async for answer in self._consumer:
                if answer.key == record.key:
                    break
        return time.monotonic() - began
