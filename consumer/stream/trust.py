"""Which entries of a ledger partition are believed, and when too many are not for a forger to have done it. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from consumer.model import Condition, Doubt, Headers
from consumer.model.units import DAY_MS
from consumer.wire.signatures import Signatures

FORGED_SHARE = 0.01  # of a partition's entries: more that do not verify look like a wrong key


@dataclass(slots=True)
class Day:
    """The entries of one day."""

    entries: int = 0
    doubted: Counter[Doubt] = field(default_factory=Counter)


class Distrusted(Exception):
    """Nothing may be taken from the partition: what is in its ledger can't be told from what is not."""

    def __init__(self, condition: Condition, detail: str) -> None:
        super().__init__(detail)
        self.condition = condition


class Trust:
    """Of one ledger partition; lives as long as its `Ledger`, and forgets the same days.

    An entry without a signature may be an older release's answer, so no partition that holds one is worked on while
    signatures are required: to believe it is what was to end, not to believe it gives its answer twice.
    """

    def __init__(
        self, signatures: Signatures, topic: str, partition: int, horizon_days: int, forged_since_ms: int | None = None
    ) -> None:
        """`forged_since_ms`: what was written since then and does not verify is known to be forged."""
        self._signatures, self._topic, self._partition = signatures, topic, partition
        self._horizon_days, self._forged_since_ms = horizon_days, forged_since_ms
        self._days: dict[int, Day] = {}
        self._newest_day = 0
        self._next = 0  # the first offset that was not looked at
        self._youngest: tuple[int, int] | None = None  # timestamp and offset of the last one without a signature

    def doubt(self, key: bytes, value: bytes | None, headers: Headers) -> Doubt | None:
        """None of all entries, where nothing is signed."""
        if not self._signatures:
            return None
        return self._signatures.doubt(self._topic, self._partition, key, value, headers)

    def believes(self, doubt: Doubt | None, offset: int, timestamp_ms: int) -> bool:
        """Whether an entry counts. Each is to be asked for in the order of the log."""
        if not self._signatures.required:
            return True
        if offset >= self._next:  # what a failed restore had read comes again
            self._next = offset + 1
            self._count(doubt, offset, timestamp_ms)
        return doubt is None

    def begin_anew(self) -> None:
        """The log was made anew: its offsets are others."""
        self._next = 0

    def check(self) -> None:
        """Raises `Distrusted`. To be called when the log was read to its end."""
        kept = [day for number, day in self._days.items() if number >= self._newest_day - self._horizon_days]
        entries = sum(day.entries for day in kept)
        doubted = sum((day.doubted for day in kept), Counter[Doubt]())
        if doubted["unsigned"] and self._youngest is not None:
            timestamp_ms, offset = self._youngest
            until = datetime.fromtimestamp((timestamp_ms // DAY_MS + self._horizon_days + 1) * DAY_MS / 1000, UTC)
            raise Distrusted(
                Condition.SIGNATURES_MISSING,
                f"{doubted['unsigned']} of {entries} entries of {self._topic} {self._partition} have no signature, the "
                f"last one at offset {offset}; they count until {until:%Y-%m-%d}",
            )
        if doubted.total() > FORGED_SHARE * entries:
            raise Distrusted(
                Condition.SIGNATURES_WRONG,
                f"{doubted.total()} of {entries} entries of {self._topic} {self._partition} do not verify, "
                f"{doubted['other_key']} of them by a key that is not set here",
            )

    def _count(self, doubt: Doubt | None, offset: int, timestamp_ms: int) -> None:
        if doubt is not None and self._forged_since_ms is not None and timestamp_ms >= self._forged_since_ms:
            return
        number = timestamp_ms // DAY_MS
        if number > self._newest_day:
            self._newest_day = number
            for aged in [day for day in self._days if day < number - self._horizon_days]:
                del self._days[aged]
        day = self._days.setdefault(number, Day())
        day.entries += 1
        if doubt is not None:
            day.doubted[doubt] += 1
        if doubt == "unsigned":
            self._youngest = timestamp_ms, offset
