"""Which attachments already have an answer: one partition's part of it, in memory. Pure, and finished."""

from __future__ import annotations

from consumer.model import OF_VERDICT, AnswerKind, LedgerEntry
from consumer.model.units import DAY_MS

SPAN_DAYS = 6  # a question looks at each span, an attachment asks some twenty: with one a day that took 5 % of the CPU


class Ledger:
    """The answers of one partition, back to the horizon.

    Identities lie in one set a span of days and generation, as integers (16 bytes less than `bytes` takes) and with no
    value beside them; a span is dropped once all of it is behind the horizon. Time is that of the ledger's own records
    (`LogAppendTime`), so no worker's clock matters. `position` is the offset of the ledger partition to go on reading
    from.

    A dead letter is open until its identity has a verdict, or its dead answer is noted once more, by a later record:
    that is how a replay says that everything behind it is answered.
    """

    __slots__ = ("_horizon", "_newest", "_open", "_spans", "position")

    def __init__(self, horizon_days: int) -> None:
        self.position = 0
        self._horizon = -(-horizon_days // SPAN_DAYS)  # in spans
        self._newest = 0
        self._spans: dict[int, dict[int, set[int]]] = {}  # span → generation → identities
        self._open: dict[int, int] = {}  # identity → when its latest dead letter came to be, in that order

    def add(self, entry: LedgerEntry, timestamp_ms: int) -> None:
        """Notes an answer. The same again changes nothing; a verdict outweighs any dead answer, before or after it."""
        span = timestamp_ms // (SPAN_DAYS * DAY_MS)
        if span != self._newest:
            self._age(span)
            if span < self._newest - self._horizon:
                return
        generation = OF_VERDICT if entry.kind is AnswerKind.VERDICT else entry.generation
        number = int.from_bytes(entry.identity, "big")
        if generation != OF_VERDICT:
            self._note_dead(number, generation, self.generation(entry.identity), timestamp_ms)
        elif self._open:
            self._open.pop(number, None)
        try:
            identities = self._spans[span][generation]
        except KeyError:
            identities = self._spans.setdefault(span, {}).setdefault(generation, set())
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
        for span in self._spans.values():
            for generation, identities in span.items():
                if number in identities:
                    if generation == OF_VERDICT:
                        return OF_VERDICT
                    found = max(found or 0, generation)
        return found

    def __len__(self) -> int:
        return sum(len(identities) for span in self._spans.values() for identities in span.values())

    def _age(self, span: int) -> None:
        if span > self._newest:
            self._fit(self._newest)
            self._newest = span
            for aged in [one for one in self._spans if one < span - self._horizon]:
                del self._spans[aged]

    def _fit(self, span: int) -> None:
        """A set that grew has room for up to seven times what it holds; its copy for four times at most."""
        for generation, identities in self._spans.get(span, {}).items():
            self._spans[span][generation] = set(identities)
