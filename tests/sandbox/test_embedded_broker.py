"""The embedded broker: what the demo needs of it, and the limits that its docstring owns up to."""

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from anyio import fail_after

from consumer.sandbox.embedded import EmbeddedBroker

pytestmark = pytest.mark.usefixtures("embedded")


async def test_topics_have_the_partitions_that_were_asked_for() -> None:
    with EmbeddedBroker({"tasks": 12, "events": 3}) as broker:
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers)
        await producer.start()
        assert len(await producer.partitions_for("tasks")) == 12
        assert len(await producer.partitions_for("events")) == 3
        await producer.stop()


async def test_a_transaction_with_its_offset_goes_through_and_a_group_reads_it() -> None:
    with EmbeddedBroker({"events": 1, "results": 1}) as broker, fail_after(30):
        address = broker.bootstrap_servers
        producer = AIOKafkaProducer(bootstrap_servers=address, transactional_id="tasks-0")
        await producer.start()
        async with producer.transaction():
            await producer.send_and_wait("results", b"verdict", key=b"conversation")
        consumer = AIOKafkaConsumer(
            "results", bootstrap_servers=address, group_id="readers", auto_offset_reset="earliest", check_crcs=False
        )
        await consumer.start()
        record = await consumer.getone()
        assert (record.key, record.value) == (b"conversation", b"verdict")
        await consumer.stop()
        await producer.stop()


def test_two_brokers_in_one_process_have_addresses_of_their_own() -> None:
    with EmbeddedBroker({}) as one, EmbeddedBroker({}) as other:
        assert one.bootstrap_servers != other.bootstrap_servers
