"""Three brokers of which one falters: how long there is no answer, and what the operator reads meanwhile.

One short run of what `make chaos BROKERS=3` does at length, on the same cluster as the rest of this file.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords
from anyio.to_thread import run_sync

from consumer.kafka.client import client_options
from consumer.kafka.closing import close
from consumer.sandbox.kafka import KafkaCluster
from consumer.sandbox.kafka_jars import JarMissing
from consumer.sandbox.traffic import plan_traffic
from consumer.settings.model import KafkaSettings
from tests.chaos.cluster import run
from tests.chaos.faults import Faults

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

EVENTS, A_SECOND, SEED = 500, 15.0, 3
HANGS_S = 11.0  # longer than a cluster takes a silent broker for alive
STRICT, IN_SYNC, LARGEST = "strict.events", "min.insync.replicas", 16 * 1024 * 1024
TRAFFIC = [sys.executable, "-m", "consumer", "sandbox", "traffic", "--events", "20", "--json"]
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


async def test_a_client_of_a_process_that_knows_the_cluster_needs_no_broker_of_its_list(cluster: KafkaCluster) -> None:
    away = cluster.nodes[0]
    options = client_options(KafkaSettings(bootstrap_servers=away.bootstrap_servers))
    first = AIOKafkaProducer(**options)
    await first.start()
    await close(first)
    await run_sync(away.stop)
    try:
        second = AIOKafkaProducer(**options)
        with anyio.fail_after(3):
            await second.start()
        await close(second)
    finally:
        await run_sync(away.start)


async def test_traffic_counts_as_written_what_all_replicas_have_and_writes_it_once(
    cluster: KafkaCluster, tmp_path: Path
) -> None:
    """A topic whose writes three brokers have to have, if they are asked for with acks from all: two are there."""
    away = cluster.nodes[0]
    servers = ",".join(node.bootstrap_servers for node in cluster.nodes[1:])
    async with admin_of(servers) as admin:
        await admin.create_topics([NewTopic(STRICT, 1, 3, topic_configs={IN_SYNC: "3"})])
        await run_sync(away.stop)
        try:
            env = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": servers, "TOPICS__EVENTS": STRICT}
            process = await anyio.open_process([*TRAFFIC, "--expect", str(tmp_path / "expected.json")], env=env)
            async with process:
                assert process.stderr is not None and process.stdout is not None
                with anyio.fail_after(60):
                    said = ""
                    while "NotEnoughReplicas" not in said:
                        said += (await process.stderr.receive()).decode()
                assert await kept(servers, STRICT) == []
                await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, STRICT, {IN_SYNC: "2"})])
                with anyio.fail_after(60):
                    told = json.loads(await process.stdout.receive())
            written = await kept(servers, STRICT)
        finally:
            await run_sync(away.start)
    assert sum(len(list(batch)) for batch in written) == told["records"]
    assert all(batch.producer_id >= 0 for batch in written), "by its id a broker knows what a producer sends again"


@asynccontextmanager
async def admin_of(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def kept(servers: str, topic: str) -> list[Any]:
    """The batches of a topic with one partition, as the broker keeps them."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
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
