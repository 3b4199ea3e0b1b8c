"""A gate for each dependency: it stops the intake while its dependency is down.

It closes after some failures of one call in a row, or at once when the dependency refuses us as we are set up; then one
probe at a time asks, at 1 s and doubling, until it is answered.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Protocol

import anyio

from consumer.errors import Failure, Refused, Unavailable
from consumer.model import AWAY, Dependency
from consumer.model.heard import Asked, Heard

Sleep = Callable[[float], Awaitable[None]]
Probe = Callable[[], Awaitable[object]]  # gives the calls that it asked, if those are not all that fail

PROBE_DEADLINE_S = 30.0  # else a probe that hangs could outlast the outage by minutes


class Gate:
    """Open, or closed since a time, with what the dependency said last and which of its calls fail."""

    def __init__(
        self,
        dependency: Dependency,
        failures: int,
        now: Callable[[], float],
        changed: Callable[[], None],
        heard: Heard,
    ) -> None:
        self.dependency = dependency
        self.closed_since: float | None = None  # seconds since the epoch
        self.detail = ""
        self.refused = False
        self.failing: set[str] = set()  # the calls that keep it closed
        self._failures: dict[str, int] = {}  # in a row, of each call
        self._limit = failures
        self._now = now
        self._changed = changed
        self._heard = heard
        self._opened = anyio.Event()

    @property
    def closed(self) -> bool:
        return self.closed_since is not None

    def answered(self, asked: Asked | None = None) -> None:
        """It was answered; None for whatever it was. What other calls are answered opens no gate."""
        asked = asked or Asked(self.dependency.value, "")
        self._heard.answered(asked)
        self._failures.pop(asked.call, None)
        if asked.call in self.failing:
            self.failing.discard(asked.call)
            if not self.failing:
                self.open()

    def probed(self, calls: frozenset[str] | None) -> None:
        """The probe was answered; None: it asked for all that fails. One more failure of any closes it again."""
        for call in self.failing if calls is None else self.failing & calls:
            self._heard.probed(call)
        self._failures |= dict.fromkeys(self.failing, self._limit - 1)
        self.open()

    def open(self) -> None:
        self.failing.clear()
        self.refused = False
        if self.closed:
            self.closed_since = None
            self._opened.set()
            self._opened = anyio.Event()
            self._changed()

    def failed(self, failure: Failure, asked: Asked | None = None, at_once: bool = False) -> None:
        """Closes it after some failures in a row; a refusal does, and with `at_once` anything."""
        asked = asked or getattr(failure, "asked", None) or Asked(self.dependency.value, "")
        self._heard.failed(asked)
        self._failures[asked.call] = self._failures.get(asked.call, 0) + 1
        self.detail = failure.detail
        before, self.refused = self.refused, isinstance(failure, Refused)
        if at_once or self.refused or self._failures[asked.call] >= self._limit:
            self.failing.add(asked.call)
        if not self.closed and self.failing:
            self.closed_since = self._now()
            self._changed()
        elif self.closed and self.refused is not before:
            self._changed()

    async def wait_open(self) -> None:
        while self.closed:
            await self._opened.wait()


class Reports(Protocol):
    def gate_changed(self, gate: Gate) -> None:
        """It closed or opened, or what keeps it closed is another thing now."""

    def attempt_failed(self, dependency: Dependency) -> None: ...

    def host_not_allowed(self, host: str) -> None:
        """A link of Genesys's own leads there, and the settings do not allow it."""


class Gates:
    """The gates of all dependencies, and the probes that open them. `run` lives as long as the service."""

    def __init__(
        self,
        *,
        failures: int,
        probe_s: float,
        probe_max_s: float,
        probes: Mapping[Dependency, Probe],
        reports: Reports,
        now: Callable[[], float] = time.time,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        self._probe_s, self._probe_max_s = probe_s, probe_max_s
        self._probes = probes
        self._sleep = sleep
        self._reports = reports
        self._closed = anyio.Event()
        self.heard = Heard()
        self._gates = {d: Gate(d, failures, now, partial(self._changed, d), self.heard) for d in AWAY}

    def __getitem__(self, dependency: Dependency) -> Gate:
        return self._gates[dependency]

    @property
    def closed(self) -> list[Gate]:
        return [gate for gate in self._gates.values() if gate.closed]

    def _changed(self, dependency: Dependency) -> None:
        self._closed.set()
        self._reports.gate_changed(self._gates[dependency])

    async def run(self) -> None:
        """Probes what is closed, one probe at a time for each gate."""
        probing: set[Dependency] = set()

        async def open_again(gate: Gate) -> None:
            await self._probe_until_open(gate)
            probing.discard(gate.dependency)

        async with anyio.create_task_group() as tg:
            while True:
                await self._closed.wait()
                self._closed = anyio.Event()
                for gate in self.closed:
                    if gate.dependency not in probing:
                        probing.add(gate.dependency)
                        tg.start_soon(open_again, gate)

    async def _probe_until_open(self, gate: Gate) -> None:
        probe = self._probes.get(gate.dependency)
        wait = self._probe_s
        while gate.closed:
            await self._sleep(wait)
            wait = min(wait * 2, self._probe_max_s)
            if probe is None or not gate.closed:
                gate.open()  # nothing to ask: let the next tasks find out
                return
            try:
                with anyio.fail_after(PROBE_DEADLINE_S):
                    asked = await probe()
            except TimeoutError:
                gate.failed(Unavailable(gate.dependency, "it does not answer"))
            except Failure as failure:  # of whatever remedy: what the probe meets, tasks would meet as well
                gate.failed(failure)
            else:
                gate.probed(asked if isinstance(asked, frozenset) else None)
