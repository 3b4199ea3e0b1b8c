"""Trying again: backoff with jitter, a gate for each dependency, and patience with hosts that have none.

A gate stops the intake while its dependency is down. It closes after some failures of one call in a row, or at once
when the dependency refuses us as we are set up; then one probe at a time asks, at 1 s and doubling, until it is
answered. A failure counts as an attempt only when it is known to be this work's own (`heard`): the same call was
answered for others since it failed here last, or, where nobody else asks, its probe was. So an outage is waited out,
whoever answers in it, and no single task keeps a gate closed for ever or waits for ever.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Protocol, TypeVar

import anyio

from consumer.errors import Doubtful, Failure, HostNotAllowed, NotYet, Refused, Throttled, Unavailable
from consumer.model import AWAY, Dependency, Reason
from consumer.model.heard import Asked, Heard

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
Probe = Callable[[], Awaitable[object]]  # gives the calls that it asked, if those are not all that fail

HOST_BACKOFF_MAX_S = 60.0
IN_VAIN_MAX_S = 60.0
RETRY_AFTER_MAX_S = 300.0  # whatever a host asks for: a task that slept for years would hold its partition back
PROBE_DEADLINE_S = 30.0  # else a probe that hangs could outlast the outage by minutes


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between attempts: doubling, and long enough in all that the last attempt comes `over_s` after the first."""

    attempts: int
    over_s: float
    jitter: Callable[[], float] = random.random

    def wait_s(self, failed: int, retry_after_s: float | None = None) -> float:
        """Seconds to wait after the attempt number `failed` (from 1); jitter adds up to a half, never takes away."""
        waits = max(self.attempts - 1, 1)
        shortest = self.over_s / (2.0**waits - 1)
        wait = shortest * 2.0 ** (min(failed, waits) - 1) * (1 + self.jitter() / 2)
        return max(wait, min(retry_after_s or 0.0, RETRY_AFTER_MAX_S))

    def wait_in_vain_s(self, failed: int, retry_after_s: float | None = None) -> float:
        """As `wait_s` after a failure that does not count. An outage may end at any time: it does not grow as far."""
        return max(min(self.wait_s(failed), max(IN_VAIN_MAX_S, self.wait_s(1))), self.wait_s(1, retry_after_s))


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

    def failed(self, failure: Failure, asked: Asked | None = None) -> None:
        asked = asked or getattr(failure, "asked", None) or Asked(self.dependency.value, "")
        self._heard.failed(asked)
        self._failures[asked.call] = self._failures.get(asked.call, 0) + 1
        self.detail = failure.detail
        before, self.refused = self.refused, isinstance(failure, Refused)
        if self.refused or self._failures[asked.call] >= self._limit:
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


@dataclass(frozen=True, slots=True)
class Patience:
    """What every attempt of the service shares."""

    gates: Gates
    backoff: Backoff
    host_patience_s: float
    reports: Reports
    sleep: Sleep = anyio.sleep
    clock: Callable[[], float] = time.monotonic

    def attempts(self, resting: Callable[[], AbstractContextManager[None]]) -> Attempts:
        return Attempts(self, resting)


_NUMBERS = count()


