"""Who is given up where too many wait for what may never come: one of those that take the room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

import anyio

from consumer.model.resting import TASK, Counted, Line

_NUMBERS = count()
MOST = 0.5  # of what rests: where the crowd holds less, it would not help to give up one of it
OF_ONE_TASK = 64  # parts that may wait at once
OF_ALL = 16_384  # the same of all tasks: twice as many as those may be
SHOWN_WEIGHT = 0.125  # of what Genesys shows, and not all of it yet, beside what it knows nothing of


class Waiter:
    """One piece of work that waits for what may never come, over all its attempts."""

    __slots__ = ("given_up", "number", "scope", "task")

    def __init__(self) -> None:
        self.number = next(_NUMBERS)  # in the order in which they began
        self.scope: anyio.CancelScope | None = None  # of the wait now
        self.task: Counted | None = None
        self.given_up = False

    @property
    def size(self) -> int:
        """Bytes of its task."""
        return 0 if self.task is None else self.task.size


class _Group:
    """Waiters by their numbers, and what their tasks take: each task once, however many of its parts wait."""

    __slots__ = ("bytes", "tasks", "waiters")

    def __init__(self) -> None:
        self.waiters: dict[int, Waiter] = {}
        self.tasks: dict[Counted | Waiter, int] = {}  # parts that wait
        self.bytes = 0

    def takes(self, of_bytes: bool) -> int:
        return self.bytes if of_bytes else len(self.waiters)

    def join(self, waiter: Waiter) -> None:
        self.waiters[waiter.number] = waiter
        task = waiter.task or waiter
        if task not in self.tasks:
            self.bytes += waiter.size
        self.tasks[task] = self.tasks.get(task, 0) + 1

    def leave(self, waiter: Waiter) -> None:
        if self.waiters.pop(waiter.number, None) is None:
            return
        task = waiter.task or waiter
        self.tasks[task] -= 1
        if not self.tasks[task]:
            del self.tasks[task]
            self.bytes -= waiter.size

    def next_given_up(self, of_bytes: bool) -> Waiter:
        """The largest where bytes are scarce; of equals the oldest, which had most of its time."""
        return max(self.waiters.values(), key=lambda waiter: (waiter.size if of_bytes else 0, -waiter.number))


class Crowd:
    """Work that waits for a host outside the region, or for an id that Genesys does not know. Such work may be given up
    where there is too much of it; what waits for Genesys itself, or for us, is never here."""

    def __init__(self) -> None:
        self._all = _Group()
        self._groups: dict[tuple[str, bool], _Group] = {}
        self._leaving: set[Waiter] = set()  # given up, and still here

    def takes_most(self, resting: int, of_bytes: bool) -> bool:
        """Of so many tasks, or bytes of them, that rest: only then does it help to give up some."""
        return bool(self._all.waiters) and (self._all.bytes if of_bytes else len(self._all.tasks)) >= MOST * resting

    @contextmanager
    def waiting(self, of: str, waiter: Waiter, *, shown: bool = False) -> Iterator[None]:
        """`of`: the host or the conversation. `shown`: Genesys has it, and not all that was announced. The wait ends at
        once if it is given up, and does not begin where too much of its own task waits."""
        waiter.task = TASK.get()
        if self._all.tasks.get(waiter.task or waiter, 0) >= OF_ONE_TASK:
            waiter.given_up = True
            with anyio.CancelScope() as none:
                none.cancel()
                yield
            return
        self._groups.setdefault((of, shown), _Group()).join(waiter)
        self._all.join(waiter)
        if len(self._all.waiters) > OF_ALL:
            self.thin()
        try:
            with anyio.CancelScope() as waiter.scope:
                if waiter.given_up:  # in a wait before this one
                    waiter.scope.cancel()
                yield
        finally:
            waiter.scope = None
            self._leaving.discard(waiter)
            self._leave((of, shown), waiter)

    def line(self, waiter: Waiter) -> Line:
        """For `model.resting.LINE`."""
        return partial(self.waiting, waiter=waiter)

    def thin(self, of_bytes: bool = False) -> None:
        """Gives up one of the host or the conversation whose waiters take most, one after the other."""
        if self._leaving or not self._groups:
            return

        def takes(key: tuple[str, bool]) -> float:
            return self._groups[key].takes(of_bytes) * (SHOWN_WEIGHT if key[1] else 1.0)

        key = max(self._groups, key=takes)
        waiter = self._groups[key].next_given_up(of_bytes)
        self._leave(key, waiter)
        self._leaving.add(waiter)
        waiter.given_up = True
        if waiter.scope is not None:
            waiter.scope.cancel()

    def _leave(self, key: tuple[str, bool], waiter: Waiter) -> None:
        self._all.leave(waiter)
        if (group := self._groups.get(key)) is not None:
            group.leave(waiter)
            if not group.waiters:
                del self._groups[key]
