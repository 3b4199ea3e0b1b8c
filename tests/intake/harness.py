"""The first loop alone, on a real broker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from pydantic import SecretStr

from consumer.intake.intake import Demand, Intake
from consumer.kafka.limits import TopicLimits
from consumer.settings.model import GenesysSettings, KafkaSettings, Settings, SignatureSettings, TopicSettings
from consumer.wire.splitting import TaskRecord, tasks_of
from tests.reports import Recorder
from tests.stream.harness import GivenLimits


class Always:
    """More tasks are wanted."""

    more = True

    def __init__(self, gather_s: float = 0.1) -> None:
        self.gather_s = gather_s

    def wrote(self, partition: int, offset: int) -> None: ...


@asynccontextmanager
async def taking_in(
    kafka: KafkaSettings,
    topics: TopicSettings,
    recorder: Recorder,
    split: Callable[..., list[TaskRecord]] = tasks_of,
    demand: Demand | None = None,
    signatures: SignatureSettings | None = None,
    limits: TopicLimits | None = None,
) -> AsyncIterator[Intake]:
    genesys = GenesysSettings(client_id="nobody", client_secret=SecretStr("none"))
    settings = Settings(kafka=kafka, topics=topics, genesys=genesys, signatures=signatures or SignatureSettings())
    intake = Intake(settings, limits or GivenLimits(), demand or Always(), recorder, 200, tasks_of=split)
    shutdown = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(intake.run, shutdown)
        try:
            yield intake
        finally:
            shutdown.set()


async def commit_events(kafka: KafkaSettings, topics: TopicSettings, offset: int) -> None:
    """Of the first partition, as if the intake had."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers, group_id=f"{kafka.group}-intake", enable_auto_commit=False
    )
    await consumer.start()
    try:
        tp = TopicPartition(topics.events, 0)
        consumer.assign([tp])
        await consumer.commit({tp: offset})
    finally:
        await consumer.stop()


async def delete_events(kafka: KafkaSettings, topics: TopicSettings, before: int) -> None:
    """Of the first partition, as retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topics.events, 0): RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()
