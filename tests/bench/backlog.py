"""What an answer costs while a million events wait, against some thousands: an intake that runs ahead takes CPU.

The measured events come first, more of them than are answered. What lies behind is not reached in that time.
"""

from __future__ import annotations

import signal
import tempfile
import time
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from anyio.to_thread import run_sync

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.traffic import Traffic, write
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.bench.beside import FOLDER, PARTITIONS, TICKS, cpu, process, until_seen
from tests.bench.figures import Figures, spread
from tests.brokers import create_topics
from tests.outages.crafted import Maker, announced, traffic_of

ROUNDS, WARM, ANSWERS = 3, 300, 900
FIRST = 8_000  # beyond what may be in flight, what may wait ahead of it, and what is answered meanwhile
MANY = 1_000_000


async def run() -> Figures:
    rows: dict[str, list[tuple[float, float]]] = {"a million": [], "some thousands": []}
    with KafkaBroker() as broker:
        for number in range(ROUNDS):
            for name, measured in rows.items():
                behind = MANY if name == "a million" else 0
                measured.append(await _a_round(broker, behind, f"backlog-{behind}-{number}"))
    many, few = rows["a million"], rows["some thousands"]
    figures: Figures = {"rounds": ROUNDS, "answers a round": ANSWERS}
    for name, measured in rows.items():
        figures |= spread(f"{name} wait: answers a second", [row[0] for row in measured])
        figures |= spread(f"{name} wait: CPU of the main process, us an answer", [row[1] for row in measured], 0)
    pairs = list(zip(many, few, strict=True))
    return (
        spread("answers a second, a million ÷ some thousands", [a[0] / b[0] for a, b in pairs], 2)
        | spread("CPU for an answer, a million ÷ some thousands", [a[1] / b[1] for a, b in pairs], 2)
        | figures
    )


async def _a_round(broker: KafkaBroker, behind: int, name: str) -> tuple[float, float]:
    """Answers a second, and CPU of the main process in us an answer."""
    topics = TopicSettings(events=f"{name}.events", prefix=name, partitions=PARTITIONS, replication=1)
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group=name)
    await create_topics(broker.bootstrap_servers, topics)
    maker = Maker(name, PARTITIONS)
    traffic = traffic_of(maker.talks(FIRST))
    await _fill(kafka, topics, traffic, announced(maker.talk()).value or b"", behind)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        async with Emulator(traffic.world) as emulator:
            worker = process("service", emulator, kafka, topics, Path(folder))
            consumer = AIOKafkaConsumer(
                topics.accepted, topics.rejected, bootstrap_servers=broker.bootstrap_servers,
                isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest",
            )  # fmt: skip
            await consumer.start()
            seen: list[bytes] = []
            try:
                await until_seen(consumer, seen, WARM)
                warm, before, began = len(seen), cpu(worker.pid)[0], time.monotonic()
                await until_seen(consumer, seen, WARM + ANSWERS)
                used, took_s = cpu(worker.pid)[0] - before, time.monotonic() - began
            finally:
                await consumer.stop()
                worker.send(signal.SIGKILL)
                await run_sync(worker.wait, 30.0)
    assert len(set(seen)) == len(seen) <= FIRST, "each is answered once, and what lies behind is not reached"
    answers = len(seen) - warm
    return answers / took_s, used / TICKS / answers * 1e6


async def _fill(kafka: KafkaSettings, topics: TopicSettings, traffic: Traffic, unknown: bytes, behind: int) -> None:
    """`behind` times `unknown`, behind the traffic, which is in one partition."""
    await write(traffic.records, kafka, topics.events)
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, max_batch_size=1 << 20)
    async with producer:
        while behind > 0:
            batch = producer.create_batch()
            while behind > 0 and batch.append(key=None, value=unknown, timestamp=None) is not None:
                behind -= 1
            batch.close()
            await producer.send_batch(batch, topics.events, partition=0)
