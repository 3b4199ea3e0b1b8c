"""A broker with logins and grants, shared by the tests of the stream."""

import os
from collections.abc import Iterator

import pytest

from consumer.sandbox.kafka import KafkaBroker
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import create_topics, guarded_broker
from tests.stream.grants import Login, grant_all


@pytest.fixture(scope="package")
def guarded() -> Iterator[KafkaBroker]:
    with guarded_broker({"svc": "secret"}) as broker:
        yield broker


@pytest.fixture
async def login(guarded: KafkaBroker) -> Login:
    prefix = f"guarded-{os.urandom(3).hex()}"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=1, replication=1)
    await create_topics(guarded.internal_servers, topics)
    await grant_all(guarded.internal_servers, "svc", prefix)
    ours = KafkaSettings.model_validate(
        {
            "bootstrap_servers": guarded.bootstrap_servers,
            "group": prefix,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_username": "svc",
            "sasl_password": "secret",
            "heartbeat_ms": 200,
            "session_timeout_ms": 2_000,
        }
    )
    return Login(ours, KafkaSettings(bootstrap_servers=guarded.internal_servers, group=prefix), topics)