@dataclass(slots=True)
class Attempts:
    """The attempts of one piece of work: `await attempts(step)` runs the step until it is answered.

    Raises the last failure when the attempts ran out, and never `Refused`: that is waited out behind its gate, unless
    it is this work alone that is refused; then the last refusal comes as `Unavailable`.
    `resting` surrounds every wait: work that only waits may be cancelled at once when its partition moves away.
    """

    patience: Patience
    resting: Callable[[], AbstractContextManager[None]]
    made: int = 0  # attempts that were answered or counted as failed, over all steps
    _host_failed_at: float | None = field(default=None, init=False)
    _name: str = field(default_factory=lambda: f"work {next(_NUMBERS)}", init=False)
    _doubt: Reason | None = field(default=None, init=False)  # what the last doubtful answer would come to
    _in_vain: int = field(default=0, init=False)  # failures in a row that did not count
    _failed: dict[Asked, int] = field(default_factory=dict, init=False)  # when each question failed last

    async def __call__(self, step: Callable[[], Awaitable[T]], dependency: Dependency | None = None) -> T:
        """The step's result. `dependency`, if named, is the one that a result is an answer of."""
        gate = self.patience.gates[dependency] if dependency else None
        failed = 0
        while True:
            if gate is not None:
                await self._pass(gate)
            try:
                result = await step()
            except Refused as failure:
                failed += await self._after_refusal(failure, failed)
            except Unavailable as failure:
                failed += await self._after(failure, failed)
            else:
                self.made += 1
                if gate is not None:
                    gate.answered(Asked(gate.dependency.value, self._name))
                return result

    async def _after(self, failure: Unavailable, failed: int) -> int:
        """Waits before the next attempt; 1 if this one counts, 0 if not. Raises the failure when it was the last."""
        patience = self.patience
        patience.reports.attempt_failed(failure.dependency)
        gate = patience.gates[failure.dependency]
        if failure.host is not None:
            return await self._be_patient_with_host(failure, failure.host, failed)
        if isinstance(failure, Throttled):
            await self._rest(patience.backoff.wait_s(1, failure.retry_after_s))
            return 0
        if not isinstance(failure, NotYet) and not await self._is_own(gate, failure):
            return 0
        if isinstance(failure, Doubtful) and failure.final is not self._doubt:
            self._doubt = failure.final  # what comes of it is another thing now: only what stays so is a verdict
            return await self._count(gate, failure, 0) - failed
        return await self._count(gate, failure, failed)

    async def _after_refusal(self, failure: Refused, failed: int) -> int:
        """As `_after`. What refuses everybody is waited out; what refuses this work alone ends it."""
        self.patience.reports.attempt_failed(failure.dependency)
        gate = self.patience.gates[failure.dependency]
        if not await self._is_own(gate, failure):
            return 0
        return await self._count(gate, Unavailable(failure.dependency, failure.detail, settled=failure.settled), failed)

    async def _is_own(self, gate: Gate, failure: Unavailable | Refused) -> bool:
        """Whether it counts. If not, waits behind the gate; and where that did not wait, or this is not the first time,
        a while longer, so that others get through before it asks again."""
        asked = failure.asked or Asked(gate.dependency.value, self._name)
        heard, since = self.patience.gates.heard, self._failed.get(asked)
        own = since is not None and heard.is_own(asked, since)
        gate.failed(failure, asked)
        self._failed[asked] = heard.now
        if not own:
            at_once = gate.closed and since is None
            await self._pass(gate)
            if not at_once:
                self._in_vain += 1
                retry_after_s = failure.retry_after_s if isinstance(failure, Unavailable) else None
                await self._rest(self.patience.backoff.wait_in_vain_s(self._in_vain, retry_after_s))
                await self._pass(gate)
        return own

    async def _count(self, gate: Gate, failure: Unavailable, failed: int) -> int:
        self.made += 1
        self._in_vain = 0
        if failed + 1 >= self.patience.backoff.attempts:
            raise failure
        await self._rest(self.patience.backoff.wait_s(failed + 1, failure.retry_after_s))
        await self._pass(gate)
        return 1

    async def _be_patient_with_host(self, failure: Unavailable, host: str, failed: int) -> int:
        """A host outside the region has no gate: nobody else waits for it, and only the clock ends its patience."""
        patience = self.patience
        now = patience.clock()
        if isinstance(failure, HostNotAllowed):
            patience.reports.host_not_allowed(host)
        asked, heard = failure.asked or Asked(host, self._name), patience.gates.heard
        since = self._failed.setdefault(asked, heard.now)
        self._host_failed_at = now if self._host_failed_at is None else self._host_failed_at
        self.made += 1
        if now - self._host_failed_at >= patience.host_patience_s:
            if isinstance(failure, Doubtful) and not heard.is_own(asked, since):
                raise Unavailable(failure.dependency, failure.detail, host=host, settled=failure.settled)
            raise failure
        wait = min(patience.backoff.wait_s(failed + 1, failure.retry_after_s), HOST_BACKOFF_MAX_S)
        await self._rest(min(wait, max(patience.host_patience_s - (now - self._host_failed_at), 0.01)))
        return 1

    async def _pass(self, gate: Gate) -> None:
        if gate.closed:
            with self.resting():
                await gate.wait_open()

    async def _rest(self, seconds: float) -> None:
        with self.resting():
            await self.patience.sleep(seconds)
