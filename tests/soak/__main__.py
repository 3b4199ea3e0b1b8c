"""`python -m tests.soak --minutes 60`: mixed traffic and faults, and nothing may grow.

After the warm-up a straight line goes through each figure of the process. The report goes to stdout; exit 1 if one of
them surely rises, or an answer is missing, came twice, or is wrong.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from aiokafka import AIOKafkaProducer
from anyio.to_thread import run_sync

from consumer.sandbox.check import OutputReader, Score, read_to_end
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import PORTS, KafkaBroker
from consumer.sandbox.traffic import Traffic, plan_traffic, publish
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import create_topics
from tests.chaos.workers import Workers, worker_env
from tests.soak.faults import Faults
from tests.soak.process import Sample, sample
from tests.soak.slopes import Slope, slope

A_SECOND, EVERY_S, CATCH_UP_S, BEGINS_WITHIN_S = 15.0, 2.0, 90.0, 120.0
MOST_UNSETTLED = 100
WARM_UP = 0.35  # of the time: caches fill, and what takes long comes early in the traffic
SHORTER = {"ATTEMPTS__OVER_S": "20", "DOWNLOAD__HOST_PATIENCE_S": "5", "DOWNLOAD__READ_TIMEOUT_S": "5"}
ALLOWED = {  # growth over the measured time, in units of each; beside it this share of the mean is allowed
    "memory": 2.0, "workers_memory": 10.0, "descriptors": 3.0, "threads": 1.0, "workers": 0.5, "tasks": 30.0,
    "unsettled": 20.0,
}  # fmt: skip
SHARE = 0.03


@dataclass
class Report:
    minutes: float
    seed: int
    faults: dict[str, int] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    tally: dict[str, Any] = field(default_factory=dict)
    warm_from: float = 0.0

    @property
    def slopes(self) -> dict[str, Slope]:
        warm = [one for one in self.samples if one.at >= self.warm_from]
        return {name: slope([(one.at, getattr(one, name)) for one in warm]) for name in ALLOWED}

    @property
    def growing(self) -> list[str]:
        return [name for name, one in self.slopes.items() if not one.is_flat(ALLOWED[name] + SHARE * one.mean)]

    @property
    def wrong(self) -> int:
        return sum(self.tally[kind] for kind in ("missing", "duplicated", "wrong"))

    def as_json(self) -> dict[str, Any]:
        told = {
            name: {"mean": round(one.mean, 1), "an hour": round(one.an_hour, 2), "grew": round(one.growth, 2),
                   "give or take": round(one.error, 2)}
            for name, one in self.slopes.items()
        }  # fmt: skip
        return {"growing": self.growing, "slopes": told, "minutes": self.minutes, "seed": self.seed,
                "samples": len(self.samples), "ledger entries": self.samples[-1].entries, "faults": self.faults,
                "answers": self.tally}  # fmt: skip


async def soak(minutes: float, seed: int, logs: Path) -> Report:
    report, prefix = Report(minutes, seed), f"soak-{secrets.token_hex(3)}"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=6, replication=1)
    traffic = plan_traffic(round(minutes * 60 * A_SECOND), seed)
    with ExitStack() as stack:
        broker = stack.enter_context(KafkaBroker())
        await create_topics(broker.bootstrap_servers, topics)
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group=prefix)
        files, port = stack.enter_context(tempfile.TemporaryDirectory()), random.choice(PORTS)
        async with Emulator(traffic.world) as emulator, OutputReader(kafka, topics) as reader:
            env = worker_env(emulator, kafka, topics, files, **SHORTER, WEB__PORT=str(port))
            worker = stack.enter_context(Workers(1, env, logs)).all[0]
            with anyio.fail_after(BEGINS_WITHIN_S):
                while not await _sample(report, worker.pid, port):  # noqa: ASYNC110 # it answers when it is there
                    await anyio.sleep(EVERY_S)
            report.warm_from = time.monotonic() + WARM_UP * minutes * 60
            faults = Faults(random.Random(seed), emulator, broker, worker.pid)
            score = Score(traffic.expectation)
            async with anyio.create_task_group() as beside:
                beside.start_soon(_watch, report, worker.pid, port)
                beside.start_soon(faults.run)
                await _write(kafka, topics, traffic, report)
                beside.cancel_scope.cancel()
            await read_to_end(reader, score, patience_s=CATCH_UP_S)
            tally = score.tally()
            report.faults = dict(faults.happened)
            report.tally = {name: getattr(tally, name) for name in ("expected", "missing", "duplicated", "wrong")}
    return report


async def _watch(report: Report, pid: int, port: int) -> None:
    while True:
        await _sample(report, pid, port)
        await anyio.sleep(EVERY_S)


async def _sample(report: Report, pid: int, port: int) -> bool:
    try:
        report.samples.append(await run_sync(sample, pid, port))
    except OSError:
        return False
    return True


async def _write(kafka: KafkaSettings, topics: TopicSettings, traffic: Traffic, report: Report) -> None:
    """No faster than the service gets on, on whatever machine: what waits would be growth."""
    began = anyio.current_time()

    async def pause(number: int) -> None:
        nonlocal began
        while report.samples[-1].unsettled > MOST_UNSETTLED:
            await anyio.sleep(EVERY_S)
            began += EVERY_S
        ahead = began + number / A_SECOND - anyio.current_time()
        if ahead > 0.05:
            await anyio.sleep(ahead)

    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers, enable_idempotence=True, request_timeout_ms=400_000
    )
    await producer.start()
    try:
        await publish(traffic.records, producer, topics.events, pause=pause)
    finally:
        await producer.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the traffic's own clients meet each fault as well
    logs = Path(tempfile.mkdtemp(prefix="soak-"))
    print(f"seed {arguments.seed}, {arguments.minutes:g} minutes; the service logs to {logs}", file=sys.stderr)
    report = anyio.run(soak, arguments.minutes, arguments.seed, logs)
    print(json.dumps(report.as_json(), indent=2))
    return 1 if report.growing or report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
