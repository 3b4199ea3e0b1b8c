"""What it costs at full load that the service tells of itself: the share of its main process's CPU time."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio
from aiokafka import AIOKafkaConsumer
from anyio.to_thread import run_sync

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.bench.beside import FOLDER, PARTITIONS, sized, until_seen
from tests.bench.figures import Figures, spread
from tests.brokers import create_topics
from tests.chaos.workers import Worker, worker_env
from tests.loopback import free_port
from tests.outages.crafted import Maker, traffic_of
from tests.outages.scene import SHORT, settings_for, write
from tests.surface.collector import collecting

ROUNDS, WARM, MEASURED, BYTES = 3, 200, 800, 1_000
SCRAPE_S = 15.0
SAMPLED = (sys.executable, "-m", "tests.bench.sampled")
PARTS = ("metrics", "gauges", "log", "spans")


async def run() -> Figures:
    """Raises `AssertionError` when an answer is missing or came twice. Spans are off as shipped; then they are on."""
    async with collecting() as collector:
        on = {"TRACING__EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        with KafkaBroker() as broker:
            rounds = [await _a_round(broker, f"telemetry-{number}", {}) for number in range(ROUNDS)]
            traced = [await _a_round(broker, f"traced-{number}", on) for number in range(ROUNDS)]
    assert collector.spans, "with spans on they arrive"
    shares = [100 * one.get("spans", 0) / one["all"] for one in traced]
    return _of_rounds(rounds) | spread("spans where they are on, %", shares, 2)


def _of_rounds(rounds: Sequence[Mapping[str, int]]) -> Figures:
    figures: Figures = {"rounds": ROUNDS, "answers a round": MEASURED, "samples": sum(one["all"] for one in rounds)}
    shares = {part: [100 * one.get(part, 0) / one["all"] for one in rounds] for part in PARTS}
    for part, values in shares.items():
        figures |= spread(f"{part}, % of the main process's CPU time", values, 2)
    return figures | spread("all of it, %", [sum(values) for values in zip(*shares.values(), strict=True)], 2)


async def _a_round(broker: KafkaBroker, name: str, more: Mapping[str, str]) -> dict[str, int]:
    """Samples by what they are counted for."""
    servers = broker.bootstrap_servers
    topics = TopicSettings(events=f"{name}.events", prefix=name, partitions=PARTITIONS, replication=1)
    await create_topics(servers, topics)
    kafka, port = KafkaSettings(bootstrap_servers=servers, group=name), free_port()
    traffic = traffic_of(sized(Maker(name, PARTITIONS).talks(WARM + MEASURED), BYTES))
    with tempfile.TemporaryDirectory(dir=FOLDER) as given:
        folder = Path(given)
        async with Emulator(traffic.world) as emulator:
            own = {"SAMPLES_INTO": str(folder / "samples"), "WEB__PORT": str(port), **more}
            worker = Worker(name, worker_env(emulator, kafka, topics, str(folder / "files"), **own), folder)
            worker.start(SAMPLED)
            consumer = AIOKafkaConsumer(
                topics.accepted, topics.rejected, bootstrap_servers=servers, isolation_level="read_committed",
                enable_auto_commit=False, auto_offset_reset="earliest",
            )  # fmt: skip
            await consumer.start()
            try:
                settings = settings_for(emulator, kafka, topics, folder, SHORT)
                seen: list[bytes] = []
                await write(settings, traffic.records[:WARM], 100_000.0)
                await until_seen(consumer, seen, WARM)
                worker.send(signal.SIGUSR1)
                async with anyio.create_task_group() as group:
                    group.start_soon(_scrape, port)
                    await write(settings, traffic.records[WARM:], 100_000.0)
                    await until_seen(consumer, seen, WARM + MEASURED)
                    group.cancel_scope.cancel()
                worker.send(signal.SIGUSR1)
                while not (folder / "samples").exists():  # noqa: ASYNC110 # another process
                    await anyio.sleep(0.05)
            finally:
                await consumer.stop()
                worker.send(signal.SIGTERM)
                await run_sync(worker.wait, 30.0)
        assert sorted(seen) == sorted(record.key or b"" for record in traffic.records), "each is answered once"
        samples: dict[str, int] = json.loads((folder / "samples").read_text())
        return samples


async def _scrape(port: int) -> None:
    while True:
        await run_sync(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read())
        await anyio.sleep(SCRAPE_S)
