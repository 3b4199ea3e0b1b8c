"""Which attachments already have an answer: one partition's part of it, in memory. Pure, and finished."""

from __future__ import annotations

from consumer.model import AnswerKind, LedgerEntry

DAY_MS = 24 * 60 * 60 * 1000
VERDICT = 0  # the generation under which verdicts are filed; those of dead answers begin with 1


class Ledger:
    """The answers of one partition, back to the horizon.

    Identities lie in one set a day and generation, as integers (16 bytes less than `bytes` takes) and with no value
    beside them; whole days are dropped as they age. Time is that of the ledger's own records (`LogAppendTime`), so no
    worker's clock matters. `position` is the offset of the ledger partition to go on reading from.
    """

    __slots__ = ("_days", "_horizon_days", "_newest_day", "position")

    def __init__(self, horizon_days: int) -> None:
        self.position = 0
        self._horizon_days = horizon_days
        self._newest_day = 0
        self._days: dict[int, dict[int, set[int]]] = {}  # day → generation → identities

    def add(self, entry: LedgerEntry, timestamp_ms: int) -> None:
        """Notes an answer. The same again changes nothing; a verdict outweighs any dead answer, before or after it."""
        day = timestamp_ms // DAY_MS
        if day != self._newest_day:
            self._age(day)
            if day < self._newest_day - self._horizon_days:
                return
        generation = VERDICT if entry.kind is AnswerKind.VERDICT else entry.generation
        try:
            identities = self._days[day][generation]
        except KeyError:
            identities = self._days.setdefault(day, {}).setdefault(generation, set())
        identities.add(_number(entry.identity))

    def generation(self, identity: bytes) -> int | None:
        """None: no answer. 0 (`VERDICT`): a verdict. Above: that often dead, each time but the first on a replay."""
        found: int | None = None
        number = _number(identity)
        for day in self._days.values():
            for generation, identities in day.items():
                if number in identities:
                    if generation == VERDICT:
                        return VERDICT
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


def _number(identity: bytes) -> int:
    return int.from_bytes(identity, "big")
