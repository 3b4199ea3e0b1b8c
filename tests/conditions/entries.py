"""What a ledger holds that brings conditions about; each ends with the process that found it."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaProducer

from consumer.kafka.topics import create
from consumer.model import Headers
from consumer.settings.model import TopicSettings
from consumer.wire.signatures import Signatures
from tests.conditions.stage import Stage, at_rest, emulated, shared

KEY, VALUE = b"an attachment".ljust(16), b"\x01v\x00\x00\x00\x00"
REQUIRED = {"mode": "require", "key": "k" * 32}


async def ledger_odd(stage: Stage) -> None:
    await with_record(stage, stage.topics(), b"another key", b"a whole new value", (), {})


async def without_signature(stage: Stage) -> None:
    await with_record(stage, stage.topics(), KEY, VALUE, (), REQUIRED)


async def with_a_key_that_is_lost(stage: Stage) -> None:
    topics = stage.topics()
    signed = Signatures([b"lost" * 8]).sign(topics.ledger, 0, KEY, VALUE)
    await with_record(stage, topics, KEY, VALUE, signed, REQUIRED)


async def with_record(
    stage: Stage, topics: TopicSettings, key: bytes, value: bytes, headers: Headers, signatures: dict[str, Any]
) -> None:
    kafka = shared(stage)
    await create(kafka, topics, events_partitions=1)
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer:
        await producer.send_and_wait(topics.ledger, value, key, partition=0, headers=list(headers))
    async with emulated() as emulator:
        settings = stage.settings(emulator, kafka, topics, more={"signatures": signatures})
        async with stage.service(settings) as running:
            await stage.until_it_holds(running)
            await at_rest(stage, running)
