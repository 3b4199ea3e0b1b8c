"""A gate for each dependency: it stops the intake while its dependency is down.

It closes after some failures of one call in a row, or at once when the dependency refuses us as we are set up; then one
probe at a time asks, at 1 s and doubling, until it is answered. What had failed before that and fails again tells
nothing new: it closes the gate no more, and is `still_failing` until its call is answered or it ends. The probe asks
again after each of those, since only so is such a failure known to be the work's own. If others fail as well, as many
in a row as before, the gate closes again, and the probes go on as far apart as they were.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

import anyio

from consumer.errors import Failure, Refused, Unavailable
from consumer.model import AWAY, Dependency
from consumer.model.heard import Asked, Heard
from consumer.model.taken_back import TakenBack

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
        self.failing: set[str] = set()  # the calls that keep it closed, or doubted
        self.probes = 0  # since its calls were answered last
        self.doubted = False  # something failed again since the last probe
        self._failures: dict[str, int] = {}  # in a row, of each call
        self._works: dict[str, str] = {}  # what failed and goes on → the call that failed last
        self._known: set[str] = set()  # those of them that had failed when a probe was answered
        self._again: set[str] = set()  # … and failed again after that
        self._taken_back = TakenBack()
        self._limit = failures
        self._now = now
        self._changed = changed
        self._heard = heard
        self._opened = anyio.Event()
        self._waits: dict[str, dict[anyio.CancelScope, str]] = {}  # for answers to each call, and who waits

    @property
    def closed(self) -> bool:
        return self.closed_since is not None

    @property
    def still_failing(self) -> int:
        """How much of what had failed when a probe was answered failed again after that, and goes on."""
        return len(self._again)

    def answered(self, asked: Asked | None = None, again: bool = False) -> None:
        """It was answered; None for whatever it was. What other calls are answered opens no gate. `again`: whoever
        asked asks again."""
        asked = asked or Asked(self.dependency.value, "")
        self._heard.answered(asked, again)
        if self.dependency is Dependency.API:  # of files it is known where each of them is fetched
            self._taken_back.came(asked.call, asked.of, self._now())
        for wait, of in self._waits.get(asked.call, {}).items():
            if of != asked.of:
                wait.cancel()
        if self._failures.pop(asked.call, None) is not None:
            self.probes = 0
        if self._works:
            self._forget([work for work, call in self._works.items() if call == asked.call])
        if asked.call in self.failing:
            self.failing.discard(asked.call)
            if not self.failing:
                self.open()

    def probed(self, calls: frozenset[str] | None) -> None:
        """The probe was answered; None: it asked for all that fails."""
        for call in self.failing if calls is None else self.failing & calls:
            self._heard.probed(call)
        self._failures |= dict.fromkeys(self.failing, 0)
        self._known = set(self._works)
        self.open()

    def left(self, work: str) -> None:
        """A piece of work has ended, whether it was answered or not."""
        if work in self._works:
            self._forget([work])

    def _goes_on(self, work: str, call: str) -> None:
        self._again.add(work)
        self.failing.add(call)
        self.doubted = True
        self._changed()

    def waits_for_others(self, failure: Failure, asked: Asked, work: str) -> None:
        """It was answered, in a way that may be everybody's: `work` goes on until others are answered well."""
        self.detail = failure.detail
        self._works[work] = asked.call
        self._again.add(work)
        self._changed()

    def _forget(self, works: Sequence[str]) -> None:
        before = self.still_failing
        for work in works:
            del self._works[work]
        self._known.difference_update(works)
        self._again.difference_update(works)
        if before and not self.still_failing:
            if not self.closed:
                self.open()
            self._changed()

    def open(self) -> None:
        self.failing.clear()
        self.refused = False
        closed, self.closed_since = self.closed, None
        self.doubted = False
        self._opened.set()
        self._opened = anyio.Event()
        if closed:
            self._changed()

    def failed(self, failure: Failure, asked: Asked | None = None, at_once: bool = False, work: str = "") -> None:
        """Closes it after some failures in a row; a refusal does, and with `at_once` anything.

        `work` is what asked, and tells when it ends by `left`; "" for a probe.
        """
        asked = asked or getattr(failure, "asked", None) or Asked(self.dependency.value, "")
        self._heard.failed(asked, work)
        self.detail = failure.detail
        if work:
            if isinstance(failure, Unavailable) and self.dependency is Dependency.API:
                failure.taken_back = self._taken_back.failed(asked.call, asked.of, self._now())
            self._works[work] = asked.call
            if work in self._known:
                self._goes_on(work, asked.call)
                return
        self._failures[asked.call] = self._failures.get(asked.call, 0) + 1
        before, self.refused = self.refused, isinstance(failure, Refused)
        if at_once or self.refused or self._failures[asked.call] >= self._limit:
            self.failing.add(asked.call)
            if not self.closed:
                self.closed_since = self._now()
                self._changed()
                return
        if self.closed and self.refused is not before:
            self._changed()

    @contextmanager
    def until_others_are_answered(self, asked: Asked) -> Iterator[None]:
        """Surrounds a wait, which ends when the same call is answered for another."""
        waits = self._waits.setdefault(asked.call, {})
        with anyio.CancelScope() as wait:
            waits[wait] = asked.of
            try:
                yield
            finally:
                del waits[wait]

    async def wait_open(self) -> None:
        while self.closed:
            await self._opened.wait()

    async def wait_probed(self) -> None:
        """For what has failed: until it is open, and its probe was answered since."""
        while self.closed or self.doubted:
            await self._opened.wait()


class Reports(Protocol):
    def gate_changed(self, gate: Gate) -> None:
        """It closed or opened, what keeps it closed is another thing now, or what is still failing has changed."""

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
            while gate.closed or gate.doubted:
                await self._probe(gate)
            probing.discard(gate.dependency)

        async with anyio.create_task_group() as tg:
            while True:
                await self._closed.wait()
                self._closed = anyio.Event()
                for gate in self._gates.values():
                    if (gate.closed or gate.doubted) and gate.dependency not in probing:
                        probing.add(gate.dependency)
                        tg.start_soon(open_again, gate)

    async def _probe(self, gate: Gate) -> None:
        await self._sleep(min(self._probe_s * 2.0 ** min(gate.probes, 60), self._probe_max_s))
        gate.probes += 1
        probe = self._probes.get(gate.dependency)
        if probe is None or not (gate.closed or gate.doubted):
            gate.open()  # nothing to ask: let the next tasks find out
            return
        try:
            with anyio.fail_after(PROBE_DEADLINE_S):
                asked = await probe()
        except TimeoutError:
            gate.failed(Unavailable(gate.dependency, "it does not answer"), at_once=not gate.closed)
        except Failure as failure:  # of whatever remedy: what the probe meets, tasks would meet as well
            gate.failed(failure, at_once=not gate.closed)
        else:
            gate.probed(asked if isinstance(asked, frozenset) else None)
