"""The shared real broker, and topics of its own for each test.

`kafka` is started once a run, unless `KAFKA_BOOTSTRAP_SERVERS` names another one. A test that stops, kills or
configures its broker takes a private one from `tests.brokers`.
"""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import Broker, create_topics, delete_topics, private_broker

PARTITIONS = 4
"""Of tasks and ledger in tests: enough for several owners, and each partition's producer costs a start."""


@dataclass(frozen=True)
class GivenBroker:
    bootstrap_servers: str


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    if address := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield GivenBroker(address)
        return
    with private_broker() as broker:
        yield broker


@pytest.fixture
async def topics(kafka: Broker) -> AsyncIterator[TopicSettings]:
    """The six topics, created for this test alone and deleted after it."""
    prefix = f"test-{secrets.token_hex(4)}"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=PARTITIONS, replication=1)
    await create_topics(kafka.bootstrap_servers, topics)
    yield topics
    await delete_topics(kafka.bootstrap_servers, topics)


@pytest.fixture
def kafka_settings(kafka: Broker, topics: TopicSettings) -> KafkaSettings:
    """A group of this test's own, with times that suit a test: an expelled member is noticed within seconds."""
    return KafkaSettings(
        bootstrap_servers=kafka.bootstrap_servers, group=topics.prefix, session_timeout_ms=6_000, heartbeat_ms=300
    )
