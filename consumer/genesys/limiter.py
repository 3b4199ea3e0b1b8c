"""How fast the API may be called, and how often at once: below what it allows (`pace`).

Calls are next by conversation. Questions that can wait (`urgency`), and those that have waited, join that line one at a
time, when a call is to spare, and are next when a tenth of all is owed to them. Of each of the two kinds few are under
way, and some time apart: thousands that wait must not take the event loop from whoever comes. What is
asked again in a turn of all repeats (`attempts.repeats`) has waited for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, Protocol

import anyio

from consumer.genesys.holds import Holds, RateLimit
from consumer.genesys.pace import Pace
from consumer.genesys.urgency import Urgency
from consumer.model.resting import AGAIN, IN_ITS_TURN, resting
from consumer.turns import SHORT, Slots, Turn

STEP_S = 5.0
AT_ONCE = 64
FEW = 4  # calls of one kind that can wait, at once
APART_S = 0.01  # between two of them: more than any allowance needs, and the event loop is everybody's as well
LATE_WEIGHT = 4  # further apart by so many times what the event loop is late
LOOK_S = 0.01
ROUNDED_S = 0.0001
OWED_AFTER = 9  # calls; the tenth is owed to those that can wait
OWED, USUAL = 0, 1  # ranks


class Reports(Protocol):
    def waited_for_the_limit(self, seconds: float) -> None: ...

    def limited(self, call: str, seconds: float, asked_s: float) -> None:
        """Calls of this name, or all of them (""), wait for `seconds`; `asked_s` is what was asked for."""

    def limit_over(self) -> None: ...


class Unhurried:
    """Calls of one kind that can wait: they leave the event loop, and not only calls, to others."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.line = Slots(1, clock=now)  # which of them joins the line of all next
        self.under_way = 0
        self._next_at = now()

    def wait_s(self, now: float) -> float:
        """Seconds until the next one may begin."""
        seconds = self._next_at - now
        return seconds if seconds > ROUNDED_S else 0.0

    def begins(self, at: float, late_s: float) -> None:
        """`late_s`: how late the event loop is, lately."""
        self.under_way += 1
        self._next_at = at + APART_S + LATE_WEIGHT * late_s


class Begun(NamedTuple):
    """A call that has begun, and ends in `Limiter.answered` or `Limiter.lost`."""

    at: float
    unhurried: Unhurried | None


