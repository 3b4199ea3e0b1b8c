"""Which calls were answered, and for whom: by this a failure is known to be one's own. Pure.

Of each call only the two latest questions of different askers are kept: the later of them, or the one before, is
somebody else's.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple


class Asked(NamedTuple):
    """One question: which call it was, and whose. Repeats of it are the same question."""

    call: str  # the name of a call, or the host of a file
    of: str  # a conversation, a file, a piece of work


class _Latest:
    """The latest moments at which two different ones were there."""

    __slots__ = ("_first", "_second")

    def __init__(self) -> None:
        self._first: tuple[str, int] = ("", 0)
        self._second: tuple[str, int] = ("", 0)

    def add(self, of: str, at: int) -> None:
        if of != self._first[0]:
            self._second = self._first
        self._first = (of, at)

    def beside(self, of: str) -> int:
        """When another than `of` was there last; 0 for never."""
        return self._second[1] if self._first[0] == of else self._first[1]


class Heard:
    """Counts what was asked and answered. `now` is a count, not a time."""

    def __init__(self) -> None:
        self.now = 0
        self._answered: defaultdict[str, _Latest] = defaultdict(_Latest)
        self._failed: defaultdict[str, _Latest] = defaultdict(_Latest)
        self._probed: dict[str, int] = {}

    def answered(self, asked: Asked) -> None:
        self.now += 1
        self._answered[asked.call].add(asked.of, self.now)

    def failed(self, asked: Asked) -> None:
        self.now += 1
        self._failed[asked.call].add(asked.of, self.now)

    def probed(self, call: str) -> None:
        """The call was answered about something that does not exist."""
        self.now += 1
        self._probed[call] = self.now

    def is_own(self, asked: Asked, since: int) -> bool:
        """Whether a failure of `asked` is its own: the call was answered for another since then, or, where nobody else
        asked at all, its probe was."""
        if self._answered[asked.call].beside(asked.of) > since:
            return True
        alone = self._failed[asked.call].beside(asked.of) <= since
        return alone and self._probed.get(asked.call, 0) > since
