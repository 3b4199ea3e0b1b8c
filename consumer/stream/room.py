"""How many tasks may be in flight, over all partitions of the process."""

from __future__ import annotations

from typing import Protocol

import anyio

from consumer.settings.model import LimitSettings


class Reports(Protocol):
    def in_flight(self, tasks: int) -> None: ...


class Room:
    """Tasks in flight and their bytes, over all partitions of the process."""

    def __init__(self, limits: LimitSettings, reports: Reports) -> None:
        self._limits, self._reports = limits, reports
        self._tasks = 0
        self._bytes = 0
        self.changed = anyio.Event()

    @property
    def tasks(self) -> int:
        """How many more tasks may be taken now."""
        return self._limits.tasks - self._tasks if self._bytes < self._limits.task_bytes else 0

    @property
    def taken_bytes(self) -> int:
        return self._bytes

    @property
    def taken(self) -> float:
        """How much of it is taken: 0 to 1."""
        return self._tasks / self._limits.tasks

    def started(self, size: int) -> None:
        self._count(1, size)

    def ended(self, size: int) -> None:
        self._count(-1, -size)
        self.wake()

    def wake(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()

    def _count(self, tasks: int, size: int) -> None:
        self._tasks += tasks
        self._bytes += size
        self._reports.in_flight(self._tasks)
