"""How many bytes of files may be in memory at once, over all downloads of the process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import anyio


class Budget:
    """First come, first served: a large body waits for its turn and is not overtaken by small ones for ever.

    Nobody waits here while holding bytes of this budget, since a body reserves once and for all: no deadlock.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.reserved = 0
        self._waiting: deque[_Turn] = deque()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def reserve(self, size: int) -> Callable[[], None]:
        """Waits until `size` bytes are free; call what it returns to give them back (once or more often).

        Raises `ValueError` for more than the whole budget, which would wait for ever.
        """
        if size > self.total:
            raise ValueError("more than the whole budget")
        turn = _Turn(size)
        self._waiting.append(turn)
        self._admit()
        try:
            await turn.come.wait()
        except BaseException:
            self._leave(turn)
            raise
        return lambda: self._give_back(turn)

    def _admit(self) -> None:
        while self._waiting and self.reserved + self._waiting[0].size <= self.total:
            turn = self._waiting.popleft()
            self.reserved += turn.size
            turn.come.set()

    def _leave(self, turn: _Turn) -> None:
        """Cancelled while waiting, or just after its turn had come."""
        if turn.come.is_set():
            self._give_back(turn)
        else:
            self._waiting.remove(turn)
            self._admit()

    def _give_back(self, turn: _Turn) -> None:
        if turn.given_back:
            return
        turn.given_back = True
        self.reserved -= turn.size
        self._admit()


class _Turn:
    def __init__(self, size: int) -> None:
        self.size = size
        self.come = anyio.Event()
        self.given_back = False
