"""What of a task only waits: whoever counts what is in flight is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Counted(Protocol):
    """Where one task is counted."""

    @property
    def size(self) -> int:
        """Bytes that it holds."""

    def works(self, more: int) -> None:
        """So many more of its parts do something; fewer, if negative. While none does, all of it waits."""


TASK: ContextVar[Counted | None] = ContextVar("TASK", default=None)
"""Of the task that is judged here; None where the service asks for itself."""


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
