"""How many tasks may be in flight, over all partitions of the process, and how many more may rest."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import Protocol

import anyio

from consumer.model import Condition
from consumer.settings.model import LimitSettings

SHARE, SMALLEST_SHARE = 8, 64  # a conversation has an eighth of the tasks in flight, or this many


class Reports(Protocol):
    def in_flight(self, tasks: int, resting: int) -> None:
        """How many tasks are, and how many only wait."""

    def begin(self, condition: Condition, detail: str = "", about: str = "") -> None: ...
    def end(self, condition: Condition, about: str = "") -> None: ...


class Waiters(Protocol):
    """Those who wait for what may never come (`attempts.Crowd`)."""

    def takes_most(self, resting: int, of_bytes: bool) -> bool:
        """Of so many tasks, or bytes of them, that rest."""

    def thin(self, of_bytes: bool) -> None:
        """Gives one of them up, unless there is none, or one is about to leave. `of_bytes`: it is not their number
        that is too large."""


class SeatState(Enum):
    FLIES = auto()
    RESTS = auto()
    QUEUES = auto()  # it has not begun: its conversation has as many in flight as it may
    OVER = auto()


class Seat:
    """One task's. It rests while none of its parts does more than wait."""

    __slots__ = ("_begins", "_doing", "_room", "of", "size", "state")

    def __init__(self, room: Room, of: bytes, size: int) -> None:
        self.of, self.size = of, size
        self.state = SeatState.QUEUES
        self._room = room
        self._doing = 1  # parts that do something
        self._begins: anyio.Event | None = None

    async def begin(self) -> None:
        """Waits for its turn among those of its conversation."""
        if self.state is SeatState.QUEUES:
            self._begins = anyio.Event()
            await self._begins.wait()

    def may_begin(self) -> None:
        if self._begins is not None:
            self._begins.set()

    def works(self, more: int) -> None:
        """So many more parts do something; fewer, if negative."""
        self._doing += more
        state = SeatState.FLIES if self._doing > 0 else SeatState.RESTS
        if self.state is not state and self.state is not SeatState.OVER:
            self._room.moved(self, state)


class Room:
    """Tasks in flight and their bytes, over all partitions of the process. What only waits is not in flight, and no
    conversation takes all of it: what is beyond its share waits like others do."""

    def __init__(self, limits: LimitSettings, crowd: Waiters, reports: Reports) -> None:
        self._limits, self._crowd, self._reports = limits, crowd, reports
        self._share = max(limits.tasks // SHARE, SMALLEST_SHARE)
        self._tasks = self._bytes = 0
        self._resting = self._resting_bytes = 0
        self._in_flight_of: dict[bytes, int] = {}  # conversation → tasks
        self._queues: dict[bytes, deque[Seat]] = {}
        self._told = False
        self.changed = anyio.Event()

    @property
    def tasks(self) -> int:
        """How many more tasks may be taken now. For those who may be given up the intake never stops."""
        if self._bytes >= self._limits.task_bytes or self.is_full:
            return 0
        return max(self._limits.tasks - self._tasks, 0)

    @property
    def is_full(self) -> bool:
        """More rest than may, and most of them may not be given up."""
        return self._is_crowded and not self._may_thin

    @property
    def taken_bytes(self) -> int:
        return self._bytes

    @property
    def taken(self) -> float:
        """How much of it is taken: 0 to 1, and more while many that rested go on."""
        return self._tasks / self._limits.tasks

    @property
    def resting(self) -> int:
        return self._resting

    @property
    def _is_crowded(self) -> bool:
        return self._resting > self._limits.resting or self._resting_bytes > self._limits.resting_bytes

    @property
    def _is_of_bytes(self) -> bool:
        """Not their number is too large."""
        return self._resting <= self._limits.resting

    @property
    def _may_thin(self) -> bool:
        resting = self._resting_bytes if self._is_of_bytes else self._resting
        return self._crowd.takes_most(resting, self._is_of_bytes)

    def started(self, of: bytes, size: int) -> Seat:
        """A task of that conversation was taken."""
        seat = Seat(self, of, size)
        if self._in_flight_of.get(of, 0) < self._share:
            self._fly(seat)
        else:
            self._queues.setdefault(of, deque()).append(seat)
            self._rest(seat, 1)
        return seat

    def ended(self, seat: Seat) -> None:
        self.moved(seat, SeatState.OVER)

    def moved(self, seat: Seat, state: SeatState) -> None:
        """It goes on, rests or is over."""
        before, seat.state = seat.state, state
        if before is SeatState.FLIES:
            self._land(seat)
        else:
            self._rest(seat, -1)
        if before is SeatState.QUEUES:
            self._leave_queue(seat)
        if state is SeatState.FLIES:
            self._fly(seat)
        elif state is SeatState.RESTS:
            self._rest(seat, 1)
        if before is SeatState.FLIES:
            self._next_of(seat.of)
            self.wake()
        if self._is_crowded and self._may_thin:
            self._crowd.thin(self._is_of_bytes)

    def look(self) -> None:
        """Tells whether the intake waits for those who rest. To be called about every second."""
        if self.is_full and not self._told:
            self._told = True
            self._reports.begin(Condition.TOO_MANY_REST, f"{self._resting} tasks, {self._resting_bytes} bytes")
        elif self._told and not self.is_full:
            self._told = False
            self._reports.end(Condition.TOO_MANY_REST)

    def wake(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()

    # ---- books

    def _fly(self, seat: Seat) -> None:
        seat.state = SeatState.FLIES
        self._in_flight_of[seat.of] = self._in_flight_of.get(seat.of, 0) + 1
        self._count(1, seat.size)

    def _land(self, seat: Seat) -> None:
        if left := self._in_flight_of[seat.of] - 1:
            self._in_flight_of[seat.of] = left
        else:
            del self._in_flight_of[seat.of]
        self._count(-1, -seat.size)

    def _next_of(self, conversation: bytes) -> None:
        queue = self._queues.get(conversation)
        if queue and self._in_flight_of.get(conversation, 0) < self._share:
            seat = queue[0]
            self.moved(seat, SeatState.FLIES)
            seat.may_begin()

    def _leave_queue(self, seat: Seat) -> None:
        queue = self._queues[seat.of]
        queue.remove(seat)  # mostly the first one
        if not queue:
            del self._queues[seat.of]

    def _count(self, tasks: int, size: int) -> None:
        self._tasks += tasks
        self._bytes += size
        self._reports.in_flight(self._tasks, self._resting)

    def _rest(self, seat: Seat, tasks: int) -> None:
        self._resting += tasks
        self._resting_bytes += tasks * seat.size
        self._reports.in_flight(self._tasks, self._resting)
