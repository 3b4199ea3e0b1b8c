"""The one error boundary: what goes wrong with an attachment, a message or a conversation becomes its dead letter."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self, TypeVar

from consumer.attempts import Attempts
from consumer.errors import Malformed, NotJudged, NotYet, Unavailable
from consumer.identity import announcement_identity, conversation_identity
from consumer.judge.answers import Answer
from consumer.model import AnswerKind, Attachment, DeadLetter, DeadReason, LedgerEntry, Message, Settled, Task
from consumer.telemetry.labels import Stage
from consumer.wire.dead_letters import SIGNING_KEY_BYTES
from consumer.wire.results import encode_dead_letter, record_size

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose dead letter it would be. One that says `not_found` rests on an event's word alone: where `announcement` is
    set it names that, and leaves what the event named open."""

    identity: bytes
    stage: str  # "decode", "metadata", "inspect"
    conversation_id: str | None = None
    message_id: str | None = None
    attachment_id: str | None = None
    announcement: bytes | None = None

    @classmethod
    def of_message(cls, message: Message) -> Self:
        conversation_id, message_id = message.conversation_id or None, message.message_id or None
        return cls(message.identity, "metadata", conversation_id, message_id, announcement=message.announcement)

    @classmethod
    def of_conversation(cls, conversation_id: str) -> Self:
        identity, announcement = conversation_identity(conversation_id), announcement_identity(conversation_id)
        return cls(identity, "metadata", conversation_id, announcement=announcement)

    @classmethod
    def of_attachment(cls, attachment: Attachment) -> Self:
        identity = attachment.identity
        assert identity is not None, "only an attachment with a key is worked on"
        return cls(identity, "inspect", attachment.conversation_id, attachment.message_id, attachment.attachment_id)


class Reports(Protocol):
    def timed(self, stage: Stage) -> AbstractContextManager[object]:
        """Surrounds one stage, its waits included."""

    def crashed(self) -> None:
        """An error that nobody foresaw was caught and logged."""

    def judged(self, bug: bool) -> None:
        """Of each verdict, and of each task with a bug: many of those in a row stop the service."""


VERBATIM_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class Verbatim:
    """How many bytes of its record the dead letters of one task may still repeat: a record of 1 MiB may name thousands
    of what does not exist, and all are committed at once. What is beyond that has the hash, and its place."""

    left: int = VERBATIM_BYTES

    def takes(self, task: Task) -> bool:
        size = record_size(task.key, task.value, task.headers)
        fits = size <= self.left or self.left == VERBATIM_BYTES
        if fits:
            self.left -= size
        return fits


@dataclass(frozen=True, slots=True)
class Boundary:
    task: Task
    first_at: datetime
    now: Callable[[], datetime]
    generation: Callable[[bytes], int | None]
    dead_letter_bytes: int  # what the dead-letter topic takes
    reports: Reports
    verbatim: Verbatim = field(default_factory=Verbatim)
    bugs: list[str] = field(default_factory=list)  # one task alone, with however many, does not stop the service

    async def run(self, subject: Subject, attempts: Attempts, work: Callable[[], Awaitable[T]]) -> T | Answer:
        """The work's result, or the dead letter that stands for it. Only a cancellation passes."""
        try:
            return await work()
        except NotJudged as failure:
            return self.dead(subject, failure.reason, failure.detail, attempts.made, failure.settled)
        except Malformed as failure:
            return self.dead(subject, DeadReason.UNREADABLE, failure.detail, attempts.made)
        except Unavailable as failure:
            return self.dead(subject, _reason(failure), failure.detail, attempts.made, failure.settled)
        except Exception as error:  # noqa: BLE001 # logged where it becomes an answer
            return self.bug(subject, error, attempts.made)

    def bug(self, subject: Subject, error: Exception, attempts: int = 0) -> Answer:
        """To be called while `error` is handled: the log gets its traceback, the dead letter its class alone."""
        log.exception("a bug: the %s stage of a task failed", subject.stage)
        self.reports.crashed()
        if not self.bugs:
            self.reports.judged(bug=True)
        self.bugs.append(type(error).__name__)
        return self.dead(subject, DeadReason.BUG, f"an error of ours: {type(error).__name__}", attempts)

    def dead(
        self, subject: Subject, reason: DeadReason, detail: str, attempts: int = 0, settled: Settled | None = None
    ) -> Answer:
        """The dead letter as an answer, one generation above the last one of the same subject."""
        unknown = subject.announcement if reason is DeadReason.NOT_FOUND else None
        identity = unknown or subject.identity
        generation = (self.generation(identity) or 0) + 1
        letter = DeadLetter(
            identity=identity,
            generation=generation,
            reason=reason,
            detail=detail,
            stage=subject.stage,
            attempts=attempts,
            source=self.task.source,
            first_at=self.first_at,
            last_at=self.now(),
            key=self.task.key,
            value=self.task.value,
            headers=self.task.headers,
            conversation_id=subject.conversation_id,
            message_id=subject.message_id,
            attachment_id=subject.attachment_id,
            value_sha256=self.task.value_sha256,
            left_out=self.task.left_out,
            settled=settled,
        )
        entry = LedgerEntry(identity, AnswerKind.DEAD, generation)
        max_bytes = self.dead_letter_bytes - SIGNING_KEY_BYTES  # a key may be named beside it
        outgoing = encode_dead_letter(letter, max_bytes=max_bytes, whole=self.verbatim.takes(self.task))
        return Answer(entry, outgoing, letter=letter)

    def likewise(self, subject: Subject, other: Answer) -> Answer:
        """The dead letter of a subject that shares its cause with `other`."""
        letter = other.letter
        assert letter is not None, "only a dead letter has a cause to share"
        return self.dead(subject, letter.reason, letter.detail, letter.attempts, letter.settled)


def _reason(failure: Unavailable) -> DeadReason:
    if failure.host is not None:
        return DeadReason.HOST_UNAVAILABLE
    return failure.dead if isinstance(failure, NotYet) else DeadReason.UNAVAILABLE
