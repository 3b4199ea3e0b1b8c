"""A cluster of three brokers that falters, two processes that nobody touches: how long is there no answer?"""

from __future__ import annotations

import random
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
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
from tests.chaos.faults import REPLICATION, Faults, Happened, choose, shuffled
from tests.chaos.witness import FAILED, REBALANCES, REBUILDS, Probes, Reader, logged
from tests.chaos.workers import Workers, worker_env
from tests.outages.later import send_on, with_later

WORKERS = 2
CALM_S = 20.0  # before the first fault, between two, and after the last
LONGEST_S, WORST_S = 20.0, 28.0  # without an answer at all, and in one partition
MOST_DOWNLOADS = 1.1
CATCH_UP_S = 60.0
LAST, EACH_OF_LAST_S = 150, 1.0  # records that come slowly, while there are still faults
NOBODY_ELSE = {"refuse"}  # no process can write
SCENARIOS = (
    *(("freeze", node, seconds) for node, seconds in enumerate((70.0, 15.0, 40.0))),
    *(("restart", node, 0.0) for node in range(3)),
    ("refuse", 0, 150.0),
)
NO_OTHER_OWNER = {"refuse", "split"}  # a process that is a member of its group keeps the partitions that it can't serve
SHORTER = {"ATTEMPTS__OVER_S": "20", "ATTEMPTS__PROBE_MAX_S": "2", "DOWNLOAD__HOST_PATIENCE_S": "5"}

Script = Callable[[Faults], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Silence:
    """Around one fault, in seconds from its begin on; from its end where there is nobody else to turn to. And the
    conditions that were told of meanwhile."""

    fault: str
    node: int
    lasted: float
    longest: float
    worst_partition: float
    rebuilds: float
    rebalances: float
    transactions_failed: float
    readyz: list[str]
    gauge: list[str]
    log: list[str]

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
    details: list[str]  # of all conditions, as `/readyz` gave them
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


async def scenarios(faults: Faults) -> None:
    """One after the other: a broker that is frozen, for long and twice for a while; a rolling restart; refusals."""
    await anyio.sleep(CALM_S)
    for kind, node, seconds in SCENARIOS:
        await faults.do(kind, node, seconds)
        await anyio.sleep(CALM_S)


def at_random(seed: int, seconds: float, kinds: Iterable[str]) -> Script:
    """Faults for about `seconds`, one after the other: each of `kinds` once, if there is time for it, and then any."""
    rng = random.Random(seed)
    coming = shuffled(rng, kinds)

    async def play(faults: Faults) -> None:
        await anyio.sleep(CALM_S)
        over = time.monotonic() + seconds - CALM_S
        while (left := over - time.monotonic()) > CALM_S:
            await faults.do(*choose(rng, next(coming), left - CALM_S))
            await anyio.sleep(CALM_S)

    return play


async def run(cluster: KafkaCluster, traffic: Traffic, a_second: float, script: Script, logs: Path) -> Report:
    """Writes the traffic while `script` runs, then waits in peace until everything is answered."""
    began = time.monotonic()
    prefix = f"chaos-{secrets.token_hex(3)}"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, replication=REPLICATION)
    traffic, later = with_later(traffic, topics.partitions)
    with ExitStack() as stack:
        servers = cluster.internal_servers
        await create_topics(servers, topics)
        files = stack.enter_context(tempfile.TemporaryDirectory())
        kafka = KafkaSettings(bootstrap_servers=servers, group=topics.prefix)
        ports = random.sample(PORTS, WORKERS)
        outputs = [topics.accepted, topics.rejected]
        async with Emulator(traffic.world) as emulator, OutputReader(kafka, topics) as reader:
            env = worker_env(emulator, kafka, topics, files, **SHORTER)
            each = [{"WEB__PORT": str(port)} for port in ports]
            each[0]["KAFKA_BOOTSTRAP_SERVERS"] = cluster.bootstrap_servers  # where nobody else asks
            stack.enter_context(Workers(WORKERS, env, logs, each))
            probes = stack.enter_context(Probes(ports))
            witness = stack.enter_context(Reader(servers, outputs, topics.partitions))
            faults = Faults(cluster, topics)
            over = anyio.Event()
            async with anyio.create_task_group() as group:
                group.start_soon(write, servers, topics.events, traffic, a_second, over)
                await witness.until_served()
                before = probes.total(REBALANCES)
                await script(faults)
                over.set()
            score = Score(traffic.expectation)
            async with anyio.create_task_group() as group:
                group.start_soon(send_on, later, kafka, topics.events, score)
                await read_to_end(reader, score, patience_s=CATCH_UP_S)
            delivered = _deliveries(traffic, emulator)
            return Report(
                seed=traffic.expectation.seed,
                events=len(traffic.records),
                seconds=round(time.monotonic() - began, 1),
                silences=_silences(witness, probes, logs, faults.happened),
                rebuilds=probes.total(REBUILDS),
                rebalances=probes.total(REBALANCES) - before,
                transactions_failed=probes.total(FAILED),
                downloads_per_attachment=round(sum(delivered) / max(len(delivered), 1), 3),
                not_alive=len(probes.dead()),
                details=_details(probes, faults.happened),
                at_the_end=await probes.until_content(CATCH_UP_S),
                tally=score.tally(),
            )


