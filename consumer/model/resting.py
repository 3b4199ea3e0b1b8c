"""What of a task only waits: whoever counts what is in flight is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol


class Counted(Protocol):
    """Where one task is counted."""

    @property
    def size(self) -> int:
        """Bytes that it holds."""

    def works(self, more: int) -> None:
        """So many more of its parts do something; fewer, if negative. While none does, all of it waits."""


Resting = Callable[[], AbstractContextManager[None]]  # surrounds what only waits, and so may be cancelled at once

TASK: ContextVar[Counted | None] = ContextVar("TASK", default=None)
"""Of the task that is judged here; None where the service asks for itself."""

AGAIN: ContextVar[bool] = ContextVar("AGAIN", default=False)
"""Whether what is done now was done in vain before, and waited: who comes for the first time passes it."""

IN_ITS_TURN: ContextVar[bool] = ContextVar("IN_ITS_TURN", default=False)
"""Whether a question is asked again in a turn of all repeats (`attempts.repeats`): it has waited for that."""

Line = Callable[[str], AbstractContextManager[object]]

LINE: ContextVar[Line] = ContextVar("LINE", default=nullcontext)
"""Surrounds a wait in the line of a host outside ("host " and its name). It may end early, where too much waits."""


@contextmanager
def marked(again: bool, line: Line) -> Iterator[None]:
    """Surrounds what is done, once more if `again`."""
    before = AGAIN.set(again), LINE.set(line)
    try:
        yield
    finally:
        AGAIN.reset(before[0])
        LINE.reset(before[1])


@contextmanager
def resting() -> Iterator[None]:
    """Surrounds what only waits: for a time, a limit, a gate, another's work."""
    works(-1)
    try:
        yield
    finally:
        works(1)


def works(more: int) -> None:
    """So many more parts of the present task do something."""
    seat = TASK.get()
    if seat is not None:
        seat.works(more)
