"""How fast the API may be called, and how often at once: below what it allows, whoever else uses the same allowance.

A bucket refills at 80 % of the allowed calls and holds 10 % of them, so no 60 seconds, wherever they begin, see more
than 90 %. The API's headers say what is allowed and what it has counted; so the calls of other processes show, and at
95 % of the window this one waits for the next.

Calls are next by conversation; but questions that can wait (`urgency`) join that line one at a time, when a call is to
spare, and are next when a tenth of all is owed to them. What is asked again in a turn of all repeats has waited for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import anyio

from consumer.genesys.holds import Holds, RateLimit
from consumer.genesys.urgency import Urgency
from consumer.model.repeated import IN_ITS_TURN
from consumer.model.resting import resting
from consumer.turns import SHORT, Slots, Turn

WINDOW_S = 60.0
REFILL_SHARE = 0.8
BURST_SHARE = 0.1
CEILING_SHARE = 0.95
LONGEST_WINDOW_S = 120  # a wrong header must not stop the calls for days
SAME_WINDOW_S = 2.0  # the headers give whole seconds
STEP_S = 5.0
AT_ONCE = 64
LOOK_S = 0.01
OWED_AFTER = 9  # calls; the tenth is owed to those that can wait
OWED, USUAL = 0, 1  # ranks


class Pace:
    """The pure core: no clock, no waiting. Times are seconds of one monotonic clock."""

    def __init__(self, per_minute: int, now: float) -> None:
        self._allow(per_minute)
        self._tokens = self.burst
        self._refilled_at = now
        self._window_end = now
        self._counted = 0  # by the API, in its window
        self._in_flight = 0

    def _allow(self, per_minute: int) -> None:
        self.allowed = per_minute
        self.burst = max(1.0, per_minute * BURST_SHARE)
        self.per_second = per_minute * REFILL_SHARE / WINDOW_S
        self._ceiling = max(1.0, per_minute * CEILING_SHARE)

    def take(self, now: float) -> float:
        """0 and the call is counted as begun, or the seconds after which to ask again."""
        if seconds := self.wait_s(now):
            return seconds
        self._tokens -= 1.0
        self._in_flight += 1
        return 0.0

    def wait_s(self, now: float, left_share: float = 0.0) -> float:
        """The seconds after which a call may begin and leave that share of a full bucket; 0 for now."""
        self._refill(now)
        if now < self._window_end and self._counted + self._in_flight >= self._ceiling:
            return self._window_end - now
        wanted = min(1.0 + left_share * self.burst, self.burst)
        return (wanted - self._tokens) / self.per_second if wanted > self._tokens else 0.0

    def lost(self) -> None:
        """A call that was begun ended without an answer."""
        self._in_flight -= 1

    def answered(self, now: float, headers: Mapping[str, str]) -> None:
        """A call that was begun was answered with these headers."""
        self._in_flight -= 1
        allowed = _number(headers.get("inin-ratelimit-allowed"))
        counted = _number(headers.get("inin-ratelimit-count"))
        reset_s = _number(headers.get("inin-ratelimit-reset"))
        if allowed and allowed != self.allowed:
            self._refill(now)
            self._allow(allowed)
            self._tokens = min(self._tokens, self.burst)
        if counted is not None and reset_s is not None:
            self._note_window(now + min(reset_s, LONGEST_WINDOW_S), counted)

    def _note_window(self, end: float, counted: int) -> None:
        if end > self._window_end + SAME_WINDOW_S:
            self._window_end, self._counted = end, counted
        elif end >= self._window_end - SAME_WINDOW_S:
            self._counted = max(self._counted, counted)

    def free(self, now: float) -> int:
        """Calls of this window that no client of the organisation has used, as far as the API told."""
        counted = self._counted if now < self._window_end else 0
        return max(self.allowed - counted - self._in_flight, 0)

    def _refill(self, now: float) -> None:
        if now > self._refilled_at:
            self._tokens = min(self.burst, self._tokens + (now - self._refilled_at) * self.per_second)
        self._refilled_at = now


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 7 else None


class Reports(Protocol):
    def waited_for_the_limit(self, seconds: float) -> None: ...

    def limited(self, call: str, seconds: float, asked_s: float) -> None:
        """Calls of this name, or all of them (""), wait for `seconds`; `asked_s` is what was asked for."""

    def limit_over(self) -> None: ...


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
        self._unhurried = Slots(1, clock=now)  # which of those that can wait joins that line next
        self.at_once = at_once
        self.begun = 0  # calls, so far
        self.under_way = 0  # calls
        self._ended = asyncio.Event()  # one of them

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

    async def turn(self, call: str, conversation: str, about: str = "") -> float:
        """Waits until a call of this name may begin; the time at which it does. It must end in `answered` or `lost`.

        `about`: what it asks for, if that may not be there: then `told` is to be called as well.
        """
        together = min(self._pace.burst, self.at_once)
        can_wait = not IN_ITS_TURN.get() and self._urgency.can_wait(
            call, about, self._now(), per_second=self.a_second, together=together
        )
        next_one = self._next_unhurried if can_wait else self._next_in_line
        while True:
            met = await self._held(call)  # not later: what one limit holds must not be next
            if (began := await next_one(conversation, met)) is not None:
                return began

    async def _next_unhurried(self, conversation: str, met: int) -> float | None:
        """It joins the line when a call is to spare, or is owed."""
        began: float | None = None
        turn = await _taken(self._unhurried, conversation)
        try:
            owed_at = self.begun + OWED_AFTER
            while self.begun < owed_at and (seconds := self._until_spare()) > 0:
                await self._wait(min(seconds, (owed_at - self.begun) / self.a_second))
            began = await self._next_in_line(conversation, met, OWED if self.begun >= owed_at else USUAL)
        finally:
            self._unhurried.give_back(turn, 0.0 if began is None else 1.0)
        return began

    def _until_spare(self) -> float:
        """Seconds until a call may be to spare: nobody is in the line, and enough are left to others."""
        at_least = max(LOOK_S, 1.0 / self.a_second) if self._line.taken else 0.0
        return max(self._pace.wait_s(self._now(), self._urgency.left_share), at_least)

    async def _next_in_line(self, conversation: str, met: int, rank: int = USUAL) -> float | None:
        began: float | None = None
        turn = await _taken(self._line, conversation, rank)
        try:
            while self.under_way >= self.at_once:  # only who is next waits here
                self._ended.clear()
                await self._ended.wait()
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
                self._end()
        return began

    async def _held(self, call: str) -> int:
        """Waits while a limit holds the call, in short steps: another's answer may end it at any time."""
        while (seconds := self._holds.wait_s(self._now(), call)) > 0:
            await self._wait(min(seconds, STEP_S))
        self._tell_end()
        return self._met

    async def _wait(self, seconds: float) -> None:
        with resting():
            await self._sleep(seconds)
        self._reports.waited_for_the_limit(seconds)

    def answered(self, call: str, began: float, headers: Mapping[str, str], *, good: bool) -> None:
        """`good`: it was answered as it should be, so that no limit stood in its way."""
        self._end()
        self._pace.answered(self._now(), headers)
        if good:
            self._holds.answered(self._now(), call, began)
            self._tell_end()

    def told(self, call: str, about: str, *, there: bool) -> None:
        """Whether what a call asked for is there."""
        self._urgency.answered(call, about, there)

    def lost(self) -> None:
        self._end()
        self._pace.lost()

    def _end(self) -> None:
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
