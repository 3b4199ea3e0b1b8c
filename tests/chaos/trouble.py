"""What happens to the workers and the broker: at random, but the same for the same seed."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Callable

import anyio

from consumer.sandbox.kafka import KafkaBroker
from tests.chaos.workers import Worker

KINDS = {"kill": 6, "freeze": 4, "term": 4, "restart": 1}
DRAIN_S = 30.0


class Trouble:
    """`happened` counts what was done. `session_s`: a frozen worker is left so for longer than that."""

    def __init__(self, rng: random.Random, workers: list[Worker], broker: KafkaBroker, session_s: float) -> None:
        self.happened: Counter[str] = Counter()
        self._rng, self._workers, self._broker, self._session_s = rng, workers, broker, session_s

    async def run(self, until: Callable[[], bool], every_s: float) -> None:
        while not until():
            await anyio.sleep(self._rng.uniform(0.5, 1.5) * every_s)
            kind = self._rng.choices(list(KINDS), list(KINDS.values()))[0]
            await getattr(self, f"_{kind}")(self._rng.choice(self._workers))
            self.happened[kind] += 1
            for worker in self._workers:
                if worker.ended:
                    worker.start()

    async def _kill(self, worker: Worker) -> None:
        worker.send(signal.SIGKILL)
        await anyio.to_thread.run_sync(worker.wait, 5.0)

    async def _term(self, worker: Worker) -> None:
        worker.send(signal.SIGTERM)
        status = await anyio.to_thread.run_sync(worker.wait, DRAIN_S)
        if status == -signal.SIGTERM:
            self.happened["stopped before it served"] += 1
        elif status != 0:
            self.happened[f"did not drain: {status}"] += 1

    async def _freeze(self, worker: Worker) -> None:
        worker.send(signal.SIGSTOP)
        await anyio.sleep(self._session_s * self._rng.uniform(1.2, 2.5))
        worker.send(signal.SIGCONT)

    async def _restart(self, worker: Worker) -> None:
        await anyio.to_thread.run_sync(self._broker.stop)
        await anyio.sleep(self._rng.uniform(0, 5))
        await anyio.to_thread.run_sync(self._broker.start)
