"""Throughput of everything else while one attachment is stuck in each partition, against the same without any."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.bench.figures import Figures, spread
from tests.brokers import create_topics
from tests.outages.crafted import STUCK, Maker, traffic_of
from tests.outages.scene import SHORT, playing, settings_for

GOOD_ONES, PARTITIONS, ROUNDS = 600, 4, 3
PATIENT = replace(SHORT, read_timeout_s=3_600.0)


async def run() -> Figures:
    """Interleaved, so that whatever else the machine does slows both of them down."""
    without, stuck = [], []
    with KafkaBroker() as broker:
        for number in range(ROUNDS):
            without.append(await _a_second(broker, f"without-{number}", 0))
            stuck.append(await _a_second(broker, f"stuck-{number}", PARTITIONS))
    ratios = [one / other for one, other in zip(stuck, without, strict=True)]
    return {
        "rounds": ROUNDS,
        "answers a round": GOOD_ONES,
        "stuck": PARTITIONS,
        **spread("answers a second, none stuck", without),
        **spread("answers a second, one stuck in each partition", stuck),
        **spread("with ÷ without (at least 0.9)", ratios, 2),
    }


async def _a_second(broker: KafkaBroker, name: str, stuck: int) -> float:
    topics = TopicSettings(events=f"{name}.events", prefix=name, partitions=PARTITIONS, replication=1)
    await create_topics(broker.bootstrap_servers, topics)
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group=name, drain_s=0.5)
    maker = Maker("bench", PARTITIONS)
    good = maker.talks(GOOD_ONES)
    traffic = traffic_of([*(maker.talk(STUCK, partition=p) for p in range(stuck)), *good])
    with tempfile.TemporaryDirectory() as folder:
        async with Emulator(traffic.world) as emulator:
            more = {"download": {"deadline_s": 36_000.0}}
            settings = settings_for(emulator, kafka, topics, Path(folder), PATIENT, more)
            async with playing(settings, traffic, emulator, 100_000.0) as scene:
                await scene.until(lambda: scene.series("ready_partitions") == PARTITIONS, 60)
                await scene.until(lambda: scene.answered > 0, 60)
                began, first = time.monotonic(), scene.answered
                await scene.until(lambda: scene.answered >= GOOD_ONES, 300)
                return (GOOD_ONES - first) / (time.monotonic() - began)
