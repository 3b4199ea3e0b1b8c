"""What happens to a service during a soak: each of these leaves it running, and none may leave anything behind."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio
from anyio.to_thread import run_sync

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from tests.outages.ill import KINDS as ILL
from tests.soak.process import children_named

CALM_S = (8.0, 20.0)
LASTS_S = (2.0, 8.0)


class Faults:
    def __init__(self, rng: random.Random, emulator: Emulator, broker: KafkaBroker, pid: int) -> None:
        self.happened: Counter[str] = Counter()
        self._rng, self._emulator, self._broker, self._pid = rng, emulator, broker, pid

    async def run(self) -> None:
        """One after the other, with calm between them. Until cancelled, and then all is well again."""
        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "part of Genesys away": self._part_away,
            "ill answers": self._ill_answers,
            "broker hangs": self._broker_hangs,
            "broker restarts": self._broker_restarts,
            "worker killed": self._worker_killed,
            "writer killed": self._writer_killed,
        }
        while True:
            await anyio.sleep(self._rng.uniform(*CALM_S))
            kind = self._rng.choice(list(kinds))
            self.happened[kind] += 1
            await kinds[kind]()

    async def _part_away(self) -> None:
        part = self._rng.choice(["login", "api", "files"])
        await self._switched(
            {"outage": {part: self._rng.choice(["unavailable", "hang"])}, "expire_tokens": part == "login"},
            {"outage": {part: "off"}},
        )

    async def _ill_answers(self) -> None:
        kind = self._rng.choice(ILL)
        await self._switched({"faults": [kind], "expire_tokens": kind.startswith("login")}, {"faults": []})

    async def _switched(self, ill: dict[str, object], well: dict[str, object]) -> None:
        self._emulator.state.switch(ill)
        try:
            await anyio.sleep(self._rng.uniform(*LASTS_S))
        finally:
            self._emulator.state.switch(well)

    async def _broker_hangs(self) -> None:
        self._broker.freeze()
        try:
            await anyio.sleep(self._rng.uniform(*LASTS_S))
        finally:
            self._broker.thaw()

    async def _broker_restarts(self) -> None:
        with anyio.CancelScope(shield=True):
            await run_sync(self._broker.stop)
            await run_sync(self._broker.start)

    async def _worker_killed(self) -> None:
        self._kill("workers")

    async def _writer_killed(self) -> None:
        self._kill("storage.writer")

    def _kill(self, word: str) -> None:
        if found := children_named(self._pid, word):
            with suppress(ProcessLookupError):
                os.kill(self._rng.choice(found), signal.SIGKILL)
