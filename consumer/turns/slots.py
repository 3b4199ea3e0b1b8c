"""Room for so many at once, waited for in the order of a `Queue`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from consumer.turns.queue import Queue
from consumer.turns.turn import SHORT, Stand, Turn


class LongWork(Protocol):
    """Work that has grown, and can make room for shorter work. None of it awaits."""

    def spent(self) -> float:
        """What it has cost so far."""

    def put_aside(self) -> bool:
        """It stands still and keeps what it has done; False if it can't."""

    def go_on(self) -> None: ...

    def start_again(self) -> None:
        """What it has done is thrown away: whoever runs it waits for its turn once more, by `Slots.again`."""


class Slots:
    """`room` units; one slot takes one of them if nothing else is said. Costs nothing but the books while nobody waits.

    The cost of a turn is what its holder says, or else the seconds for which it had the slot.
    """

    def __init__(
        self,
        room: int,
        *,
        aside: int = 0,
        again: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._queue = Queue(room, clock(), aside=aside, again=again)
        self._come: dict[Turn, asyncio.Event] = {}  # of those that wait and have not begun
        self._grown: dict[Turn, LongWork] = {}

    @property
    def room(self) -> int:
        return self._queue.room

    @property
    def taken(self) -> int:
        return self._queue.room - self._queue.free

    @property
    def waiting(self) -> int:
        return self._queue.waiting

    def running_of(self, conversation: str) -> int:
        """How many turns of that conversation run."""
        return self._queue.running_of(conversation)

    async def take(
        self, conversation: str, rank: int = SHORT, size: int = 1, when_long: Callable[[], None] | None = None
    ) -> Turn:
        """Waits for the turn. It must end in `give_back`. `when_long`: called if it waits with the long ones."""
        turn = self._queue.ask(conversation, rank, self._clock(), size)
        turn.when_long = when_long
        if turn.stand is not Stand.RUNS:
            await self.again(turn)
        return turn

    def has(self, size: int = 1) -> bool:
        """Whether a turn of that size would begin at once."""
        return not self._queue.waiting and size <= self._queue.free

    async def again(self, turn: Turn) -> None:
        """Waits until it runs. What is cancelled meanwhile is given back."""
        if turn.stand is Stand.RUNS:
            return
        come = self._come.setdefault(turn, asyncio.Event())
        if self._queue.free or self._grown:
            self._settle()
        try:
            await come.wait()
        except BaseException:
            self.give_back(turn, turn.cost)
            raise

    def give_back(self, turn: Turn, cost: float) -> None:
        """`cost`: all that it cost. May be called again."""
        if turn.stand is Stand.OVER:
            return
        self._grown.pop(turn, None)
        self._come.pop(turn, None)
        self._queue.end(turn, cost, self._clock())
        if self._queue.waiting:
            self._settle()

    def shrink(self, turn: Turn, size: int) -> None:
        """It runs, and takes less of the room from now on."""
        self._queue.shrink(turn, size)
        if self._queue.waiting:
            self._settle()

    def grown(self, turn: Turn, rank: int, work: LongWork) -> None:
        """It has cost so much that it is of that rank from now on, and makes room for lower ones."""
        if turn.stand is Stand.OVER:
            return
        self._grown[turn] = work
        self._queue.grown(turn, rank, work.spent(), self._clock())
        if self._queue.waiting:
            self._settle()

    def _settle(self) -> None:
        """Whoever can begin does, whoever is in the way of shorter ones makes room."""
        queue, now = self._queue, self._clock()
        while True:
            while (turn := queue.admit(now)) is not None:
                if (come := self._come.pop(turn, None)) is not None:
                    come.set()
                else:
                    self._grown[turn].go_on()
            if not self._grown or not self._made_room(now):
                return

    def _made_room(self, now: float) -> bool:
        turn = self._queue.in_the_way(now, self._grown, lambda turn: self._grown[turn].spent())
        if turn is None:
            return False
        work = self._grown[turn]
        if not self._queue.can_put_aside:
            self._queue.start_again(turn, work.spent(), now)
            del self._grown[turn]
            self._come[turn] = asyncio.Event()
            work.start_again()
        elif work.put_aside():
            self._queue.put_aside(turn, work.spent(), now)
        else:
            del self._grown[turn]  # it is in the way for good
        return True
