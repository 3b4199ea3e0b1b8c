"""Brokers for tests: one that a test may break, one with logins and grants, and the topics of the service on any."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

import anyio
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.kafka_jars import JarMissing
from consumer.settings import TopicSettings

EVENTS_PARTITIONS: Final = 4
DAY_MS: Final = 86_400_000


class Broker(Protocol):
    """All that most tests know of a broker."""

    @property
    def bootstrap_servers(self) -> str: ...


@contextmanager
def private_broker(properties: Mapping[str, str] | None = None, protocol: str = "PLAINTEXT") -> Iterator[KafkaBroker]:
    """A real broker of one's own, to stop, kill or freeze. Some seconds each: prefer the shared `kafka` fixture."""
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


async def create_topics(bootstrap_servers: str, topics: TopicSettings, events: int = EVENTS_PARTITIONS) -> None:
    """Creates the six topics as an operator should; `events` is the number of partitions of the customer's topic."""
    stamped = {"message.timestamp.type": "LogAppendTime"}
    kept = {
        "tasks": {**stamped, "retention.ms": str(topics.tasks_retention_days * DAY_MS)},
        "ledger": {**stamped, "retention.ms": str(topics.horizon_days * DAY_MS)},
    }
    wanted = [
        NewTopic(topics.events, events, 1),
        NewTopic(topics.tasks, topics.partitions, 1, topic_configs=kept["tasks"]),
        NewTopic(topics.ledger, topics.partitions, 1, topic_configs=kept["ledger"]),
        *(NewTopic(name, 2, 1, topic_configs=stamped) for name in (topics.accepted, topics.rejected)),
        NewTopic(topics.dead_letter, 1, 1, topic_configs=stamped),
    ]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        answer = await admin.create_topics(wanted)
        refused = [error for error in answer.to_object()["topic_errors"] if error["error_code"]]
        assert not refused, refused
        with anyio.fail_after(30):
            while not await _are_served(admin, [topic.name for topic in wanted]):  # noqa: ASYNC110 - the broker tells nobody
                await anyio.sleep(0.02)
    finally:
        await admin.close()


async def _are_served(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    """The controller answers for a new topic before the broker itself knows it; a client would meet an error."""
    described = await admin.describe_topics(names)
    return all(
        topic["error_code"] == 0 and all(partition["leader"] >= 0 for partition in topic["partitions"])
        for topic in described
    )


async def delete_topics(bootstrap_servers: str, topics: TopicSettings) -> None:
    ours = [topics.accepted, topics.rejected, topics.dead_letter, topics.tasks, topics.ledger]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics([topics.events, *ours])
    finally:
        await admin.close()
