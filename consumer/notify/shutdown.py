"""The end of the loop: what may be left is left at once, what was begun is finished."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import anyio


class Shutdown:
    """Requested once. It leaves every `leaving` block that is entered, then or later."""

    def __init__(self) -> None:
        self._requested = anyio.Event()
        self._scopes: set[anyio.CancelScope] = set()

    @property
    def requested(self) -> bool:
        return self._requested.is_set()

    def request(self) -> None:
        self._requested.set()
        for scope in self._scopes:
            scope.cancel()

    async def wait(self) -> None:
        await self._requested.wait()

    @contextmanager
    def leaving(self) -> Iterator[None]:
        with anyio.CancelScope() as scope:
            if self.requested:
                scope.cancel()
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)
