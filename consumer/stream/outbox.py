"""Answers and moved tasks of one assignment that are not committed yet. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from consumer.judge.answers import Answer
from consumer.model import OF_VERDICT
from consumer.stream.ledger import Ledger
from consumer.stream.transaction import ProducerRecord


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction takes out of the outbox."""

    answers: tuple[Answer, ...]
    moved: tuple[ProducerRecord, ...]

    def __bool__(self) -> bool:
        return bool(self.answers or self.moved)


class Outbox:
    """Answers are kept until they are committed, so that a rebuild of the producer does none of their work again."""

    def __init__(self) -> None:
        self._answers: dict[bytes, Answer] = {}  # by identity
        self._moved: list[ProducerRecord] = []
        self.size_bytes = 0

    def put(self, answer: Answer) -> None:
        """A verdict is never replaced, and replaces what it finds: one identity has one answer in a transaction."""
        identity = answer.entry.identity
        there = self._answers.get(identity)
        if there is not None and there.entry.generation == OF_VERDICT:
            return
        if there is not None:
            self.size_bytes -= _size(there)
        self._answers[identity] = answer
        self.size_bytes += _size(answer)

    def move(self, record: ProducerRecord) -> None:
        self._moved.append(record)
        self.size_bytes += record.size

    def generation(self, identity: bytes) -> int | None:
        answer = self._answers.get(identity)
        return None if answer is None else answer.entry.generation

    def take(self) -> Batch:
        """All of it. It stays in here until `committed`."""
        return Batch(tuple(self._answers.values()), tuple(self._moved))

    def committed(self, batch: Batch) -> None:
        for answer in batch.answers:
            if self._answers.get(answer.entry.identity) is answer:
                del self._answers[answer.entry.identity]
                self.size_bytes -= _size(answer)
        self._forget_moved(len(batch.moved))

    def rebuilt(self, ledger: Ledger) -> None:
        """After a producer was lost: what the ledger holds was committed after all, and the tasks behind moved
        records come again, since their offsets were not committed or their records were."""
        for answer in list(self._answers.values()):
            known, ours = ledger.generation(answer.entry.identity), answer.entry.generation
            if known == OF_VERDICT or (known is not None and ours != OF_VERDICT and known >= ours):
                del self._answers[answer.entry.identity]
                self.size_bytes -= _size(answer)
        self._forget_moved(len(self._moved))

    def _forget_moved(self, count: int) -> None:
        self.size_bytes -= sum(record.size for record in self._moved[:count])
        del self._moved[:count]

    def __len__(self) -> int:
        return len(self._answers) + len(self._moved)


def _size(answer: Answer) -> int:
    return 64 + (answer.outgoing.size if answer.outgoing is not None else 0)
