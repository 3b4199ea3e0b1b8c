"""Whether what was refused for one object is refused for everybody: asked of what cannot exist.

A 403 or a 400 settles nothing by itself. It does once two questions that began after it were answered: whose token it
is (the client, and the address that it calls from), and the same call about an id that cannot exist (the permission);
and once all of that came again, some time after (`attempts.flapping`).
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import anyio

from consumer.errors import Failure, Refused
from consumer.model import Condition

KEPT_S = 60.0  # a refusal is believed so long; and where many are refused alone, two rounds are so far apart at most
REMEMBERED = 100
MANY = 10
SHARE = 0.2


class Reports(Protocol):
    def begin(self, condition: Condition, detail: str = "", about: str = "") -> None: ...
    def end(self, condition: Condition, about: str = "") -> None: ...


Ask = Callable[[str, bool], Awaitable[object]]
"""Asks both questions for a call's name; raises `Refused`, or the failure of whoever did not answer. The flag: whether
a 400 about what cannot exist is a refusal as well."""


@dataclass(slots=True)
class _Round:
    """The last two questions about the calls of one name."""

    began: float = float("-inf")  # by the clock
    turn: int = 0  # in the order of refusals and rounds
    failure: Failure | None = None
    passed: int = 0  # rounds in a row
    lock: anyio.Lock = field(default_factory=anyio.Lock)


class Refusals:
    """However many are refused, one round of questions runs for each name of a call."""

    def __init__(
        self,
        ask: Ask,
        *,
        reports: Reports,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._ask = ask
        self._reports = reports
        self._now = now
        self._sleep = sleep
        self._rounds: defaultdict[tuple[str, bool], _Round] = defaultdict(_Round)
        self._latest: deque[bool] = deque(maxlen=REMEMBERED)  # whether an object was refused alone
        self.are_many = False  # such objects, and it is told
        self._turn = 0

    async def check(self, call: str, strict: bool) -> None:
        """Returns when it is known that only this one object is refused. Raises what was answered else."""
        self._turn += 1
        refused = self._turn
        latest = self._rounds[call, strict]
        async with latest.lock:
            if not self._is_settled(latest, refused):
                await self._sleep(max(0.0, latest.began + _apart_s(latest.passed) - self._now()))
                await self._go_round(latest, call, strict)
        if latest.failure is not None:
            raise latest.failure.with_traceback(None)

    def _is_settled(self, latest: _Round, refused: int) -> bool:
        if latest.turn > refused:
            return True
        return isinstance(latest.failure, Refused) and self._now() - latest.began < KEPT_S

    async def _go_round(self, latest: _Round, call: str, strict: bool) -> None:
        if self._now() - latest.began > 2 * KEPT_S:
            latest.passed = 0
        self._turn += 1
        began, turn = self._now(), self._turn
        try:
            await self._ask(call, strict)
        except Failure as failure:
            latest.failure, latest.passed = failure, 0
        else:
            latest.failure, latest.passed = None, latest.passed + 1
        latest.began, latest.turn = began, turn

    def forget(self) -> None:
        """Access was checked and is there: what was refused before is not believed any more."""
        for latest in self._rounds.values():
            latest.failure = None

    def note(self, alone: bool) -> None:
        """Of each object that was answered, or refused alone: a large share of those is told."""
        self._latest.append(alone)
        many = sum(self._latest)
        if many >= MANY and many >= SHARE * len(self._latest):
            if not self.are_many:
                self.are_many = True
                self._reports.begin(Condition.MANY_FORBIDDEN, f"{many} of the last {len(self._latest)} calls")
        elif self.are_many and many < SHARE / 2 * len(self._latest):
            self.are_many = False
            self._reports.end(Condition.MANY_FORBIDDEN)


def _apart_s(passed: int) -> float:
    """Between the beginnings of two rounds: at once after the first, then doubling."""
    return min(KEPT_S, 2.0 ** (passed - 1)) if passed > 1 else 0.0
