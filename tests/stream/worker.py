"""One worker of the second loop as a process of its own, which stops itself at a named step.

It reads its orders (one line of JSON) from stdin, and drains when a second line or the end comes. On stdout it says
`loaded`, `step NAME` before each step, and `ready P P …` whenever its set of ready partitions changed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TextIO

import anyio

from consumer.model.resting import Resting
from consumer.settings.model import KafkaSettings, LimitSettings, TopicSettings
from consumer.stream import stream as source
from tests.reports import Recorder
from tests.stream.broken import VARIANTS
from tests.stream.harness import NamesJudge, make_stream

LONGEST_INSPECTION_S = 0.03


@dataclass(frozen=True)
class Stop:
    """A signal to itself at the `nth` time that `step` is about to be taken."""

    step: str
    nth: int
    signal: int


@dataclass(frozen=True)
class Orders:
    bootstrap_servers: str
    prefix: str
    partitions: int
    name: str
    variant: str = "product"
    stops: list[Stop] = field(default_factory=list)
    session_timeout_ms: int = 1_000

    def encode(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, line: str) -> Orders:
        values = json.loads(line)
        values["stops"] = [Stop(**stop) for stop in values["stops"]]
        return cls(**values)


class Script:
    """Says each step, and sends the signal where the orders want it."""

    def __init__(self, stops: list[Stop], out: TextIO) -> None:
        self._stops = stops
        self._seen: Counter[str] = Counter()
        self._out = out

    def say(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()

    def step(self, partition: int, name: str) -> None:
        self._seen[name] += 1
        self.say(f"step {name}")
        for stop in self._stops:
            if stop.step == name and stop.nth == self._seen[name]:
                os.kill(os.getpid(), stop.signal)


async def work(orders: Orders, script: Script) -> None:
    for name, variant in VARIANTS[orders.variant].items():
        setattr(source, name, variant)
    seeded = random.Random(orders.name)

    async def inspect(name: str, resting: Resting) -> None:
        await anyio.sleep(seeded.uniform(0.005, LONGEST_INSPECTION_S))

    ready: list[set[int]] = [set()]

    recorder = Recorder()
    recorder.on_step = script.step

    def polled() -> None:
        now = {p for p, assignment in stream.assignments.items() if assignment.window is not None}
        if now != ready[0]:
            ready[0] = now
            script.say(" ".join(["ready", *map(str, sorted(now))]))

    kafka = KafkaSettings(
        bootstrap_servers=orders.bootstrap_servers,
        group=orders.prefix,
        session_timeout_ms=orders.session_timeout_ms,
        heartbeat_ms=100,
        tick_ms=20,
    )
    topics = TopicSettings(
        events=f"{orders.prefix}.events", prefix=orders.prefix, partitions=orders.partitions, replication=1
    )
    limits = LimitSettings(tasks=8)  # so that the work spreads over many commits
    stream = make_stream(NamesJudge(inspect), kafka, topics, limits=limits, reports=recorder)
    recorder.on_polled = polled
    shutdown = anyio.Event()

    async def until_told() -> None:
        await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)
        shutdown.set()

    async with anyio.create_task_group() as group:
        group.start_soon(until_told)
        await stream.run(shutdown)
        group.cancel_scope.cancel()


def main() -> None:
    script = Script([], sys.stdout)
    script.say("loaded")
    orders = Orders.decode(sys.stdin.readline())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the test run's Ctrl-C: our end of stdin follows
    anyio.run(work, orders, Script(orders.stops, sys.stdout))


if __name__ == "__main__":
    main()
