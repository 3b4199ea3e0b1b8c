"""How often a client asks for the cluster's layout while nobody leads what it reads: on real Kafka."""

from __future__ import annotations

import logging

import aiokafka.consumer.consumer
import anyio
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient

from consumer.kafka.client import consumer_options
from consumer.kafka.closing import close
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import Broker, create_topics, delete_topics

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(60)]

WATCHED_S = 2.0
PAUSE_S = 0.1  # aiokafka's retry_backoff_ms


@pytest.mark.parametrize("product", [True, False], ids=["product", "control"])
async def test_a_reader_of_a_topic_that_is_gone_pauses_before_it_asks_again(
    kafka: Broker, product: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.ERROR, "aiokafka")
    topics = TopicSettings(prefix=f"gone-{product}", events=f"gone-{product}.events", partitions=1, replication=1)
    await create_topics(kafka.bootstrap_servers, topics)
    options = consumer_options(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers))
    if not product:
        monkeypatch.setattr(aiokafka.consumer.consumer, "AIOKafkaClient", AIOKafkaClient)
    reader = AIOKafkaConsumer(**options)
    try:
        await reader.start()
        reader.assign([TopicPartition(topics.tasks, 0)])
        await reader.getmany(timeout_ms=100)
        await delete_topics(kafka.bootstrap_servers, topics)
        await anyio.sleep(WATCHED_S)
        asked = sum("not found in cluster metadata" in record.message for record in caplog.records)
    finally:
        await close(reader)
    most = 2 * WATCHED_S / PAUSE_S
    assert 0 < asked <= most if product else asked > 5 * most
