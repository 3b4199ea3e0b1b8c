"""Trying again: backoff with jitter, a gate for each dependency, and patience with hosts that have none.

A gate stops the intake while its dependency is down. It closes after some failures in a row, or at once when the
dependency refuses us as we are set up; then one probe at a time asks, at 1 s and doubling, until it is answered.
Attempts that fail behind a closed gate do not count: an outage is waited out. Attempts that fail while the
dependency answers others do, and after enough of them the caller gets the failure: no single task, whatever it is
answered, keeps a gate closed for ever.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import anyio

from consumer.errors import Failure, NotYet, Refused, Throttled, Unavailable
from consumer.model import AWAY, Dependency

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
Probe = Callable[[], Awaitable[object]]

HOST_BACKOFF_MAX_S = 60.0
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


class Gate:
    """Open, or closed since a time, with what the dependency said last."""

    def __init__(self, dependency: Dependency, failures: int, now: Callable[[], float], changed: Callable[[], None]):
        self.dependency = dependency
        self.closed_since: float | None = None  # seconds since the epoch
        self.detail = ""
        self.refused = False
        self.answers = 0  # how often it answered whoever asked
        self._failures = 0
        self._limit = failures
        self._now = now
        self._changed = changed
        self._opened = anyio.Event()

    @property
    def closed(self) -> bool:
        return self.closed_since is not None

    def answered(self) -> None:
        self.answers += 1
        self.open()

    def open(self) -> None:
        self._failures = 0
        self.refused = False
        if self.closed:
            self.closed_since = None
            self._opened.set()
            self._opened = anyio.Event()
            self._changed()

    def failed(self, failure: Failure) -> None:
        self._failures += 1
        self.detail = failure.detail
        before, self.refused = self.refused, isinstance(failure, Refused)
        if not self.closed and (self.refused or self._failures >= self._limit):
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
        self._gates = {d: Gate(d, failures, now, lambda d=d: self._changed(d)) for d in AWAY}  # type: ignore[misc]

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
                    await probe()
            except TimeoutError:
                gate.failed(Unavailable(gate.dependency, "it does not answer"))
            except Failure as failure:  # of whatever remedy: what the probe meets, tasks would meet as well
                gate.failed(failure)
            else:
                gate.open()


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
    _answers_seen: dict[Dependency, int] = field(default_factory=dict, init=False)

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
                    gate.answered()
                return result

    async def _after(self, failure: Unavailable, failed: int) -> int:
        """Waits before the next attempt; 1 if this one counts, 0 if not. Raises the failure when it was the last."""
        patience = self.patience
        patience.reports.attempt_failed(failure.dependency)
        gate = patience.gates[failure.dependency]
        if failure.host is not None:
            return await self._be_patient_with_host(failure, failed)
        if isinstance(failure, NotYet):
            gate.answered()
        elif isinstance(failure, Throttled):
            await self._rest(patience.backoff.wait_s(1, failure.retry_after_s))
            return 0
        elif not await self._counts(gate, failure):
            return 0
        return await self._count(gate, failure, failed)

    async def _after_refusal(self, failure: Refused, failed: int) -> int:
        """As `_after`. What refuses everybody is waited out; what refuses this work alone ends it."""
        self.patience.reports.attempt_failed(failure.dependency)
        gate = self.patience.gates[failure.dependency]
        if not await self._counts(gate, failure):
            return 0
        return await self._count(gate, Unavailable(failure.dependency, failure.detail), failed)

    async def _counts(self, gate: Gate, failure: Failure) -> bool:
        """Waits behind the gate if the failure finds or makes it closed. Then it counts only if the dependency has
        answered others since it failed here last: its probe alone may well be answered in the middle of an outage."""
        gate.failed(failure)
        if not gate.closed:
            return True
        seen, now = self._answers_seen.get(gate.dependency), gate.answers
        self._answers_seen[gate.dependency] = now
        await self._pass(gate)
        if seen == now:  # maybe it is this work that keeps closing the gate: let others through before it asks again
            await self._rest(self.patience.backoff.wait_s(1))
            await self._pass(gate)
        return seen is not None and seen != now

    async def _count(self, gate: Gate, failure: Unavailable, failed: int) -> int:
        self.made += 1
        if failed + 1 >= self.patience.backoff.attempts:
            raise failure
        await self._rest(self.patience.backoff.wait_s(failed + 1, failure.retry_after_s))
        await self._pass(gate)
        return 1

    async def _be_patient_with_host(self, failure: Unavailable, failed: int) -> int:
        """A host outside the region has no gate: nobody else waits for it, and only the clock ends its patience."""
        patience = self.patience
        now = patience.clock()
        self._host_failed_at = now if self._host_failed_at is None else self._host_failed_at
        self.made += 1
        if now - self._host_failed_at >= patience.host_patience_s:
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
