"""How many bytes of files may be in memory at once, over all downloads of the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from consumer.turns import Slots, Turn


class Budget:
    """By turns: a large body waits for its turn, and is not overtaken by small ones of those who had as much.

    Nobody waits here while holding bytes of this budget, since a body reserves once and for all: no deadlock.
    """

    def __init__(self, total: int) -> None:
        self._slots = Slots(total)

    @property
    def total(self) -> int:
        return self._slots.room

    @property
    def reserved(self) -> int:
        return self._slots.taken

    @property
    def waiting(self) -> int:
        return self._slots.waiting

    def has(self, size: int) -> bool:
        """Whether `size` bytes are free, and nobody waits for them."""
        return self._slots.has(size)

    async def reserve(self, size: int, conversation: str) -> Reservation:
        """Waits until `size` bytes are free. Raises `ValueError` for more than the whole budget, never to be free."""
        if size > self.total:
            raise ValueError("more than the whole budget")
        return Reservation(self._slots, await self._slots.take(conversation, size=size))


class Reservation:
    """Bytes that are ours until the `with` block ends, or, after `keep`, until they are given back."""

    def __init__(self, slots: Slots, turn: Turn) -> None:
        self._slots, self._turn = slots, turn
        self._kept = False

    @property
    def size(self) -> int:
        return self._turn.size

    def shrink_to(self, size: int) -> None:
        """Keeps `size` bytes of it: the body turned out smaller than was allowed for."""
        self._slots.shrink(self._turn, size)

    def keep(self) -> Callable[[], None]:
        """What gives them back later."""
        self._kept = True
        return self.give_back

    def give_back(self) -> None:
        """May be called again."""
        self._slots.give_back(self._turn, self._turn.size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._kept:
            self.give_back()
