"""`python -m tests.storage.power_cut [--cuts 10]`: the power of the folder's disk is cut in the middle of traffic.

Each time what was not on the disk is lost, and the service is killed in the same moment. Then the file of every result
that was ever published as accepted has to be there, whole. The last part is the control: the same with
`STORAGE__DURABLE=false`, where files have to be lost, else this shows nothing. It needs root, for the disk.

The report goes to stdout; exit 1 if a file is not whole, or none was lost in the control; 2 where no disk can be had.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import random
import secrets
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import anyio
import orjson
from anyio.to_thread import run_sync

from consumer.sandbox.check import OutputReader
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.traffic import Traffic, plan_traffic, write
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.wire.results import Output
from tests.brokers import create_topics
from tests.chaos.workers import Workers, worker_env
from tests.service.composed import Kept
from tests.storage.disk import Disk, isolate

CUTS, A_SECOND, SEED = 10, 40.0, 3
BETWEEN = (15, 60)  # accepted files, from the start of a process to its cut
PATIENCE_S = 120.0  # for those
SHORTER = {"ATTEMPTS__OVER_S": "20", "DOWNLOAD__HOST_PATIENCE_S": "5"}


@dataclass(frozen=True, slots=True)
class Seen:
    """`damaged` counts results whose file is not there or holds something else; none has to be, if it was durable."""

    durable: bool
    cuts: int
    accepted: int
    damaged: int
    seconds: float

    @property
    def good(self) -> bool:
        return (self.damaged == 0) == self.durable


async def cut_again_and_again(broker: KafkaBroker, cuts: int, seed: int, *, durable: bool) -> Seen:
    began, rng = time.monotonic(), random.Random(seed)
    prefix = f"cut-{secrets.token_hex(3)}"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=4, replication=1)
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group=prefix, session_timeout_ms=6_000)
    await create_topics(broker.bootstrap_servers, topics)
    traffic = plan_traffic(cuts * 2 * BETWEEN[1], seed)
    with ExitStack() as stack:
        disk, logs = stack.enter_context(Disk()), stack.enter_context(tempfile.TemporaryDirectory())
        async with Emulator(traffic.world) as emulator, OutputReader(kafka, topics) as reader:
            more = {**SHORTER, "STORAGE__DURABLE": str(durable).lower()}
            env = worker_env(emulator, kafka, topics, str(disk.path / "files"), **more)
            worker = stack.enter_context(Workers(1, env, Path(logs))).all[0]
            score, damaged = Kept(traffic.expectation), 0
            async with anyio.create_task_group() as group:
                group.start_soon(_write, kafka, topics, traffic)
                for left in reversed(range(cuts)):
                    await _until_accepted(reader, score, len(accepted(score)) + rng.randint(*BETWEEN))
                    disk.cut()
                    worker.send(signal.SIGKILL)
                    await run_sync(worker.wait, 5.0)
                    await reader.catch_up(score)
                    await run_sync(disk.unmount)
                    disk.mount()
                    damaged = sum(not is_whole(result) for result in accepted(score))
                    print(f"{len(accepted(score))} accepted, {damaged} damaged, {left} cuts left", file=sys.stderr)
                    if left:
                        worker.start()
                group.cancel_scope.cancel()
            return Seen(durable, cuts, len(accepted(score)), damaged, round(time.monotonic() - began, 1))


def accepted(score: Kept) -> list[dict[str, str]]:
    return [orjson.loads(one.value or b"") for one in score.records if one.output is Output.ACCEPTED]


def is_whole(result: dict[str, str]) -> bool:
    path = Path(url2pathname(urlsplit(result["storageUri"]).path))
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == result["sha256"]


async def _until_accepted(reader: OutputReader, score: Kept, count: int) -> None:
    with anyio.fail_after(PATIENCE_S):
        while len(accepted(score)) < count:
            await reader.poll(score)


async def _write(kafka: KafkaSettings, topics: TopicSettings, traffic: Traffic) -> None:
    async def pause(number: int) -> None:
        await anyio.sleep(1 / A_SECOND)

    await write(traffic.records, kafka, topics.events, pause=pause)


async def run(cuts: int, seed: int) -> list[Seen]:
    with KafkaBroker() as broker:
        return [await cut_again_and_again(broker, cuts, seed, durable=durable) for durable in (True, False)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.storage.power_cut")
    parser.add_argument("--cuts", type=int, default=CUTS)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # of the traffic's own clients
    if why_not := isolate():
        print(f"no disk whose power can be cut: {why_not}", file=sys.stderr)
        return 2
    seen = anyio.run(run, arguments.cuts, arguments.seed)
    for one in seen:
        print(json.dumps({"good": one.good, **asdict(one)}))
    return 0 if all(one.good for one in seen) else 1


if __name__ == "__main__":
    sys.exit(main())
