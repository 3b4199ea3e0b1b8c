"""CPU for an answer, of the service and of a floor that makes the same requests, one after the other, several times."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import anyio
from aiokafka import AIOKafkaConsumer
from anyio.to_thread import run_sync

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.bench.figures import Figures, spread
from tests.brokers import create_topics
from tests.chaos.workers import OURS, Worker, worker_env
from tests.outages.crafted import Maker, traffic_of
from tests.outages.scene import SHORT, settings_for, write

ANSWERS, WARM, ROUNDS, PARTITIONS, WITHIN_S = 600, 60, 3, 4, 240.0
MEMORY = Path("/dev/shm")  # what a disk costs is in neither
FOLDER = MEMORY if MEMORY.exists() else None
TICKS = os.sysconf("SC_CLK_TCK")
FLOOR = (sys.executable, "-m", "tests.bench.floor")


async def run() -> Figures:
    """Raises `AssertionError` when an answer is missing or came twice."""
    rows: dict[str, list[tuple[float, float, float]]] = {"service": [], "floor": []}
    with KafkaBroker() as broker:
        for number in range(ROUNDS):
            for who, measured in rows.items():
                measured.append(await _a_round(broker.bootstrap_servers, who, f"{who}-{number}"))
    pairs = list(zip(rows["service"], rows["floor"], strict=True))
    figures: Figures = {"rounds": ROUNDS, "answers a round": ANSWERS}
    for who, measured in rows.items():
        figures |= spread(f"{who}: main process, us an answer", [row[0] for row in measured], 0)
        figures |= spread(f"{who}: answers a second", [row[2] for row in measured])
    figures |= spread("service: workers, us an answer", [row[1] for row in rows["service"]], 0)
    figures |= spread("main process ÷ floor", [ours[0] / theirs[0] for ours, theirs in pairs], 2)
    return figures | spread("with workers ÷ floor", [sum(ours[:2]) / sum(theirs[:2]) for ours, theirs in pairs], 2)


async def _a_round(brokers: str, who: str, name: str) -> tuple[float, float, float]:
    """CPU of the main process and of its others, in us an answer, and answers a second; once some have warmed it up."""
    topics = TopicSettings(events=f"{name}.events", prefix=name, partitions=PARTITIONS, replication=1)
    await create_topics(brokers, topics)
    kafka = KafkaSettings(bootstrap_servers=brokers, group=name)
    traffic = traffic_of(Maker(name, PARTITIONS).talks(WARM + ANSWERS))
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        async with Emulator(traffic.world) as emulator:
            worker = _process(who, emulator, kafka, topics, Path(folder))
            consumer = AIOKafkaConsumer(
                topics.accepted, topics.rejected, bootstrap_servers=brokers, isolation_level="read_committed",
                enable_auto_commit=False, auto_offset_reset="earliest",
            )  # fmt: skip
            await consumer.start()
            try:
                settings = settings_for(emulator, kafka, topics, Path(folder), SHORT)
                seen: list[bytes] = []
                await write(settings, traffic.records[:WARM], 100_000.0)
                await _until(consumer, seen, WARM)
                before, began = _cpu(worker.pid), time.monotonic()
                await write(settings, traffic.records[WARM:], 100_000.0)
                await _until(consumer, seen, WARM + ANSWERS)
                after, took_s = _cpu(worker.pid), time.monotonic() - began
            finally:
                await consumer.stop()
                worker.send(signal.SIGTERM)
                await run_sync(worker.wait, 30.0)
    assert sorted(seen) == sorted(record.key or b"" for record in traffic.records), "each is answered once"
    main, others = ((after[part] - before[part]) / TICKS / ANSWERS * 1e6 for part in (0, 1))
    return main, others, ANSWERS / took_s


def _process(who: str, emulator: Emulator, kafka: KafkaSettings, topics: TopicSettings, folder: Path) -> Worker:
    if who == "service":
        worker = Worker(who, worker_env(emulator, kafka, topics, str(folder / "files")), folder)
        worker.start(OURS)
        return worker
    origins = sorted({emulator.login_url, emulator.api_url, emulator.files_url})
    worker = Worker(
        who,
        {
            "BROKERS": kafka.bootstrap_servers, "GROUP": kafka.group, "EVENTS": topics.events, "OUT": topics.accepted,
            "LOGIN": emulator.login_url, "API": emulator.api_url, "ORIGINS": " ".join(origins),
            "CLIENT_ID": emulator.state.client_id, "CLIENT_SECRET": emulator.state.switches.client_secret,
        },
        folder,
    )  # fmt: skip
    worker.start(FLOOR)
    return worker


async def _until(consumer: AIOKafkaConsumer, seen: list[bytes], count: int) -> None:
    with anyio.fail_after(WITHIN_S):
        while len(seen) < count:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                seen += [record.key or b"" for record in records]


def _cpu(pid: int) -> tuple[int, int]:
    """Ticks of the process, and of all that it started, the ended ones too."""
    main, others = 0, 0
    processes = {pid: _stat(pid)}
    for path in Path("/proc").glob("[0-9]*"):
        processes[int(path.name)] = _stat(int(path.name))
    ours = {pid}
    while more := {number for number, stat in processes.items() if stat and stat[0] in ours} - ours:
        ours |= more
    for number in ours:
        _, own, ended = processes[number] or (0, 0, 0)
        main, others = (main + own, others + ended) if number == pid else (main, others + own + ended)
    return main, others


def _stat(pid: int) -> tuple[int, int, int] | None:
    """Its parent, its own ticks, and those of its children that ended; None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
