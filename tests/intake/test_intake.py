"""The first loop on real Kafka: every record becomes its tasks, wherever and whenever it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from prometheus_client import CollectorRegistry

from consumer.intake import Intake
from consumer.metrics import Metrics
from consumer.settings import KafkaSettings, TopicSettings
from tests.brokers import EVENTS_PARTITIONS

pytestmark = pytest.mark.kafka


@asynccontextmanager
async def taking_in(kafka: KafkaSettings, topics: TopicSettings) -> AsyncIterator[None]:
    metrics = Metrics(CollectorRegistry())
    intake = Intake(kafka, topics, metrics, max_task_bytes=1_000_000, may_take=lambda: True, metadata_ms=200)
    shutdown = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(intake.run, shutdown)
        try:
            yield
        finally:
            shutdown.set()


async def write(kafka: KafkaSettings, topic: str, partition: int, conversation_id: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    try:
        await producer.send_and_wait(topic, orjson.dumps({"conversationId": conversation_id}), partition=partition)
    finally:
        await producer.stop()


@asynccontextmanager
async def reading(kafka: KafkaSettings, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def test_a_partition_that_the_events_topic_gains_is_read_from_its_beginning(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    async with reading(kafka_settings, topics.tasks) as tasks, taking_in(kafka_settings, topics):
        await write(kafka_settings, topics.events, 0, "before")
        with anyio.fail_after(30):
            assert (await tasks.getone()).key == b"before"

        admin = AIOKafkaAdminClient(bootstrap_servers=kafka_settings.bootstrap_servers)
        await admin.start()
        try:
            await admin.create_partitions({topics.events: NewPartitions(EVENTS_PARTITIONS + 1)})
        finally:
            await admin.close()
        await write(kafka_settings, topics.events, EVENTS_PARTITIONS, "behind")

        with anyio.fail_after(30):
            assert (await tasks.getone()).key == b"behind"
