"""A cluster of three brokers that falters, two processes that nobody touches: how long is there no answer?"""

from __future__ import annotations

import random
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio
from aiokafka import AIOKafkaProducer

from consumer.sandbox.check import OutputReader, Score, Tally, read_to_end
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import PORTS, KafkaCluster
from consumer.sandbox.traffic import Traffic, publish
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import create_topics
from tests.chaos.faults import REPLICATION, Faults, Happened, choose
from tests.chaos.witness import Probes, Reader
from tests.chaos.workers import Workers, worker_env

WORKERS = 2
CALM_S = 20.0  # before the first fault, between two, and after the last
LONGEST_S, WORST_S = 20.0, 28.0  # without an answer at all, and in one partition
MOST_DOWNLOADS = 1.1
CATCH_UP_S = 60.0
SHORTER = {"ATTEMPTS__OVER_S": "20", "DOWNLOAD__HOST_PATIENCE_S": "5"}

Script = Callable[[Faults], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Silence:
    """Around one fault, in seconds. Where every write is refused, after its end; else from its begin on."""

    fault: str
    node: int
    lasted: float
    longest: float
    worst_partition: float

    @property
    def good(self) -> bool:
        return self.longest <= LONGEST_S and self.worst_partition <= WORST_S


@dataclass(frozen=True, slots=True)
class Report:
    seed: int
    events: int
    seconds: float
    silences: list[Silence]
    rebuilds: float
    rebalances: float  # beyond those of the start
    transactions_failed: float
    downloads_per_attachment: float
    not_alive: int  # answers of a `/livez`
    said: list[str]  # by `/readyz`
    at_the_end: list[str]  # what is still said then
    tally: Tally

    @property
    def problems(self) -> list[str]:
        """What no machine excuses."""
        found = [] if self.tally.good else [f"answers: {self.tally}"]
        found += [f"not over: {detail}" for detail in self.at_the_end]
        if self.not_alive:
            found.append(f"/livez said {self.not_alive} times that a process is dead")
        return found

    @property
    def costly(self) -> list[str]:
        """What says as much of the machine: one that is busy is late with heartbeats, and does more work twice."""
        found = [f"{self.rebalances} rebalances"] if self.rebalances else []
        if self.downloads_per_attachment > MOST_DOWNLOADS:
            found.append(f"{self.downloads_per_attachment} downloads for each attachment")
        return found

    @property
    def too_long(self) -> list[Silence]:
        return [silence for silence in self.silences if not silence.good]

    @property
    def good(self) -> bool:
        return not (self.problems or self.costly or self.too_long)

    def as_json(self) -> dict[str, object]:
        too_long = [asdict(silence) for silence in self.too_long]
        return {"problems": self.problems, "costly": self.costly, "too_long": too_long, **asdict(self)}


def at_random(seed: int, seconds: float) -> Script:
    """Faults for about `seconds`, one after the other."""
    rng = random.Random(seed)

    async def play(faults: Faults) -> None:
        await anyio.sleep(CALM_S)
        over = time.monotonic() + seconds - CALM_S
        while (left := over - time.monotonic()) > CALM_S:
            await faults.do(*choose(rng, left - CALM_S))
            await anyio.sleep(CALM_S)

    return play


async def run(cluster: KafkaCluster, traffic: Traffic, a_second: float, script: Script, logs: Path) -> Report:
    """Writes the traffic while `script` runs, then waits in peace until everything is answered."""
    began = time.monotonic()
    prefix = f"chaos-{secrets.token_hex(3)}"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, replication=REPLICATION)
    with ExitStack() as stack:
        await create_topics(cluster.bootstrap_servers, topics)
        files = stack.enter_context(tempfile.TemporaryDirectory())
        kafka = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers, group=topics.prefix)
        ports = random.sample(PORTS, WORKERS)
        outputs = [topics.accepted, topics.rejected]
        async with Emulator(traffic.world) as emulator, OutputReader(kafka, topics) as reader:
            env = worker_env(emulator, kafka, topics, files, **SHORTER)
            stack.enter_context(Workers(WORKERS, env, logs, ports))
            probes = stack.enter_context(Probes(ports))
            witness = stack.enter_context(Reader(cluster.bootstrap_servers, outputs, topics.partitions))
            faults = Faults(cluster, topics)
            async with anyio.create_task_group() as group:
                group.start_soon(write, cluster.bootstrap_servers, topics.events, traffic, a_second)
                await witness.until_served()
                before = probes.total("rebalances_total")
                await script(faults)
            score = Score(traffic.expectation)
            await read_to_end(reader, score, patience_s=CATCH_UP_S)
            delivered = _deliveries(traffic, emulator)
            return Report(
                seed=traffic.expectation.seed,
                events=len(traffic.records),
                seconds=round(time.monotonic() - began, 1),
                silences=_silences(witness, faults.happened),
                rebuilds=probes.total("rebuilds_total"),
                rebalances=probes.total("rebalances_total") - before,
                transactions_failed=probes.total("transactions_total:failed"),
                downloads_per_attachment=round(sum(delivered) / max(len(delivered), 1), 3),
                not_alive=len(probes.dead()),
                said=probes.said(faults.happened[0].began) if faults.happened else [],
                at_the_end=await probes.until_content(CATCH_UP_S),
                tally=score.tally(),
            )


def _silences(witness: Reader, faults: list[Happened]) -> list[Silence]:
    ends = [*(fault.began for fault in faults[1:]), float("inf")]
    return [_silence(witness, fault, end) for fault, end in zip(faults, ends, strict=True)]


def _silence(witness: Reader, fault: Happened, next_one: float) -> Silence:
    since = fault.ended if fault.kind == "refuse" else fault.began
    longest, worst = witness.silence(since, min(fault.ended + CALM_S / 2, next_one), next_one)
    return Silence(fault.kind, fault.node, round(fault.ended - fault.began, 1), round(longest, 1), round(worst, 1))


def _deliveries(traffic: Traffic, emulator: Emulator) -> list[int]:
    """How often each file was delivered, of those that are delivered in one piece: the others are asked for again."""
    whole = [name for name, (_, file) in traffic.world.files.items() if not file.case.delivery.cuts]
    counts = [emulator.state.progress[name, "delivered"] for name in whole]
    return [count for count in counts if count]


async def write(servers: str, topic: str, traffic: Traffic, a_second: float) -> None:
    """Into batches that are large enough for what a broker does not take for a while."""
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, enable_idempotence=True, request_timeout_ms=400_000, max_batch_size=4 * 1024 * 1024
    )
    await producer.start()
    began = anyio.current_time()

    async def pause(number: int) -> None:
        ahead = began + number / a_second - anyio.current_time()
        if ahead > 0.05:
            await anyio.sleep(ahead)

    try:
        await publish(traffic.records, producer, topic, pause=pause)
    finally:
        await producer.stop()
