"""Who is given up where too many wait for what may never come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import anyio


class Waiter:
    """One piece of work that waits for what may never come, over all its attempts."""

    __slots__ = ("given_up", "number", "scope")

    def __init__(self, number: int) -> None:
        self.number = number  # in the order in which they began
        self.scope: anyio.CancelScope | None = None  # of the wait now
        self.given_up = False


class Crowd:
    """Work that waits for a host outside the region, or for an id that Genesys does not know. Such work may be given up
    where there is too much of it; what waits for Genesys itself, or for us, is never here."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[int, Waiter]] = {}
        self._leaving: set[Waiter] = set()  # given up, and still here

    def __len__(self) -> int:
        return len(self._groups)

    @contextmanager
    def waiting(self, of: str, waiter: Waiter) -> Iterator[None]:
        """`of`: the host or the conversation. The wait ends at once if it is given up."""
        self._groups.setdefault(of, {})[waiter.number] = waiter
        try:
            with anyio.CancelScope() as waiter.scope:
                yield
        finally:
            waiter.scope = None
            self._leaving.discard(waiter)
            self._leave(of, waiter)

    def thin(self) -> None:
        """Gives up the oldest one of those that most wait with, one after the other."""
        if self._leaving or not self._groups:
            return
        of = max(self._groups, key=lambda of: len(self._groups[of]))
        waiter = self._groups[of][min(self._groups[of])]
        self._leave(of, waiter)
        self._leaving.add(waiter)
        waiter.given_up = True
        if waiter.scope is not None:
            waiter.scope.cancel()

    def _leave(self, of: str, waiter: Waiter) -> None:
        group = self._groups.get(of, {})
        if group.pop(waiter.number, None) is not None and not group:
            del self._groups[of]
