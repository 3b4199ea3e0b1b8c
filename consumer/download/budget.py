"""How many bytes of files may be in memory at once, over all downloads of the process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Self

import anyio


class Budget:
    """First come, first served: a large body waits for its turn and is not overtaken by small ones for ever.

    Nobody waits here while holding bytes of this budget, since a body reserves once and for all: no deadlock.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.reserved = 0
        self._waiting: deque[Reservation] = deque()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def reserve(self, size: int) -> Reservation:
        """Waits until `size` bytes are free. Raises `ValueError` for more than the whole budget, never to be free."""
        if size > self.total:
            raise ValueError("more than the whole budget")
        reservation = Reservation(self, size)
        self._waiting.append(reservation)
        self._admit()
        try:
            await reservation.come.wait()
        except BaseException:
            self._leave(reservation)
            raise
        return reservation

    def _admit(self) -> None:
        while self._waiting and self.reserved + self._waiting[0].size <= self.total:
            reservation = self._waiting.popleft()
            self.reserved += reservation.size
            reservation.come.set()

    def _leave(self, reservation: Reservation) -> None:
        """Cancelled while waiting, or just after its turn had come."""
        if reservation.come.is_set():
            reservation.give_back()
        else:
            self._waiting.remove(reservation)
            self._admit()

    def _freed(self, size: int) -> None:
        self.reserved -= size
        self._admit()


class Reservation:
    """Bytes that are ours until the `with` block ends, or, after `keep`, until they are given back."""

    def __init__(self, budget: Budget, size: int) -> None:
        self._budget = budget
        self._kept = False
        self.size = size
        self.come = anyio.Event()

    def shrink_to(self, size: int) -> None:
        """Keeps `size` bytes of it: the body turned out smaller than was allowed for."""
        freed, self.size = self.size - size, size
        self._budget._freed(freed)

    def keep(self) -> Callable[[], None]:
        """What gives them back later."""
        self._kept = True
        return self.give_back

    def give_back(self) -> None:
        """May be called again."""
        self.shrink_to(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._kept:
            self.give_back()
