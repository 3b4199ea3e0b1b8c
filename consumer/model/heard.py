"""Which calls were answered, and for whom: by this a failure is known to be one's own. Pure.

Only what was answered for the first time proves something: an old answer may come from a cache while nothing new gets
through. Of each call the two latest answers to different askers are kept: the later of them, or the one before, is
somebody else's.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple


class Asked(NamedTuple):
    """One question: which call it was, and whose. Repeats of it are the same question."""

    call: str  # the name of a call, or the host of a file
    of: str  # a conversation, a file, a piece of work

    @property
    def of_new(self) -> Asked:
        """The same call as only what is new proves it: what is old may come while nothing new gets through."""
        return Asked(f"new: {self.call}", self.of)


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


class _Failing:
    """Whose questions of one call failed and wait for an answer, with the work that asks them."""

    __slots__ = ("new", "old")

    def __init__(self) -> None:
        self.new: dict[str, set[str]] = {}  # since the call was answered last, for anybody
        self.old: dict[str, set[str]] = {}  # … and before that as well

    def add(self, of: str, work: str) -> None:
        (self.old if of in self.old else self.new).setdefault(of, set()).add(work)

    def answered(self, of: str, again: bool) -> None:
        self.old |= self.new
        self.new.clear()
        if not again:
            self.old.pop(of, None)

    def left(self, of: str, work: str) -> None:
        for failing in (self.new, self.old):
            if of in failing:
                failing[of].discard(work)
                if not failing[of]:
                    del failing[of]

    def all_others_are_answered(self, of: str) -> bool:
        """As far as can be told: all that fails failed before others were answered, or it is `of` alone."""
        return not self.new if of in self.old else len(self.old) + len(self.new) == (of in self.new)


class Heard:
    """Counts what was asked and answered. `now` is a count, not a time."""

    def __init__(self) -> None:
        self.now = 0
        self._answered: defaultdict[str, _Latest] = defaultdict(_Latest)
        self._failing: defaultdict[str, _Failing] = defaultdict(_Failing)
        self._limited: defaultdict[str, _Latest] = defaultdict(_Latest)
        self._probed: dict[str, int] = {}
        self._missed: defaultdict[str, set[str]] = defaultdict(set)  # work that was told again and again: not there

    def answered(self, asked: Asked, again: bool = False) -> None:
        """`again`: in a way that proves an answer to others, and is no end for whoever asked."""
        self.now += 1
        self._answered[asked.call].add(asked.of, self.now)
        self._failing[asked.call].answered(asked.of, again)

    def failed(self, asked: Asked, work: str = "") -> None:
        """`work` goes on, until it has `left`; "" for what asks no more."""
        self.now += 1
        if work:
            self._failing[asked.call].add(asked.of, work)

    def limited(self, asked: Asked) -> None:
        """There are too many calls, it was said."""
        self.now += 1
        self._limited[asked.call].add(asked.of, self.now)

    def left(self, asked: Asked, work: str) -> None:
        """The work no longer asks."""
        self._failing[asked.call].left(asked.of, work)
        self._missed[asked.call].discard(work)

    def missed(self, asked: Asked, work: str) -> int:
        """The work is told again and again that what it asks for is not there; how much is, at this time."""
        self._missed[asked.call].add(work)
        return len(self._missed[asked.call])

    def probed(self, call: str) -> None:
        """The call was answered about something that does not exist."""
        self.now += 1
        self._probed[call] = self.now

    def is_limited_alone(self, asked: Asked, since: int) -> bool:
        """Whether since then the call was answered for another, and nobody else met a limit."""
        return self._answered[asked.call].beside(asked.of) > since >= self._limited[asked.call].beside(asked.of)

    def is_answered_for_others(self, asked: Asked, since: int) -> bool:
        return self._answered[asked.call].beside(asked.of) > since

    def is_own(self, asked: Asked, since: int) -> bool:
        """Whether a failure of `asked` is its own: since then the call was answered for another, or its probe was and
        nothing shows that others are not."""
        if self.is_answered_for_others(asked, since):
            return True
        return self._probed.get(asked.call, 0) > since and self._failing[asked.call].all_others_are_answered(asked.of)
