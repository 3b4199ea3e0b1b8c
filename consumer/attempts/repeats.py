"""When a question may be asked again that was asked in vain. It waits for nothing itself.

What nobody knows can be asked for by anyone who may write an event. So all repeats together get a tenth of the calls
that are allowed, and the more of them were in vain, the nearer to 40 a minute; they borrow nothing of what they left
unused. Each conversation has one turn at a time, which all that wait for it share; and who comes to a turn that was not
his own waits for the next one, so that a thousand ids of one conversation cost as many calls as two of them.

Where several conversations wait, there are two that may be next: the latest, since what is late by seconds is there
when it is asked for again, and need not wait for those that may never come; and the one that waits longest, as where
all of Genesys is late by a minute. The more often one kind is found, lately, the more of the turns it has.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from itertools import count

import anyio

SHARE = 0.1
IN_VAIN_PER_MINUTE = 40.0  # at most, whatever is allowed
LAST_REPEAT = 0.1  # its weight in how many are in vain, or found, lately
MINUTE_S = 60.0
TOGETHER_S = 0.1  # so long the first of a turn waits for those who share it
REMEMBERED_S = 1_200.0  # longer than any wait between two turns of a conversation
LEFT_IN = 64  # places that were left may stay in the line
NEVER = 0.03  # who is never found has so large a part of the turns of who always is


class NextBy(Enum):
    """Who is next: the conversation that came last, or the one that waits longest."""

    LATEST = auto()
    LONGEST = auto()


Key = tuple[int, int]  # the smallest is next; the last part is its own


def jitter_of(of: str) -> float:
    """From 0 to 1, the same for all that ask about a conversation: what was asked in vain together comes together."""
    digest = hashlib.blake2b(of.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


class LinePlace:
    """That of a conversation among those that wait for a turn."""

    __slots__ = ("joined", "not_before", "number", "of", "users", "waits")

    def __init__(self, of: str, number: int, not_before: float) -> None:
        self.of = of
        self.number = number  # in the order in which the conversations came
        self.not_before = not_before
        self.joined: int | None = None  # the line, in that order
        self.users = 0
        self.waits: set[anyio.CancelScope] = set()  # of its users, each to be ended when it is next

    @contextmanager
    def sleeping(self) -> Iterator[anyio.CancelScope]:
        """Surrounds a wait of one of its users, which ends when it is next, or has its turn."""
        with anyio.CancelScope() as wait:
            self.waits.add(wait)
            try:
                yield wait
            finally:
                self.waits.discard(wait)

    def key(self, by: NextBy) -> Key:
        joined = self.joined or 0
        return (-self.number if by is NextBy.LATEST else joined, joined)

    def wake(self) -> None:
        for wait in self.waits:
            wait.cancel()


class Repeats:
    """Times are seconds of one monotonic clock. `per_minute`: the calls that are allowed now. `jitter`: from 0 to 1, of
    all who ask about a conversation."""

    def __init__(self, per_minute: Callable[[], float], jitter: Callable[[str], float] = jitter_of) -> None:
        self._per_minute = per_minute
        self.jitter = jitter
        self._free_at = float("-inf")
        self._turns: dict[str, float] = {}  # the latest one of each conversation
        self._lasts: dict[str, float] = {}  # the same of last questions
        self._swept_at = float("-inf")
        self._in_vain = 1.0  # the share of repeats, lately: more than those few has to be earned
        self._places: dict[str, LinePlace] = {}
        self._line: dict[NextBy, list[tuple[Key, LinePlace]]] = {by: [] for by in NextBy}  # heaps; who left stays in
        self._numbers: dict[str, int] = {}  # of conversations that had a turn
        self._joined = count()
        self._next_by, self._latest = NextBy.LATEST, 0.0  # of the next turn so large a part is the latest's
        self._turn_by: dict[str, NextBy] = {}  # of whose last turn it is not known yet whether it was in vain
        self._found = dict.fromkeys(NextBy, 0.5)  # the share of those turns, lately

    @property
    def pace(self) -> float:
        """Repeats a minute, of all conversations together."""
        most = SHARE * self._per_minute()
        return most + self._in_vain * (min(most, IN_VAIN_PER_MINUTE) - most)

    def answered(self, of: str, found: bool) -> None:
        """A repeat about the conversation `of` was answered."""
        self._in_vain += LAST_REPEAT * ((not found) - self._in_vain)
        if (by := self._turn_by.pop(of, None)) is not None:
            self._found[by] += LAST_REPEAT * (found - self._found[by])

    # ---- turns

    def shared(self, of: str, now: float) -> float | None:
        """A turn of the conversation that began so lately that whoever comes now has it, too."""
        turn = self._turns.get(of)
        return turn if turn is not None and turn >= now - TOGETHER_S else None

    @contextmanager
    def waiting(self, of: str, number: int, waited_s: float = 0.0, own: float | None = None) -> Iterator[LinePlace]:
        """The place that the conversation has already, or one for it. `number`: of the one who asks, in the order in
        which they began; `waited_s`: how long he has waited since he asked last; `own`: the turn that he had before."""
        place = self._places.get(of)
        if place is None:
            turn = self._turns.get(of)
            not_before = float("-inf") if turn is None or turn == own else turn + 2 * waited_s
            place = self._places[of] = LinePlace(of, self._numbers.get(of, number), not_before)
        place.users += 1
        try:
            yield place
        finally:
            place.users -= 1
            if not place.users and self._places.get(of) is place:
                self._leave(place)

    def _join(self, place: LinePlace) -> None:
        place.joined = next(self._joined)
        for by, line in self._line.items():
            if len(line) > 2 * len(self._places) + LEFT_IN:
                line[:] = [(one.key(by), one) for one in self._places.values() if one.joined is not None]
                heapq.heapify(line)
            else:
                heapq.heappush(line, (place.key(by), place))

    def due_s(self, place: LinePlace, now: float) -> float | None:
        """Seconds until its turn, or until it may join the line; None while others are before it: it is woken."""
        if now < place.not_before:
            return place.not_before - now
        if place.joined is None:
            self._join(place)
        return max(self._free_at - now, 0.0) if self._next is place else None

    def take(self, place: LinePlace, now: float) -> float:
        """Its turn, now: to be called once it is due."""
        self._sweep(now)
        self._turns[place.of] = now
        self._numbers[place.of] = place.number
        self._free_at = max(now, self._free_at) + MINUTE_S / self.pace
        if len(self._places) > 1:
            self._turn_by[place.of] = self._next_by
        latest, longest = (NEVER + self._found[by] for by in NextBy)
        self._latest += latest / (latest + longest)
        self._next_by = NextBy.LATEST if self._latest >= 1.0 else NextBy.LONGEST
        self._latest %= 1.0
        self._leave(place)
        place.wake()
        return now

    @property
    def _next(self) -> LinePlace | None:
        line = self._line[self._next_by]
        while line:
            place = line[0][1]
            if self._places.get(place.of) is place:
                return place
            heapq.heappop(line)
        return None

    def _leave(self, place: LinePlace) -> None:
        del self._places[place.of]
        if not self._places:
            for line in self._line.values():
                line.clear()
        elif (following := self._next) is not None:
            following.wake()

    # ---- last questions

    def last(self, of: str, now: float, apart_s: float) -> float:
        """When the last question about the conversation `of` is asked: free, and those that come soon after one
        another together."""
        before = self._lasts.get(of)
        if before is not None and before >= now - TOGETHER_S:
            return before
        self._lasts[of] = now if before is None else max(now, before + apart_s)
        return self._lasts[of]

    def _sweep(self, now: float) -> None:
        if now - self._swept_at > MINUTE_S:
            self._swept_at = now
            for kept in (self._turns, self._lasts):
                for old in [of for of, at in kept.items() if at < now - REMEMBERED_S]:
                    del kept[old]
            for old in self._numbers.keys() - self._turns.keys():
                del self._numbers[old]
                self._turn_by.pop(old, None)
