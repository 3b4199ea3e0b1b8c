"""An event loop whose time is made by waiting: when nobody can go on, it is at once as late as the next one wants."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class NothingLeft(Exception):
    """Everybody waits, and for no time: it would stand still for ever."""


class _Selector(selectors.SelectSelector):
    def __init__(self, passes: Callable[[float], None]) -> None:
        super().__init__()
        self._passes = passes

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise NothingLeft
            self._passes(timeout)
        return ready


class ManualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._seconds = 1_000.0
        super().__init__(_Selector(self._pass))

    def time(self) -> float:
        return self._seconds

    def _pass(self, seconds: float) -> None:
        self._seconds += max(seconds, 1e-4)


def run(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    with asyncio.Runner(loop_factory=ManualLoop) as runner:
        return runner.run(main())