class Limiter:
    """One for all calls of the process; the next one is of the conversation that had fewest in the last minute."""

    def __init__(
        self,
        per_minute: int,
        *,
        at_once: int = AT_ONCE,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        reports: Reports,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._reports = reports
        self._pace = Pace(per_minute, now())
        self._holds = Holds()
        self._met = 0  # limits that were met: whoever got its turn before one has to look again
        self._told = False
        self._urgency = Urgency(now())
        self._line = Slots(1, clock=now)  # whose call is next; each costs 1
        self._doubtful = Unhurried(now)  # what may not be there
        self._again = Unhurried(now)  # what has waited
        self.at_once = at_once
        self.begun = 0  # calls, so far
        self.under_way = 0  # calls
        self._ended = asyncio.Event()  # one of them
        self._late_s = 0.0  # so much longer than asked for took the last wait

    @property
    def allowed(self) -> int:
        """Calls a minute, as the API said last."""
        return self._pace.allowed

    @property
    def free(self) -> int:
        """Calls that are left of the minute that runs."""
        return self._pace.free(self._now())

    @property
    def a_second(self) -> float:
        """Calls that this process lets through at most, in the long run."""
        return self._pace.per_second

    async def turn(self, call: str, conversation: str, about: str = "") -> Begun:
        """Waits until a call of this name may begin. It must end in `answered` or `lost`.

        `about`: what it asks for, if that may not be there: then `told` is to be called as well.
        """
        together = min(self._pace.burst, self.at_once)
        in_its_turn = IN_ITS_TURN.get()
        doubtful = not in_its_turn and self._urgency.can_wait(
            call, about, self._now(), per_second=self.a_second, together=together
        )
        has_waited = AGAIN.get() and not in_its_turn
        unhurried = self._doubtful if doubtful else self._again if has_waited else None
        while True:
            met = await self._held(call)  # not later: what one limit holds must not be next
            if unhurried is None:
                began = await self._next_in_line(conversation, met)
            else:
                began = await self._next_unhurried(unhurried, conversation, met)
            if began is not None:
                return Begun(began, unhurried)

    async def _next_unhurried(self, unhurried: Unhurried, conversation: str, met: int) -> float | None:
        """It joins the line when a call is to spare, or is owed."""
        began: float | None = None
        turn = await _taken(unhurried.line, conversation)
        try:
            while unhurried.under_way >= FEW:
                await self._until_one_ends()
            owed_at = self.begun + OWED_AFTER
            while self.begun < owed_at and (seconds := self._until_spare(unhurried)) > 0:
                await self._wait(min(seconds, (owed_at - self.begun) / self.a_second))
            began = await self._next_in_line(conversation, met, OWED if self.begun >= owed_at else USUAL)
            if began is not None:
                unhurried.begins(began, self._late_s)
        finally:
            unhurried.line.give_back(turn, 0.0 if began is None else 1.0)
        return began

    def _until_spare(self, unhurried: Unhurried) -> float:
        """Seconds until a call may be to spare: nobody is in the line, and enough are left to others."""
        now = self._now()
        at_least = max(LOOK_S, 1.0 / self.a_second) if self._line.taken else 0.0
        return max(self._pace.wait_s(now, self._urgency.left_share), at_least, unhurried.wait_s(now))

    async def _next_in_line(self, conversation: str, met: int, rank: int = USUAL) -> float | None:
        began: float | None = None
        turn = await _taken(self._line, conversation, rank)
        try:
            while self.under_way >= self.at_once:  # only who is next waits here
                await self._until_one_ends()
            self.under_way += 1
            began = await self._begun(met)
        finally:
            self._line.give_back(turn, 0.0 if began is None else 1.0)
        return began

    async def _begun(self, met: int) -> float | None:
        """When the call of a slot began; None, and the slot is given back, if a limit was met meanwhile."""
        began = None
        try:
            while began is None and met == self._met:
                if seconds := self._pace.take(self._now()):
                    await self._wait(seconds)
                else:
                    began = self._now()
                    self.begun += 1
        finally:
            if began is None:
                self._give_up()
        return began

    async def _held(self, call: str) -> int:
        """Waits while a limit holds the call, in short steps: another's answer may end it at any time."""
        while (seconds := self._holds.wait_s(self._now(), call)) > 0:
            await self._wait(min(seconds, STEP_S))
        self._tell_end()
        return self._met

    async def _wait(self, seconds: float) -> None:
        began = self._now()
        with resting():
            await self._sleep(seconds)
        self._late_s = max(self._now() - began - seconds, 0.0)
        self._reports.waited_for_the_limit(seconds)

    async def _until_one_ends(self) -> None:
        self._ended.clear()
        with resting():
            await self._ended.wait()

    def answered(self, call: str, begun: Begun, headers: Mapping[str, str], *, good: bool) -> None:
        """`good`: it was answered as it should be, so that no limit stood in its way."""
        self._end(begun)
        self._pace.answered(self._now(), headers)
        if good:
            self._holds.answered(self._now(), call, begun.at)
            self._tell_end()

    def told(self, call: str, about: str, *, there: bool) -> None:
        """Whether what a call asked for is there."""
        self._urgency.answered(call, about, there)

    def lost(self, begun: Begun) -> None:
        self._end(begun)
        self._pace.lost()

    def _end(self, begun: Begun) -> None:
        if begun.unhurried is not None:
            begun.unhurried.under_way -= 1
        self._give_up()

    def _give_up(self) -> None:
        self.under_way -= 1
        self._ended.set()

    def limited(self, call: str, limit: RateLimit, seconds: float) -> None:
        """The answer to a call was that there are too many."""
        self._met += 1
        held, kept = self._holds.limited(self._now(), call, limit, seconds)
        self._told = True
        self._reports.limited(held, kept, seconds)

    def _tell_end(self) -> None:
        if self._told and self._holds.until(self._now()) <= self._now():
            self._told = False
            self._reports.limit_over()


async def _taken(line: Slots, conversation: str, rank: int = SHORT) -> Turn:
    """The turn in that line. Whoever has to wait for it rests; to say so where nobody waits would cost each call."""
    if not line.taken:
        return await line.take(conversation, rank)
    with resting():
        return await line.take(conversation, rank)
