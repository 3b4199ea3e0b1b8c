"""CPU for an answer, of the service and of a floor that makes the same requests, one after the other, several times."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import anyio
from aiokafka import AIOKafkaConsumer
from anyio.to_thread import run_sync

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.world import Conversation, SentFile
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.bench.figures import Figures, spread
from tests.brokers import create_topics
from tests.chaos.workers import OURS, Worker, worker_env
from tests.outages.crafted import Maker, traffic_of
from tests.outages.scene import SHORT, settings_for, write

ROUNDS, PARTITIONS, WITHIN_S = 3, 4, 240.0
# Bytes of a file, how many come before the measured ones, and how many are measured.
SIZES = {"1 KB": (1_000, 60, 600), "100 KB": (100_000, 30, 200), "1 MB": (1_000_000, 15, 60)}
MEMORY = Path("/dev/shm")  # what a disk costs is in neither
FOLDER = MEMORY if MEMORY.exists() else None
TICKS = os.sysconf("SC_CLK_TCK")
FLOOR = (sys.executable, "-m", "tests.bench.floor")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU in us an answer: of the main process, of those that it started, of the broker; and answers a second."""

    main: float
    others: float
    broker: float
    a_second: float


RATIOS: dict[str, Callable[[Cost], float]] = {
    "CPU of the main process": lambda cost: cost.main,
    "CPU with the workers": lambda cost: cost.main + cost.others,
    "answers a second": lambda cost: cost.a_second,
    "the broker's CPU": lambda cost: cost.broker,
}


@dataclass(frozen=True, slots=True)
class Sized(SentFile):
    """A text of that many bytes."""

    bytes_: int = 0

    @property
    def body(self) -> bytes:
        line = b"%d says that all is well, and that it will be.\n" % self.seed
        return (line * (self.bytes_ // len(line) + 1))[: self.bytes_]


async def run() -> Figures:
    """Raises `AssertionError` when an answer is missing or came twice."""
    found: dict[str, list[tuple[Cost, Cost]]] = {}
    with KafkaBroker() as broker:
        for size in SIZES:
            rows: dict[str, list[Cost]] = {"service": [], "floor": []}
            for number in range(ROUNDS):
                for who, measured in rows.items():
                    measured.append(await _a_round(broker, who, size, f"{who}-{size.replace(' ', '')}-{number}"))
            found[size] = list(zip(rows["service"], rows["floor"], strict=True))
    return _compared(found)


def _compared(found: dict[str, list[tuple[Cost, Cost]]]) -> Figures:
    """Service ÷ floor, round by round; and at the end what both are in absolute figures."""
    figures: Figures = {"rounds": ROUNDS}
    for name, of in RATIOS.items():
        for size, pairs in found.items():
            figures |= spread(f"{name} ÷ floor, {size}", [of(service) / of(floor) for service, floor in pairs], 2)
    for size, pairs in found.items():
        for who, costs in zip(("service", "floor"), zip(*pairs, strict=True), strict=True):
            figures |= spread(f"{who}, main process, us an answer, {size}", [cost.main for cost in costs], 0)
            figures |= spread(f"{who}, answers a second, {size}", [cost.a_second for cost in costs])
    return figures


def sized(talks: list[Conversation], count: int) -> list[Conversation]:
    """The same, with a text of `count` bytes in place of each file."""
    return [
        replace(talk, messages=tuple(replace(m, files=tuple(_sized(f, count) for f in m.files)) for m in talk.messages))
        for talk in talks
    ]


def _sized(file: SentFile, count: int) -> SentFile:
    told = {field.name: getattr(file, field.name) for field in fields(SentFile)}
    told |= {"name": "told.txt", "mime": "text/plain", "declared_size": count, "declared_sha256": None}
    return Sized(**told, bytes_=count)


async def _a_round(broker: KafkaBroker, who: str, size: str, name: str) -> Cost:
    """Once some have warmed it up."""
    count, warm, measured = SIZES[size]
    brokers = broker.bootstrap_servers
    topics = TopicSettings(events=f"{name}.events", prefix=name, partitions=PARTITIONS, replication=1)
    await create_topics(brokers, topics)
    kafka = KafkaSettings(bootstrap_servers=brokers, group=name)
    traffic = traffic_of(sized(Maker(name, PARTITIONS).talks(warm + measured), count))
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        async with Emulator(traffic.world) as emulator:
            worker = process(who, emulator, kafka, topics, Path(folder))
            consumer = AIOKafkaConsumer(
                topics.accepted, topics.rejected, bootstrap_servers=brokers, isolation_level="read_committed",
                enable_auto_commit=False, auto_offset_reset="earliest",
            )  # fmt: skip
            await consumer.start()
            try:
                settings = settings_for(emulator, kafka, topics, Path(folder), SHORT)
                seen: list[bytes] = []
                await write(settings, traffic.records[:warm], 100_000.0)
                await until_seen(consumer, seen, warm)
                before, began = (cpu(worker.pid), cpu(broker.pid)), time.monotonic()
                await write(settings, traffic.records[warm:], 100_000.0)
                await until_seen(consumer, seen, warm + measured)
                after, took_s = (cpu(worker.pid), cpu(broker.pid)), time.monotonic() - began
            finally:
                await consumer.stop()
                worker.send(signal.SIGTERM)
                await run_sync(worker.wait, 30.0)
    assert sorted(seen) == sorted(record.key or b"" for record in traffic.records), "each is answered once"
    each = 1e6 / TICKS / measured
    main, others = ((after[0][part] - before[0][part]) * each for part in (0, 1))
    return Cost(main, others, (sum(after[1]) - sum(before[1])) * each, measured / took_s)


def process(who: str, emulator: Emulator, kafka: KafkaSettings, topics: TopicSettings, folder: Path) -> Worker:
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


async def until_seen(consumer: AIOKafkaConsumer, seen: list[bytes], count: int) -> None:
    with anyio.fail_after(WITHIN_S):
        while len(seen) < count:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                seen += [record.key or b"" for record in records]


def cpu(pid: int) -> tuple[int, int]:
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
