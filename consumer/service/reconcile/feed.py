"""Conversations into the events topic, by their ids alone: the service looks each of them up."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable

import anyio
import orjson
from aiokafka import AIOKafkaProducer

from consumer.attempts import Sleep
from consumer.kafka.client import client_options
from consumer.kafka.closing import close
from consumer.kafka.topics import kafka_failures, partitions
from consumer.settings.model import KafkaSettings, TopicSettings


async def feed(
    kafka: KafkaSettings,
    topics: TopicSettings,
    conversations: Iterable[str],
    *,
    rate: float,
    sleep: Sleep = anyio.sleep,
) -> AsyncGenerator[str, None]:
    """Writes each once, `rate` a second at most, since each costs the service calls; gives those that are written.

    Raises `Refused` where there is no such topic, `Unavailable` without Kafka.
    """
    await partitions(kafka, topics.events)  # a topic that is not there would be made by the first record
    producer = AIOKafkaProducer(**client_options(kafka), enable_idempotence=True)
    with kafka_failures(kafka):
        try:
            await producer.start()
            for conversation_id in conversations:
                value = orjson.dumps({"conversationId": conversation_id})
                await producer.send_and_wait(topics.events, value, conversation_id.encode())
                yield conversation_id
                await sleep(1 / rate)
        finally:
            await close(producer)
