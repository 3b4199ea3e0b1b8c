"""The composed service inside a test: run beside an emulator on real topics, its answers kept as they came."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from consumer.kafka.topics import partitions
from consumer.sandbox.arrangement import demo_settings
from consumer.sandbox.check import Headers, OutputReader, Score
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.expectation import Expectation
from consumer.sandbox.traffic import InputRecord, publish
from consumer.service import life
from consumer.settings.load import fixed_credentials
from consumer.settings.model import KafkaSettings, Settings, TopicSettings
from consumer.wire.results import Output

LONGEST_S = 60.0  # that any of these tests waits for something


@dataclass(frozen=True, slots=True)
class Published:
    """One record of an output topic."""

    output: Output
    value: bytes | None
    headers: Headers

    @property
    def ours(self) -> dict[str, bytes]:
        """Of headers with the same name the last one counts: before ours come those of the original record."""
        return {name: content or b"" for name, content in self.headers}


class Kept(Score):
    """A score that keeps the records as well."""

    def __init__(self, expectation: Expectation) -> None:
        super().__init__(expectation)
        self.records: list[Published] = []

    def take(self, output: Output, value: bytes | None, headers: Headers, where: str = "") -> None:
        self.records.append(Published(output, value, tuple(headers)))
        super().take(output, value, headers, where)


def settings_for(emulator: Emulator, kafka: KafkaSettings, topics: TopicSettings, folder: Path) -> Settings:
    """As the demo's, on a test's own topics."""
    made = demo_settings(emulator, kafka.bootstrap_servers, folder, 0, embedded=False)
    return made.model_copy(update={"kafka": kafka, "topics": topics})


def changed(settings: Settings, group: str, **values: object) -> Settings:
    """The settings with other values in one group, validated again."""
    dumped = settings.model_dump(mode="python")
    dumped[group] |= values
    return Settings.of(dumped)


@asynccontextmanager
async def serving(
    settings: Settings, credentials: Callable[[], tuple[str, str]] | None = None
) -> AsyncIterator[life.Running]:
    """Runs the service while the context is open; drains it afterwards."""
    shutdown, begun = anyio.Event(), anyio.Event()
    running: list[life.Running] = []

    def started(now: life.Running) -> None:
        running.append(now)
        begun.set()

    async def run() -> None:
        await life.run(settings, credentials or fixed_credentials(settings), shutdown, started)

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await begun.wait()
        try:
            yield running[0]
        finally:
            shutdown.set()


async def write(settings: Settings, records: Sequence[InputRecord]) -> None:
    """The records into the events topic, however large they are."""
    servers = settings.kafka.bootstrap_servers
    producer = AIOKafkaProducer(bootstrap_servers=servers, linger_ms=5, max_request_size=8 * 1024 * 1024)
    await producer.start()
    try:
        await publish(tuple(records), producer, settings.topics.events)
    finally:
        await producer.stop()


async def until(reader: OutputReader, score: Score, enough: Callable[[], bool]) -> None:
    """Reads answers until there are enough."""
    with anyio.fail_after(LONGEST_S):
        while not enough():
            await reader.poll(score)


async def until_true(what: Callable[[], bool]) -> None:
    with anyio.fail_after(LONGEST_S):
        while not what():  # noqa: ASYNC110 # a fact of another part, which nobody announces
            await anyio.sleep(0.02)


async def all_settled(service: Settings) -> None:
    """Until every event is tasks, and every task is committed."""
    with anyio.fail_after(LONGEST_S):
        while await unsettled(service):
            pass


async def unsettled(service: Settings) -> bool:
    """Whether an event is not yet tasks, or a task is not yet committed."""
    group, topics = service.kafka.group, service.topics
    return await _behind(service, f"{group}-intake", topics.events) or await _behind(service, group, topics.tasks)


async def _behind(service: Settings, group: str, topic: str) -> bool:
    """Whether there are records above what the group committed; not whether a poll brings any, which may be slow."""
    async with _member_of(service, group, topic) as consumer:
        for partition, end in (await consumer.end_offsets(consumer.assignment())).items():
            consumer.seek(partition, await consumer.committed(partition) or 0)
            while await consumer.position(partition) < end:  # which the mark of a transaction may be, and no record
                if await consumer.getmany(partition, timeout_ms=200):
                    return True
    return False


@asynccontextmanager
async def _member_of(service: Settings, group: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Looks at a group's commits without joining it."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=service.kafka.bootstrap_servers,
        group_id=group,
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    await consumer.start()
    consumer.assign([TopicPartition(topic, n) for n in await partitions(service.kafka, topic)])
    try:
        yield consumer
    finally:
        await consumer.stop()
