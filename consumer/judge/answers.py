"""What the judge hands over, and to whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from consumer.model import AnswerKind, Attachment, DeadLetter, Decision, LedgerEntry, Replay, Task, Tries
from consumer.model.resting import Resting as Resting
from consumer.wire.results import Outgoing


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out in one transaction: the ledger's entry, and the record that readers see (none for a mere mark)."""

    entry: LedgerEntry
    outgoing: Outgoing | None
    decision: Decision | None = None  # behind a verdict, for what is counted once it is committed
    letter: DeadLetter | None = None  # behind a dead letter, likewise


Inspection = Callable[[Resting], Awaitable[Answer | None]]
"""None: the task was written again, so that the answer comes there; or Genesys does not show what was announced."""


def mark(identity: bytes) -> Answer:
    """Says that all attachments of a message are answered, so that its repeats cost no call."""
    return Answer(LedgerEntry(identity, AnswerKind.VERDICT), None)


def replayed(replay: Replay) -> Answer:
    """Notes a dead answer once more: its replay left nothing behind it unanswered."""
    return Answer(LedgerEntry(replay.identity, AnswerKind.DEAD, replay.generation), None)


class Answers(Protocol):
    """The partition that took the task, as the judge sees it. Only `once` awaits: between asking whether there is an
    answer and noting that one is being worked on, nobody else has a turn."""

    def generation(self, identity: bytes) -> int | None:
        """What ledger and uncommitted answers know: None no answer, `OF_VERDICT`, or how often it was dead."""

    async def once(self, identity: bytes, message: bytes, inspection: Inspection) -> None:
        """Returns when `identity` is answered: by the work that already runs for it, or else by
        `inspection`; or when that has no answer.

        An answer that comes when its message became dead meanwhile is dropped: the dead letter was the answer.
        """

    def give(self, answer: Answer) -> None:
        """Hands over an answer that needed no work of its own."""

    def owns(self, conversation_id: str) -> bool:
        """Whether tasks of this conversation belong to this partition."""

    def move(self, task: Task, conversation_id: str) -> bool:
        """Writes the task to tasks again under the key of its conversation, in the transaction that settles it here.

        False if their topic does not take it, with what is added on the way.
        """

    def tries(self, identity: bytes, task: Task) -> Tries | None:
        """How often the task may have the attachment examined; None: it was written again for that."""

    def try_last(self, task: Task, attachment: Attachment) -> bool:
        """Writes the task to tasks again, in the transaction that settles it here, saying that only the last try of
        the attachment is left. False if their topic does not take it."""
