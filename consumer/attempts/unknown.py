"""What nobody knows, asked for again: repeats come when it is their turn, and the last question when it was waited for
long enough, however many there were in between; also what others gave up before, be it for a forged event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial

from consumer.attempts.backoff import Backoff
from consumer.attempts.repeats import TOGETHER_S, Repeats
from consumer.model.resting import IN_ITS_TURN

ROUNDED_S = 0.001  # what sums of seconds may lack
LASTS = 16  # of last questions about one conversation so many at most come in the time of all attempts


@dataclass(slots=True)
class Unknown:
    """One question, over all its repeats. `of`: the conversation that is asked about; `number`: whoever asks;
    `given_up`: in vain before, so that the first is a repeat."""

    repeats: Repeats
    backoff: Backoff
    clock: Callable[[], float]
    rest: Callable[[float], Awaitable[None]]
    of: str
    number: int
    given_up: bool
    _asked: int = field(default=0, init=False)
    _waited_s: float = field(default=0.0, init=False)
    _turn: float | None = field(default=None, init=False)  # the latest of its conversation that it had

    async def wait_first(self) -> None:
        """Before the first question about what was given up."""
        self._waited_s += await self._wait_for_a_turn(self.backoff.over_s)
        await self._wait_for_the_last()

    def answered(self) -> None:
        if self._asked:
            self.repeats.answered(self.of, found=True)

    def in_vain(self, retry_after_s: float | None) -> float | None:
        """It was asked in vain. Seconds until it may be asked again; None if that was the last time."""
        IN_ITS_TURN.set(False)
        self._asked += 1
        if self.given_up or self._asked > 1:
            self.repeats.answered(self.of, found=False)
        backoff = self.backoff
        if self.of:
            backoff = replace(backoff, jitter=partial(self.repeats.jitter, self.of))
        left_s = backoff.over_s - self._waited_s
        if self._asked >= backoff.attempts or left_s < ROUNDED_S:
            return None
        return min(backoff.wait_s(self._asked, retry_after_s), left_s)

    async def wait(self, wait_s: float) -> None:
        """So long, and for its turn."""
        left_s = self.backoff.over_s - self._waited_s
        self._waited_s += wait_s
        await self.rest(wait_s)
        if wait_s < left_s:
            self._waited_s += await self._wait_for_a_turn(left_s - wait_s, wait_s)
        await self._wait_for_the_last()

    async def _wait_for_the_last(self) -> None:
        """If all the time is over: with others of its conversation."""
        over_s, now = self.backoff.over_s, self.clock()
        if self.of and over_s - self._waited_s < ROUNDED_S:
            await self.rest(self.repeats.last(self.of, now, over_s / LASTS) + TOGETHER_S - now)

    async def _wait_for_a_turn(self, at_most_s: float, waited_s: float = 0.0) -> float:
        """Among all repeats; how long it took, in seconds."""
        began = self.clock()
        latest = began + at_most_s
        turn = self._turn = await self._in_line(began, latest, waited_s)
        IN_ITS_TURN.set(turn is not None)
        over = latest if turn is None else turn + TOGETHER_S
        if (left_s := over - self.clock()) > 0:
            await self.rest(left_s)
        return over - began

    async def _in_line(self, now: float, latest: float, waited_s: float) -> float | None:
        """The turn that it gets, alone or with others of its conversation; None if there is none until then."""
        repeats = self.repeats
        with repeats.waiting(self.of, self.number, waited_s, self._turn) as place:
            while now < latest:
                if (turn := repeats.shared(self.of, now)) is not None:
                    return turn
                if (due_s := repeats.due_s(place, now)) == 0:
                    return repeats.take(place, now)
                wait_s = latest - now if due_s is None else min(due_s, latest - now)
                with place.sleeping() as scope:
                    await self.rest(wait_s)
                now = self.clock() if scope.cancelled_caught else max(self.clock(), now + wait_s)
        return None
