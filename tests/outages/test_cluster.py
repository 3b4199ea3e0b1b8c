"""Three brokers of which one falters: how long there is no answer, and what the operator reads meanwhile.

One short run of what `make chaos BROKERS=3` does at length, on the same cluster as the rest of this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from aiokafka import AIOKafkaProducer
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
    assert any("its writes are not acknowledged" in said for said in report.said), report.said


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
