"""The fixtures that the tests of the service stand on."""

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError

from consumer.settings.model import TopicSettings
from tests.brokers import Broker, create_topics, guarded_broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


async def test_each_test_gets_the_six_topics(kafka: Broker, topics: TopicSettings) -> None:
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers) as consumer:
        names = {name for name in await consumer.topics() if name.startswith(topics.prefix)}
        ours = {topics.accepted, topics.rejected, topics.dead_letter, topics.tasks, topics.ledger}
        assert names == {topics.events, *ours}


async def test_our_topics_carry_the_brokers_time(kafka: Broker, topics: TopicSettings) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topics.ledger)])
    await admin.close()
    (resource,) = answer.to_object()["resources"]
    values = {entry["config_names"]: entry["config_value"] for entry in resource["config_entries"]}
    assert values["message.timestamp.type"] == "LogAppendTime"
    assert int(values["retention.ms"]) >= topics.horizon_days * 86_400_000


async def test_a_guarded_broker_refuses_wrong_passwords_and_what_was_not_granted() -> None:
    topics = TopicSettings(replication=1)
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", "sasl_plain_username": "service"}
    with guarded_broker({"service": "right"}) as broker:
        await create_topics(broker.internal_servers, topics)
        stranger = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, **login, sasl_plain_password="wrong")
        with pytest.raises(KafkaConnectionError):
            await stranger.start()
        await stranger.stop()
        service = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, **login, sasl_plain_password="right")
        await service.start()
        with pytest.raises(TopicAuthorizationFailedError):
            await service.send_and_wait(topics.accepted, b"")
        await service.stop()
