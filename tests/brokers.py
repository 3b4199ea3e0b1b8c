"""Brokers for tests: one that a test may break, one with logins and grants, and the topics of the service on any."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from consumer.kafka import topics
from consumer.kafka.topic_rules import wanted
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.kafka_jars import JarMissing
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.quick import beside_python

EVENTS_PARTITIONS: Final = 4


class Broker(Protocol):
    """All that most tests know of a broker."""

    @property
    def bootstrap_servers(self) -> str: ...


@contextmanager
def private_broker(properties: Mapping[str, str] | None = None, protocol: str = "PLAINTEXT") -> Iterator[KafkaBroker]:
    """A real broker of one's own, to stop, kill or freeze. Some seconds each: prefer the shared `kafka` fixture."""
    beside_python("Apache Kafka")
    try:
        with KafkaBroker(properties=properties, protocol=protocol) as broker:
            yield broker
    except JarMissing as missing:
        pytest.skip(f"Apache Kafka: {missing}")


@contextmanager
def guarded_broker(passwords: Mapping[str, str]) -> Iterator[KafkaBroker]:
    """A private broker that asks for SASL/PLAIN logins and denies each user what no ACL allows.

    `internal_servers` lets in whoever connects, as the superuser: that is where a test grants and revokes.
    """
    users = " ".join(f'user_{name}="{password}"' for name, password in passwords.items())
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    properties = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.client.plain.sasl.jaas.config": f"{login} {users};",
    }
    with private_broker(properties, protocol="SASL_PLAINTEXT") as broker:
        yield broker


async def create_topics(bootstrap_servers: str, settings: TopicSettings, events: int = EVENTS_PARTITIONS) -> None:
    """Creates the six topics as the service's own command does; `events` counts the partitions of the customer's."""
    await topics.create(KafkaSettings(bootstrap_servers=bootstrap_servers), settings, events_partitions=events)


async def delete_topics(bootstrap_servers: str, settings: TopicSettings) -> None:
    ours = [topic.name for topic in wanted(settings)]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics([settings.events, *ours])
    finally:
        await admin.close()
