"""One file, one worker: asked, watched by its CPU time and by the clock, and its end named."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from consumer.inspection.workers import codes, frames
from consumer.inspection.workers.bounds import Reports
from consumer.inspection.workers.channel import Died
from consumer.inspection.workers.codes import Examined, Unheard
from consumer.inspection.workers.process import Ending, WorkerProcess
from consumer.inspection.yara.rules import Rule
from consumer.telemetry.labels import WorkerEnd
from consumer.turns import LongWork

RULES_SHARE = 0.5  # of the CPU time that a file may cost, and on top of it

NOT_ITS_OWN: frozenset[WorkerEnd] = frozenset({"outside", "deadline"})
"""Ends that need not be the file's doing: somebody killed the worker, or the machine was too busy."""
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)  # it can send none itself
SHORTEST_LOOK_S, LONGEST_LOOK_S = 0.002, 1.0

SENTENCES: dict[WorkerEnd, str] = {
    "budget": "examining it takes more time than any real file of its size does",
    "filter": "examining it made the worker process ask the kernel for what no examination needs",
    "crash": "examining it ended the worker process",
    "babble": "examining it made the worker process answer what none does",
    "outside": "the worker process was ended each time that it examined this file",
    "deadline": "examining it did not end in time",
}
ENDS_US = "the whole service was ended each time that it examined this file"


class FileBody(Protocol):
    """A finished file that nobody can write to any more."""

    size: int
    sha256: str

    def fileno(self) -> int: ...
    def takes_long(self) -> None:
        """To be told once it does."""

    def waits(self) -> None:
        """To be told once it has to wait for its turn."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The rule that matches, if one does."""

    rule: Rule | None


Told = TypeVar("Told", Examined, Matched)


class Question(Protocol[Told]):
    """What a worker is asked about a file."""

    @property
    def share(self) -> float:
        """Of the CPU time that a file may cost."""

    def give(self, worker: WorkerProcess, body: FileBody) -> None: ...
    async def answer(self, worker: WorkerProcess) -> Told: ...

    def opened(self, worker: WorkerProcess, said: bytes) -> Told:
        """`Unheard` for what no worker of ours says."""

    def spent(self, outcome: Told | WorkerEnd, size: int, cpu_s: float, reports: Reports) -> None:
        """What one try cost."""


@dataclass(frozen=True, slots=True)
class WhatIsIt:
    """What it is and holds."""

    claimed: str | None  # the type that it is said to be
    share: float = 1.0

    def give(self, worker: WorkerProcess, body: FileBody) -> None:
        worker.give(body.fileno(), body.size, self.claimed)

    async def answer(self, worker: WorkerProcess) -> Examined:
        return await worker.answer()

    def opened(self, worker: WorkerProcess, said: bytes) -> Examined:  # other questions need it
        return codes.opened(said)

    def spent(self, outcome: Examined | WorkerEnd, size: int, cpu_s: float, reports: Reports) -> None:
        reports.examined(None if isinstance(outcome, str) else outcome.detected_type, size, cpu_s)


@dataclass(frozen=True, slots=True)
class WhichRule:
    """Which rule of the worker's own it matches, one that rejects before the others."""

    share: float = RULES_SHARE

    def give(self, worker: WorkerProcess, body: FileBody) -> None:
        worker.give_to_rules(body.fileno(), body.size)

    async def answer(self, worker: WorkerProcess) -> Matched:
        return self.opened(worker, await worker.said())

    def opened(self, worker: WorkerProcess, said: bytes) -> Matched:
        rules = worker.plan.rules.rules if worker.plan.rules else ()
        (place,) = frames.ANSWER.unpack(said)
        if place > len(rules):
            raise Unheard("its answer names what no list holds")
        return Matched(rules[place - 1] if place else None)

    def spent(self, outcome: Matched | WorkerEnd, size: int, cpu_s: float, reports: Reports) -> None:
        reports.rules_applied(cpu_s)


@dataclass(frozen=True, slots=True)
class Allowed:
    """In seconds. What a file of the usual kind needs, what any may need, and by when it has to end while it runs."""

    short_s: float  # of CPU time
    cpu_s: float
    deadline_s: float  # by the clock


class Watcher(Protocol):
    """Whoever has an interest in how an examination goes on. None of it awaits."""

    def grown(self, work: LongWork) -> None:
        """It has taken more than is short."""

    def answered(self, work: LongWork) -> None:
        """The worker needs no more time. It may be told a moment before the examination ends."""


