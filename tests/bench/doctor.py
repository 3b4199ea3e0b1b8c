"""What `check-config --online` does to a loaded service beside it: rebalances, rebuilds, answers that are lost."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import anyio
import httpx
from prometheus_client.parser import text_string_to_metric_families

from consumer.inspection.workers.pool import offered
from consumer.sandbox.check import OutputReader, Score, read_to_end
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.bench.figures import Figures, spread
from tests.brokers import create_topics
from tests.chaos.workers import Workers, worker_env
from tests.loopback import free_port
from tests.outages.crafted import Maker, traffic_of
from tests.outages.scene import SHORT, settings_for, write

TIMES, PARTITIONS, TALKS, A_SECOND, PATIENCE_S = 20, 4, 2_000, 10.0, 120.0
SEEN = ("rebalances", "rebuilds", "transactions", "attachments")


async def run() -> Figures:
    """Raises `AssertionError` when an answer is missing, or came twice."""
    topics = TopicSettings(events="doctor.events", prefix="doctor", partitions=PARTITIONS, replication=1)
    traffic = traffic_of(Maker("doctor", PARTITIONS).talks(TALKS))
    with KafkaBroker() as broker, tempfile.TemporaryDirectory() as given:
        folder, kafka = Path(given), KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group="doctor")
        await create_topics(broker.bootstrap_servers, topics)
        async with Emulator(traffic.world) as emulator, OutputReader(kafka, topics) as reader:
            port, score = free_port(), Score(traffic.expectation)
            env = worker_env(emulator, kafka, topics, str(folder / "files"), WEB__PORT=str(port))
            env |= {"INSPECTION__CONFINEMENT": offered().value}
            with Workers(1, env, folder):
                settings = settings_for(emulator, kafka, topics, folder, SHORT)
                async with anyio.create_task_group() as group:
                    group.start_soon(write, settings, traffic.records, A_SECOND)
                    while not score.by_row:
                        await reader.poll(score)
                    before = await _counted(port)
                    looks = [await _look(env) for _ in range(TIMES)]
                    after = await _counted(port)
                await read_to_end(reader, score, patience_s=PATIENCE_S)
    assert score.tally().good, score.tally()
    return {
        "times": TIMES,
        **{f"{name} meanwhile": int(after[name] - before[name]) for name in SEEN},
        "answers in all, each once and as expected": score.by_row.total(),
        "looks that found nothing to change": sum(exit_code == 0 for exit_code, _ in looks),
        **spread("seconds a look", [seconds for _, seconds in looks]),
    }


async def _look(env: dict[str, str]) -> tuple[int, float]:
    """Its exit code, and how long it took."""
    began = time.monotonic()
    command = [sys.executable, "-m", "consumer", "check-config", "--online", "--json"]
    done = await anyio.run_process(command, env={**os.environ, **env}, check=False)
    return done.returncode, time.monotonic() - began


async def _counted(port: int) -> Counter[str]:
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    counted: Counter[str] = Counter()
    for family in text_string_to_metric_families(text):
        counted[family.name.removeprefix("attachment_consumer_")] += int(sum(one.value for one in family.samples))
    return counted