def _silences(witness: Reader, probes: Probes, logs: Path, faults: list[Happened]) -> list[Silence]:
    ends = [*(fault.began for fault in faults[1:]), float("inf")]
    return [_silence(witness, probes, logs, fault, end) for fault, end in zip(faults, ends, strict=True)]


def _silence(witness: Reader, probes: Probes, logs: Path, fault: Happened, next_one: float) -> Silence:
    until = min(fault.ended + CALM_S / 2, next_one)
    longest, _ = witness.silence(fault.ended if fault.kind in NOBODY_ELSE else fault.began, until, next_one)
    _, worst = witness.silence(fault.ended if fault.kind in NO_OTHER_OWNER else fault.began, until, next_one)
    said = probes.within(fault.began, next_one)
    return Silence(
        fault.kind,
        fault.node,
        round(fault.ended - fault.began, 1),
        round(longest, 1),
        round(worst, 1),
        rebuilds=probes.grew(REBUILDS, fault.began, next_one),
        rebalances=probes.grew(REBALANCES, fault.began, next_one),
        transactions_failed=probes.grew(FAILED, fault.began, next_one),
        readyz=sorted(frozenset().union(*(seen.conditions for seen in said))),
        gauge=sorted(frozenset().union(*(seen.gauges for seen in said))),
        log=sorted(logged(logs, fault.began, next_one)),
    )


def _details(probes: Probes, faults: list[Happened]) -> list[str]:
    said = probes.within(faults[0].began, float("inf")) if faults else []
    return list(dict.fromkeys(held["detail"] for seen in said for held in seen.ready.get("conditions", [])))


def _deliveries(traffic: Traffic, emulator: Emulator) -> list[int]:
    """How often each file was delivered, of those that are delivered in one piece: the others are asked for again."""
    whole = [name for name, (_, file) in traffic.world.files.items() if not file.case.delivery.cuts]
    counts = [emulator.state.progress[name, "delivered"] for name in whole]
    return [count for count in counts if count]


async def write(servers: str, topic: str, traffic: Traffic, a_second: float, over: anyio.Event) -> None:
    """Into batches that are large enough for what a broker does not take for a while. The last records come
    slowly, so that there are some until `over`, and then all at once."""
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, enable_idempotence=True, request_timeout_ms=400_000, max_batch_size=4 * 1024 * 1024
    )
    await producer.start()
    began, slowly_from = anyio.current_time(), len(traffic.records) - LAST

    async def pause(number: int) -> None:
        left = EACH_OF_LAST_S if number >= slowly_from else began + number / a_second - anyio.current_time()
        if left > 0.05:
            with anyio.move_on_after(left):
                await over.wait()

    try:
        await publish(traffic.records, producer, topic, pause=pause)
    finally:
        await producer.stop()
