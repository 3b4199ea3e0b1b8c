"""From the kill of one of three workers to the first results of its partitions by the others."""

from __future__ import annotations

import signal
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import anyio
import httpx
from aiokafka import AIOKafkaConsumer
from anyio.to_thread import run_sync

from consumer.kafka.client import partition_of
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.bench.figures import Figures
from tests.brokers import create_topics
from tests.chaos.workers import Worker, Workers, worker_env
from tests.loopback import free_port
from tests.outages.crafted import Maker, traffic_of
from tests.outages.scene import SHORT, settings_for, write

WORKERS, PARTITIONS = 3, 12
SESSION_S = 10.0  # what the service is shipped with
A_SECOND, WARM_S, WITHIN_S = 40.0, 8.0, 40.0


async def run() -> Figures:
    topics = TopicSettings(partitions=PARTITIONS, replication=1)
    traffic = traffic_of(Maker("takeover", PARTITIONS).talks(round(A_SECOND * (WARM_S + WITHIN_S + 15))))
    with ExitStack() as stack:
        broker = stack.enter_context(KafkaBroker())
        await create_topics(broker.bootstrap_servers, topics)
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, session_timeout_ms=int(SESSION_S * 1000))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        async with Emulator(traffic.world) as emulator, anyio.create_task_group() as group:
            env = worker_env(emulator, kafka, topics, str(folder / "attachments"))
            ports = [free_port() for _ in range(WORKERS)]
            workers = stack.enter_context(Workers(0, env, folder))
            workers.all = [Worker(f"worker-{p}", env | {"WEB__PORT": str(p)}, folder) for p in ports]
            for worker in workers.all:
                worker.start()
            await _until_shared(ports)
            settings = settings_for(emulator, kafka, topics, folder, SHORT)
            group.start_soon(write, settings, traffic.records, A_SECOND)
            await anyio.sleep(WARM_S)
            lost = set(await _assigned(ports[0]) or [])
            workers.all[0].send(signal.SIGKILL)
            killed_ms = time.time() * 1000
            first = await _first_results(kafka, topics, lost, killed_ms)
            await run_sync(workers.all[0].wait, 5.0)
            group.cancel_scope.cancel()
    return {
        "session timeout, s": SESSION_S,
        "heartbeat, s": kafka.heartbeat_ms / 1000,
        "workers": WORKERS,
        "partitions of the killed one": len(lost),
        "first result of one of them, s after the kill": round(min(first.values()), 1),
        "first result of each of them, s after the kill": round(max(first.values()), 1),
        "partitions without a result in time": len(lost) - len(first),
    }


async def _first_results(
    kafka: KafkaSettings, topics: TopicSettings, lost: set[int], killed_ms: float
) -> dict[int, float]:
    """By partition. Only what the broker appended after the kill: the dead one wrote nothing after that."""
    first: dict[int, float] = {}
    consumer = AIOKafkaConsumer(
        topics.accepted, topics.rejected, bootstrap_servers=kafka.bootstrap_servers,
        isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest",
    )  # fmt: skip
    await consumer.start()
    try:
        with anyio.move_on_after(WITHIN_S):
            while first.keys() != lost:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        partition = partition_of(record.key or b"", PARTITIONS)
                        if record.timestamp > killed_ms and partition in lost:
                            first.setdefault(partition, (record.timestamp - killed_ms) / 1000)
    finally:
        await consumer.stop()
    return first


async def _until_shared(ports: list[int]) -> None:
    """Until each worker has some of the partitions, and together they have all of them."""
    with anyio.fail_after(90):
        while True:
            shares = [await _assigned(port) or [] for port in ports]
            if all(shares) and sum(map(len, shares)) == PARTITIONS:
                return
            await anyio.sleep(0.2)


async def _assigned(port: int) -> list[int] | None:
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            found: list[int] = (await http.get(f"http://127.0.0.1:{port}/readyz")).json()["assignedPartitions"]
            return found
    except httpx.TransportError:
        return None
