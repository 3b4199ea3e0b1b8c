"""Three brokers of which one falters: how long there is no answer, and what the operator reads meanwhile.

One short run of what `make chaos BROKERS=3` does at length, on the same cluster as the rest of this file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import NotEnoughReplicasError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords

from consumer.kafka.client import client_options
from consumer.kafka.closing import close
from consumer.sandbox.kafka import KafkaCluster
from consumer.sandbox.kafka_jars import JarMissing
from consumer.sandbox.traffic import plan_traffic, write
from consumer.settings.model import KafkaSettings
from tests.chaos.cluster import run
from tests.chaos.faults import Faults

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

EVENTS, A_SECOND, SEED = 500, 15.0, 3
HANGS_S = 11.0  # longer than a cluster takes a silent broker for alive
STRICT, IN_SYNC, LARGEST = "strict.events", "min.insync.replicas", 16 * 1024 * 1024
REFUSED_S = 13.0  # and the time that its broker takes to stop and to start: a wait is told of after 15 s


@pytest.fixture(scope="module")
def cluster() -> Iterator[KafkaCluster]:
    try:
        with KafkaCluster(3) as running:
            yield running
    except JarMissing as missing:
        pytest.skip(f"Apache Kafka: {missing}")


async def test_a_broker_that_hangs_and_writes_that_are_refused_cost_seconds_and_nobody_is_killed(
    cluster: KafkaCluster, tmp_path: Path
) -> None:
    async def script(faults: Faults) -> None:
        await faults.do("freeze", 0, HANGS_S)
        await faults.do("refuse", 1, REFUSED_S)

    report = await run(cluster, plan_traffic(EVENTS, SEED), A_SECOND, script, tmp_path)

    assert not report.problems, report
    assert any("its writes are not acknowledged" in detail for detail in report.details), report.details
    for silence in report.silences:
        assert set(silence.readyz) <= set(silence.log), silence
    assert "kafka_away" in report.silences[-1].log, report.silences


@pytest.fixture(scope="module")
def one_away(cluster: KafkaCluster) -> Iterator[KafkaCluster]:
    """The first is not there. A client that began with its address has met the others before. And there is a topic
    whose writes three brokers have to have, if they are asked for with acks from all."""
    away = cluster.nodes[0]
    anyio.run(_meet_and_make_topic, KafkaSettings(bootstrap_servers=away.bootstrap_servers))
    away.stop()
    yield cluster
    away.start()


async def _meet_and_make_topic(kafka: KafkaSettings) -> None:
    client = AIOKafkaProducer(**client_options(kafka))
    await client.start()
    await close(client)
    async with admin_of(kafka) as admin:
        await admin.create_topics([NewTopic(STRICT, 1, 3, topic_configs={IN_SYNC: "3"})])


async def test_a_client_of_a_process_that_knows_the_cluster_needs_no_broker_of_its_list(one_away: KafkaCluster) -> None:
    servers = one_away.nodes[0].bootstrap_servers
    later = AIOKafkaProducer(**client_options(KafkaSettings(bootstrap_servers=servers)))
    with anyio.fail_after(30):
        await later.start()
    await close(later)


async def test_traffic_counts_as_written_what_all_replicas_have_and_writes_it_once(
    one_away: KafkaCluster, caplog: pytest.LogCaptureFixture
) -> None:
    records = plan_traffic(20, SEED).records
    kafka = KafkaSettings(bootstrap_servers=",".join(node.bootstrap_servers for node in one_away.nodes[1:]))
    counted: list[int] = []

    async def write_all() -> None:
        counted.append(await write(records, kafka, STRICT))

    with anyio.fail_after(90):
        async with admin_of(kafka) as admin, anyio.create_task_group() as group:
            group.start_soon(write_all)
            while NotEnoughReplicasError.__name__ not in caplog.text and not counted:  # noqa: ASYNC110 # a log line
                await anyio.sleep(0.05)
            assert (counted, await kept(kafka, STRICT)) == ([], [])
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, STRICT, {IN_SYNC: "2"})])
        written = await kept(kafka, STRICT)
    assert [sum(len(list(batch)) for batch in written)] == counted == [len(records)]
    assert all(batch.producer_id >= 0 for batch in written), "by its id a broker knows what a producer sends again"


@asynccontextmanager
async def admin_of(kafka: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def kept(kafka: KafkaSettings, topic: str) -> list[Any]:
    """The batches of a topic with one partition, as the broker keeps them."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        assert (await consumer.beginning_offsets([partition]))[partition] == 0  # it knows the leader now
        client: Any = consumer._client
        request = FetchRequest(100, 1, LARGEST, 0, [(topic, [(0, 0, LARGEST)])], rack_id="")
        answer = await client.send(client.cluster.leader_for_partition(partition), request)
    finally:
        await consumer.stop()
    ((_, ((*_, stored),)),) = answer.topics
    records, found = MemoryRecords(stored), []
    while records.has_next():
        found.append(records.next_batch())
    return found
