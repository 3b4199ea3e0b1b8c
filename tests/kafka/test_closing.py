"""Clients closed while the broker is there, gone or frozen: nothing is raised, no task and no socket is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import anyio
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from consumer.kafka.client import client_options, consumer_options
from consumer.kafka.closing import close, close_by_force
from consumer.sandbox.kafka import KafkaBroker
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import create_topics, private_broker
from tests.stream.harness import sockets

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

Client = AIOKafkaConsumer | AIOKafkaProducer
TOPICS = TopicSettings(events="closing.events", prefix="closing", partitions=1, replication=1)
TASKS = TopicPartition(TOPICS.tasks, 0)


async def member(kafka: KafkaSettings) -> Client:
    consumer = AIOKafkaConsumer(TOPICS.tasks, **consumer_options(kafka), group_id="closing")
    await consumer.start()
    while not consumer.assignment():
        await consumer.getmany(timeout_ms=100)
    return consumer


async def reader(kafka: KafkaSettings) -> Client:
    consumer = AIOKafkaConsumer(**consumer_options(kafka))
    await consumer.start()
    consumer.assign([TASKS])
    await consumer.getmany(timeout_ms=100)
    return consumer


async def writer(kafka: KafkaSettings) -> Client:
    producer = AIOKafkaProducer(**client_options(kafka), enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait(TOPICS.tasks, b"before", partition=0)
    return producer


async def use(client: Client) -> None:
    """Something that the client still tries to do when it is closed."""
    if isinstance(client, AIOKafkaProducer):
        sent = await client.send(TOPICS.tasks, b"behind", partition=0)
        sent.add_done_callback(lambda done: done.cancelled() or done.exception())
    else:
        with suppress(TimeoutError):
            await asyncio.wait_for(client.getmany(TASKS, timeout_ms=500), 1)


def stay(broker: KafkaBroker) -> None: ...


@pytest.mark.parametrize("trouble", [stay, KafkaBroker.stop, KafkaBroker.kill, KafkaBroker.freeze])
async def test_nothing_is_raised_and_nothing_is_left(trouble: Callable[[KafkaBroker], None]) -> None:
    with private_broker() as broker:
        await create_topics(broker.bootstrap_servers, TOPICS)
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        before = sockets(), len(asyncio.all_tasks())
        clients = [await make(kafka) for make in (member, reader, writer)]
        await anyio.to_thread.run_sync(trouble, broker)
        for client in clients:
            await use(client)
            with anyio.fail_after(10):
                await close(client)
        assert (sockets(), len(asyncio.all_tasks())) == before


async def test_control_what_is_left_by_a_stop_that_is_cut_off() -> None:
    with private_broker() as broker:
        await create_topics(broker.bootstrap_servers, TOPICS)
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        before = sockets(), len(asyncio.all_tasks())
        clients = [await make(kafka) for make in (member, reader, writer)]
        await anyio.to_thread.run_sync(broker.stop)
        for client in clients:
            await use(client)
            with suppress(asyncio.CancelledError), anyio.move_on_after(2):
                await client.stop()  # type: ignore[no-untyped-call]
        after = sockets(), len(asyncio.all_tasks())
        for client in clients:
            await close_by_force(client)
        assert (sockets(), len(asyncio.all_tasks())) == before
    assert after != before
