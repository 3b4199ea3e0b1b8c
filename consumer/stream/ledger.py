"""Which attachments already have an answer: one partition's part of it, in memory. Pure, and finished."""

from __future__ import annotations

from consumer.model import OF_VERDICT, AnswerKind, LedgerEntry
from consumer.model.units import DAY_MS


class Ledger:
    """The answers of one partition, back to the horizon.

    Identities lie in one set a day and generation, as integers (16 bytes less than `bytes` takes) and with no value
    beside them; whole days are dropped as they age. Time is that of the ledger's own records (`LogAppendTime`), so no
    worker's clock matters. `position` is the offset of the ledger partition to go on reading from.

    A dead letter is open until its identity has a verdict, or its dead answer is noted once more, by a later record:
    that is how a replay says that everything behind it is answered.
    """

    __slots__ = ("_days", "_horizon_days", "_newest_day", "_open", "position")

    def __init__(self, horizon_days: int) -> None:
        self.position = 0
        self._horizon_days = horizon_days
        self._newest_day = 0
        self._days: dict[int, dict[int, set[int]]] = {}  # day → generation → identities
        self._open: dict[int, int] = {}  # identity → when its latest dead letter came to be, in that order

    def add(self, entry: LedgerEntry, timestamp_ms: int) -> None:
        """Notes an answer. The same again changes nothing; a verdict outweighs any dead answer, before or after it."""
        day = timestamp_ms // DAY_MS
        if day != self._newest_day:
            self._age(day)
            if day < self._newest_day - self._horizon_days:
                return
        generation = OF_VERDICT if entry.kind is AnswerKind.VERDICT else entry.generation
        number = int.from_bytes(entry.identity, "big")
        if generation != OF_VERDICT:
            self._note_dead(number, generation, self.generation(entry.identity), timestamp_ms)
        elif self._open:
            self._open.pop(number, None)
        try:
            identities = self._days[day][generation]
        except KeyError:
            identities = self._days.setdefault(day, {}).setdefault(generation, set())
        identities.add(number)

    def open_for(self, days: int, now: float) -> tuple[int, float | None]:
        """How many dead letters of the last `days` are open, and since when the first of them is; in seconds since the
        epoch. What is older is forgotten: its letter is gone, and nobody can replay it any more."""
        while self._open:
            number, at_ms = next(iter(self._open.items()))
            if at_ms >= now * 1000 - days * DAY_MS:
                return len(self._open), at_ms / 1000
            del self._open[number]
        return 0, None

    def _note_dead(self, number: int, generation: int, known: int | None, timestamp_ms: int) -> None:
        if known is None or (known != OF_VERDICT and generation > known):
            self._open.pop(number, None)
            self._open[number] = timestamp_ms
        elif generation == known and self._open.get(number, timestamp_ms) < timestamp_ms:
            del self._open[number]

    def generation(self, identity: bytes) -> int | None:
        """None: no answer. 0 (`OF_VERDICT`): a verdict. Above: that often dead, each time but the first on a replay."""
        found: int | None = None
        number = int.from_bytes(identity, "big")
        for day in self._days.values():
            for generation, identities in day.items():
                if number in identities:
                    if generation == OF_VERDICT:
                        return OF_VERDICT
                    found = max(found or 0, generation)
        return found

    def __len__(self) -> int:
        return sum(len(identities) for day in self._days.values() for identities in day.values())

    def _age(self, day: int) -> None:
        if day > self._newest_day:
            self._fit(self._newest_day)
            self._newest_day = day
            for aged in [d for d in self._days if d < day - self._horizon_days]:
                del self._days[aged]

    def _fit(self, day: int) -> None:
        """A set that grew has room for up to seven times what it holds; its copy for four times at most."""
        for generation, identities in self._days.get(day, {}).items():
            self._days[day][generation] = set(identities)
