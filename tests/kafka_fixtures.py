"""The shared real broker, and topics of its own for each test.

`kafka` is started once a run, however many processes share its tests, unless `KAFKA_BOOTSTRAP_SERVERS` names another
one. A test that stops, kills or configures its broker takes a private one from `tests.brokers`.
"""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import pytest

from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import Broker, create_topics, delete_topics, private_broker
from tests.quick import beside_python

PARTITIONS = 4
"""Of tasks and ledger in tests: enough for several owners, and each partition's producer costs a start."""


SHARED = "TESTS_SHARED_KAFKA"  # the address of the broker that the first process started for all of them
NOT_ON_KAFKA = "not kafka"  # as in `pytest -m`
BROKER = pytest.StashKey[ExitStack]()


class SharedBroker:
    """In the process that hands out tests to others: a broker for all of them."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, config: pytest.Config) -> None:
        if config.option.markexpr == NOT_ON_KAFKA or "KAFKA_BOOTSTRAP_SERVERS" in os.environ:
            return
        with suppress(pytest.skip.Exception):  # each test that needs it says what is missing
            broker = config.stash[BROKER].enter_context(private_broker())
            os.environ[SHARED] = broker.bootstrap_servers


def pytest_configure(config: pytest.Config) -> None:
    config.stash[BROKER] = ExitStack()
    config.pluginmanager.register(SharedBroker(), "shared-broker")


def pytest_itemcollected(item: pytest.Item) -> None:
    if "kafka" in getattr(item, "fixturenames", ()):
        item.add_marker("kafka")


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[BROKER].close()


@dataclass(frozen=True)
class GivenBroker:
    bootstrap_servers: str


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    if address := os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or os.environ.get(SHARED):
        yield GivenBroker(address)
        return
    with private_broker() as broker:
        yield broker


@pytest.fixture
def embedded() -> None:
    """For whoever starts an embedded broker, here or in another process."""
    beside_python("the embedded broker")


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
