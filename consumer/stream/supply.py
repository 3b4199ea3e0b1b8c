"""How many tasks wait in Kafka that this process can take: so many that the intake need not bring more just now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from consumer.stream.room import Room
from consumer.stream.window import Window

COMES_WITHIN_S = 10.0  # what does not, although there is room, is no supply


class Takes(Protocol):
    """A tasks partition of this process."""

    @property
    def partition(self) -> int: ...
    @property
    def window(self) -> Window | None: ...
    def has_room(self) -> bool: ...


class Supply:
    """By the ends of the logs, as far as the intake of this process has written them itself."""

    def __init__(self, enough: int, room: Room, now: Callable[[], float] = time.monotonic) -> None:
        self._enough, self._room, self._now = enough, room, now
        self._ends: dict[int, int] = {}
        self._came: dict[int, float] = {}  # when tasks of a partition came last, or could not, or there were none

    def wrote(self, partition: int, offset: int) -> None:
        self._ends[partition] = offset + 1

    def came(self, partition: int) -> None:
        """Tasks of that partition."""
        self._came[partition] = self._now()

    def suffices(self, partitions: Iterable[Takes]) -> bool:
        """Whether enough wait. What can't be taken is not counted, since the others may need what the intake brings:
        of a partition without room, of one whose broker does not deliver, or the rest of an aborted transaction."""
        now, full, waiting = self._now(), self._room.tasks <= 0, 0
        for one in partitions:
            if one.window is None or not one.has_room():
                continue
            there = self._ends.get(one.partition, 0) - one.window.position
            if there <= 0 or full:
                self._came[one.partition] = now
            if there > 0 and now - self._came.setdefault(one.partition, now) <= COMES_WITHIN_S:
                waiting += there
        return waiting >= self._enough