class Examination(Generic[Told]):
    """A file in a worker's hands. Satisfies `turns.LongWork`: it can stand still, go on, or be begun again later."""

    def __init__(
        self,
        worker: WorkerProcess,
        question: Question[Told],
        allowed: Allowed,
        watcher: Watcher,
    ) -> None:
        self._worker, self._allowed = worker, allowed
        self._question: Question[Told] = question
        self._watcher = watcher
        self._began = worker.cpu_s()
        self._began_at = time.monotonic()
        self._spent = 0.0
        self._stood_s, self._stands_since = 0.0, 0.0
        self._overtaken = False
        self._look: asyncio.Timeout | None = None  # while the answer is waited for: when to look at the worker

    async def run(self, body: FileBody) -> Told | WorkerEnd:
        """What the worker says; else how it ended: then it is gone, and also when this is cancelled."""
        outcome: Told | WorkerEnd = "overtaken"
        try:
            await self._worker.allow_cpu(self._began + self._allowed.cpu_s)
            self._worker.when_said(self._said)
            self._question.give(self._worker, body)
            outcome = await self._answered()
            self.go_on()
        except Died:
            return _named(await self._end(kill=False), self._worker)
        except Unheard:
            outcome = "babble"
        except BaseException:
            await self._end()
            raise
        finally:
            self._worker.when_said(None)
        if isinstance(outcome, str):
            await self._end()
        return outcome

    def _said(self, said: bytes) -> None:
        """Whoever says what no worker of ours does has to be ended, and keeps its turn until then."""
        with suppress(Unheard):
            self._question.opened(self._worker, said)
            self._watcher.answered(self)

    async def _end(self, kill: bool = True) -> Ending:
        """The clock of a process that is gone stands at nothing."""
        spent = self.spent()
        ending = await self._worker.end(kill)
        self._spent = max(spent, ending.cpu_s - self._began)
        return ending

    async def _answered(self) -> Told | WorkerEnd:
        """One thread's CPU time is never ahead of the clock, so that what is left of a budget needs no look before."""
        worker, allowed = self._worker, self._allowed
        wait, short = allowed.short_s, True
        while not self._overtaken:
            if (answer := await self._answered_within(self._look_after_s(wait))) is not None:
                return answer
            if worker.has_answered():  # while this process was the one that stood still
                return await self._question.answer(worker)
            if self._stands_since or self._overtaken:
                continue
            spent = self.spent()
            if short and spent >= allowed.short_s:
                short = False
                self._watcher.grown(self)
            left = allowed.cpu_s - spent
            if left <= 0:
                return "budget"
            if self._ran_s() >= allowed.deadline_s:
                return "babble" if worker.waits() else "deadline"
            wait = max(allowed.short_s - spent if short else left, SHORTEST_LOOK_S)
        return "overtaken"

    async def _answered_within(self, seconds: float) -> Told | None:
        try:
            async with asyncio.timeout(seconds) as self._look:
                return await self._question.answer(self._worker)
        except TimeoutError:
            return None
        finally:
            self._look = None

    def _look_after_s(self, wait: float) -> float:
        return LONGEST_LOOK_S if self._stands_since else min(wait, self._allowed.deadline_s - self._ran_s())

    def _ran_s(self) -> float:
        """By the clock, without the time in which it stood still."""
        now = time.monotonic()
        return (self._stands_since or now) - self._began_at - self._stood_s

    def spent(self) -> float:
        """CPU time, in seconds."""
        return max(self._worker.cpu_s() - self._began, self._spent)

    def put_aside(self) -> bool:
        if self._worker.stop():
            self._stands_since = time.monotonic()
        return bool(self._stands_since)

    def go_on(self) -> None:
        if self._stands_since:
            self._stood_s += time.monotonic() - self._stands_since
            self._stands_since = 0.0
            self._worker.go_on()

    def start_again(self) -> None:
        self._overtaken = True
        self._worker.when_said(None)  # its turn is another's
        if self._look is not None and not self._look.expired():
            self._look.reschedule(0)  # at once


def _named(ending: Ending, worker: WorkerProcess) -> WorkerEnd:
    if ending.signal == signal.SIGXCPU or ending.cpu_s >= worker.plan.life_cpu_s:
        return "budget"
    if ending.signal == signal.SIGSYS:
        return "filter"
    if ending.killed:
        return "babble"  # it lived on without its channel
    return "outside" if ending.signal in FROM_OUTSIDE else "crash"
