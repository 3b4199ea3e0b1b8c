"""How a partition gets beyond a file that ends the whole process, and whoever takes over, again and again.

A life of the partition that begins where tasks wait counts itself at their offset. Where two before it began there, and
ended without a word, it is wary: each file of the tasks that were there is examined with its name beside the offset.
Those whose names a life left are suspects, and examined alone: the first time a neighbour may have done it. A file that
was alone when two lives ended is not examined any more. It takes two, since anybody may kill a process at any moment.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NamedTuple, Protocol

import anyio

from consumer.kafka.starting import Start
from consumer.model import Condition
from consumer.stream.lives import Lives, name_of

log = logging.getLogger(__name__)

WARY_AFTER = 2  # lives that came no further
KNOWN_AFTER = 3  # of them that ended while one file was examined: at first beside others, twice alone


class Reports(Protocol):
    def begin(self, condition: Condition, detail: str = "", about: str = "") -> None: ...
    def end(self, condition: Condition, about: str = "") -> None: ...


class Note(NamedTuple):
    """What is committed beside an offset."""

    text: str
    names: Collection[str] = frozenset()  # of the files that it says are examined


class Caution:
    """Of one assignment. Satisfies `model.caution.Caution`."""

    def __init__(self, partition: int, window: int, life: str, stir: Callable[[], None], reports: Reports) -> None:
        """`life`: 16 hexadecimal digits that nobody else has. `stir` is called when something is to be written down."""
        self._about, self._window, self._life = f"partition {partition}", window, life
        self._stir, self._reports = stir, reports
        self._before = Lives()  # what those before this one left
        self._start = 0
        self.until = 0  # what lies below may have been taken by them
        self._suspicious = False  # something lay there, and is not settled
        self._leaving = False
        self._able = False  # what is to be written down is committed soon
        self._names = Counter[str]()  # of what is examined now
        self._told = Note("")  # what is committed
        self._changed = anyio.Event()

    # ---- what the committed offset says

    def begin(self, start: Start) -> Note | None:
        """A producer's life begins; what is to be committed at its start before any task is taken, if that is news."""
        found = Lives.read(start.metadata)
        if found.by != self._life:  # else our last producer wrote it, and we know better
            self._before = found
        self._start, self.until = start.offset, min(start.end, start.offset + self._window)
        self._told = Note(str(found), self._names.keys() & found.named.keys())
        self._suspicious, self._able = self._start < self.until, not self._leaving
        if not self._suspicious:
            self._before = Lives()
        self._tell()
        self._wake()
        note = self.note(start.offset)
        return note if self.is_news(note) else None

    def note(self, offset: int) -> Note:
        if not self._holds_at(offset):
            return Note("")
        if self._leaving:
            return Note(str(self._before))
        named = dict(self._before.named)
        for name in self._names:
            named[name] = named.pop(name, 0) + 1
        lives = Lives(self._before.begun + 1, self._life, named)
        return Note(str(lives), self._names.keys() & lives.kept.keys())

    def _holds_at(self, offset: int) -> bool:
        """Whoever is wary stays so until all that its predecessors may have taken is settled."""
        return self._suspicious and (offset < self.until if self.wary else offset == self._start)

    def is_news(self, note: Note) -> bool:
        return note.text != self._told.text

    def committed(self, offset: int, note: Note) -> None:
        self._told = note
        if self._suspicious and not self._holds_at(offset):
            self.passed()
        self._wake()

    @property
    def is_suspicious(self) -> bool:
        """Whether something below `until` is not settled, as far as is known."""
        return self._suspicious

    def passed(self) -> None:
        """All of it is settled."""
        self._suspicious, self._before = False, Lives()
        self._reports.end(Condition.CRASH_LOOP, self._about)
        self._wake()

    def lost(self) -> None:
        """The producer is gone: what is examined under its name goes on, and another one may come."""
        self._able = False
        self._wake()

    def leave(self) -> None:
        """The partition is let go in order: this life is none that ended without a word."""
        self._leaving, self._able = True, False
        self._wake()

    def over(self) -> None:
        self._reports.end(Condition.CRASH_LOOP, self._about)

    # ---- what is examined

    @property
    def wary(self) -> bool:
        return self._suspicious and self._before.begun >= WARY_AFTER

    def of(self, offset: int) -> Caution | Unsuspected:
        """What holds for the files of one task."""
        return self if offset < self.until else Unsuspected(self)

    @property
    def has_suspects(self) -> bool:
        return self.wary and bool(self._before.named)

    def suspects(self, sha256: str) -> bool:
        return self.wary and name_of(sha256) in self._before.named

    def has_ended_us(self, sha256: str) -> bool:
        return self._before.named.get(name_of(sha256), 0) >= KNOWN_AFTER

    @asynccontextmanager
    async def named(self, sha256: str) -> AsyncIterator[bool]:
        if self._needs_no_name(sha256):
            yield True
            return
        name, suspect = name_of(sha256), self.suspects(sha256)
        self._names[name] += 1
        try:
            written = await self._is_written(name) or self._needs_no_name(sha256)
            yield written
        finally:
            self._names -= Counter([name])
        if suspect:
            await self._is_gone(name)

    def acquit(self, sha256: str) -> None:
        if (name := name_of(sha256)) in self._before.named:
            others = {one: times for one, times in self._before.named.items() if one != name}
            self._before = replace(self._before, named=others)

    def _needs_no_name(self, sha256: str) -> bool:
        """Who leaves counts for nothing: its successor is as wary as it was, whatever happens now."""
        return not self.wary or (self._leaving and not self.suspects(sha256))

    async def _is_written(self, name: str) -> bool:
        """Waits until it is, or can't be."""
        self._stir()
        while self._able and self.wary and name not in self._told.names:
            await self._changed.wait()
        return self._able

    async def _is_gone(self, name: str) -> None:
        """Waits until nothing is written of it any more, or that can't be."""
        self._stir()
        while self._able and self.wary and name in self._told.names:
            await self._changed.wait()

    async def able(self, sha256: str) -> None:
        while not self._able and not self._needs_no_name(sha256):
            await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    def _tell(self) -> None:
        if not self.wary:
            self._reports.end(Condition.CRASH_LOOP, self._about)
            return
        lives, named = self._before.begun, self._before.named
        detail = f"{lives} processes ended at offset {self._start}; what is below {self.until} may have done it"
        self._reports.begin(Condition.CRASH_LOOP, detail, self._about)
        for name, times in named.items():
            what = "it is examined no more" if times >= KNOWN_AFTER else "it is examined alone"
            log.warning("%s: a file ended %d processes, %s", self._about, times, what, extra={"sha256": name})


class Unsuspected:
    """Of a task that nobody had before: others may stay wary for hours, while one of theirs waits."""

    wary = False

    def __init__(self, caution: Caution) -> None:
        self.has_ended_us, self.suspects = caution.has_ended_us, caution.suspects
        self.named, self.able, self.acquit = caution.named, caution.able, caution.acquit
