"""What the topics hold of one conversation, message or attachment, as `search` found it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, TypeVar

from consumer.kafka.groups import GroupStanding
from consumer.kafka.reading import Record
from consumer.model import DeadLetter, Doubt, Event, LedgerEntry, Replay, Source, Task
from consumer.wire.fields import Json


class Coordinates(NamedTuple):
    topic: str
    partition: int
    offset: int

    @classmethod
    def of(cls, source: Source) -> Coordinates:
        return cls(source.topic, source.partition, source.offset)


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """One record, and when the broker took it; None where its time is no time."""

    topic: str
    partition: int
    offset: int
    at: datetime | None

    @classmethod
    def of(cls, record: Record) -> RecordPlace:
        return cls.of_source(Source(record.topic, record.partition, record.offset, record.timestamp))

    @classmethod
    def of_source(cls, source: Source) -> RecordPlace:
        return cls(source.topic, source.partition, source.offset, source.time)

    def __str__(self) -> str:
        return f"{self.topic} {self.partition}:{self.offset}"


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """A record of the events topic: one that is no task yet, or any where those were searched as well."""

    place: RecordPlace
    events: tuple[Event, ...]
    noise: tuple[str, ...] = ()  # why what only mentions it announces nothing: sentences of `wire.events.NOISE`


@dataclass(frozen=True, slots=True)
class SeenTask:
    place: RecordPlace
    task: Task
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class SeenResult:
    """A verdict as it was published."""

    place: RecordPlace
    identity: bytes
    source: Coordinates  # of its event
    replay: Replay | None  # the dead letter that it followed: what was replayed, or announced too early
    body: Json

    def text(self, name: str) -> str | None:
        value: Any = self.body.get(name)
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class SeenLetter:
    place: RecordPlace
    letter: DeadLetter


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the ledger holds of one identity."""

    entry: LedgerEntry
    at: datetime


@dataclass(frozen=True, slots=True)
class DoubtfulRecord:
    """A record that need not be ours. `why`: what its signature says; or that the ledger, which is signed, does not
    know the answer that stands there."""

    what: Literal["task", "ledger entry", "verdict", "dead letter"]
    place: RecordPlace
    why: Doubt | Literal["not_in_ledger"]
    believed: bool = False  # it counts all the same


S = TypeVar("S", SeenEvent, SeenTask, SeenResult, SeenLetter, DoubtfulRecord)


@dataclass(frozen=True, slots=True)
class Searched:
    """What of one topic was read."""

    topic: str
    partitions: int
    of: int  # partitions that it has
    records: int = 0
    since: datetime | None = None  # when the first of them was written; None: there was none


@dataclass(frozen=True, slots=True)
class Groups:
    intake: GroupStanding
    tasks: GroupStanding
    notify: GroupStanding


@dataclass(slots=True)
class SeenRecords:
    """All that was found, in the order of each partition."""

    groups: Groups
    events: list[SeenEvent] = field(default_factory=list)
    tasks: list[SeenTask] = field(default_factory=list)
    results: list[SeenResult] = field(default_factory=list)
    letters: list[SeenLetter] = field(default_factory=list)
    ledger: Mapping[bytes, Remembered] = field(default_factory=dict)
    doubtful: list[DoubtfulRecord] = field(default_factory=list)
    searched: list[Searched] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.events or self.tasks or self.results or self.letters)

    def add(self, other: SeenRecords) -> None:
        """What another search found besides; of what was searched it tells the last."""
        self.searched = other.searched
        _add(self.events, other.events)
        _add(self.tasks, other.tasks)
        _add(self.results, other.results)
        _add(self.letters, other.letters)
        _add(self.doubtful, other.doubtful)


def _add(found: list[S], others: Iterable[S]) -> None:
    there = {one.place for one in found}
    found.extend(other for other in others if other.place not in there)


def moment(timestamp_ms: int) -> datetime:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
