"""What must come out for what goes in: one entry for each answer, as a file that `sandbox check` reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import orjson

from consumer.identity import announcement_identity, conversation_identity
from consumer.model import DeadReason, Direction, Reason
from consumer.sandbox.cases import ExpectedOutcome
from consumer.sandbox.world import Conversation, SentFile, SentMessage, World


@dataclass(frozen=True, slots=True)
class Expected:
    """One answer. `id` is what its result or dead letter carries; a dead letter may carry one of `covers` instead.

    `sha256:…` stands for what names nothing: the id of such a dead letter holds coordinates, which nobody can foretell.
    """

    id: str
    outcome: ExpectedOutcome
    reason: str | None
    case: str
    covers: tuple[str, ...] = ()
    conversation_id: str | None = None
    message_id: str | None = None
    attachment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    events: int
    seed: int
    answers: tuple[Expected, ...]

    @property
    def attachments(self) -> int:
        return sum(
            answer.attachment_id is not None or answer.outcome is not ExpectedOutcome.DEAD for answer in self.answers
        )

    def write(self, path: Path) -> None:
        path.write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises `ValueError` for a file that `write` did not write."""
        try:
            found: dict[str, Any] = orjson.loads(path.read_bytes())
            answers = tuple(
                Expected(**{**entry, "outcome": ExpectedOutcome(entry["outcome"]), "covers": tuple(entry["covers"])})
                for entry in found["answers"]
            )
            return cls(found["events"], found["seed"], answers)
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{path} is not a file of expected answers") from None


def of_world(world: World, *, antivirus: bool = False) -> Iterator[Expected]:
    """An entry for each file of each message, and for what the API does not know."""
    for talk in world.conversations.values():
        if not talk.known:
            yield _dead_conversation(talk)
        for message in talk.messages:
            if message.direction is Direction.OUTBOUND:
                continue
            if not message.known:
                yield _dead_message(message)
                continue
            for file in message.files:
                if file.case.answer.outcome is not ExpectedOutcome.UNANSWERED:
                    yield _file(talk, message, file, antivirus)
            for ghost in message.ghosts:
                yield _ghost(message, ghost)


def _file(talk: Conversation, message: SentMessage, file: SentFile, antivirus: bool) -> Expected:
    if not talk.readable:
        return _dead_file(message, file, DeadReason.FORBIDDEN, "conversation_forbidden")
    answer, case = file.case.answer, file.case.name
    if answer.outcome is ExpectedOutcome.DEAD:
        return _dead_file(message, file, DeadReason(answer.reason or ""), case)
    if message.removed:
        return _entry(message, file, ExpectedOutcome.REJECTED, Reason.REMOVED, "message_removed")
    if antivirus and file.case.infected:
        return _entry(message, file, ExpectedOutcome.REJECTED, Reason.INFECTED, case)
    return _entry(message, file, answer.outcome, answer.reason, case)


def _entry(
    message: SentMessage,
    file: SentFile,
    outcome: ExpectedOutcome,
    reason: str | None,
    case: str,
    covers: tuple[str, ...] = (),
) -> Expected:
    return Expected(
        id=file.identity(message.conversation_id, message.message_id).hex(),
        outcome=outcome,
        reason=str(reason) if reason else None,
        case=case,
        covers=covers,
        conversation_id=message.conversation_id,
        message_id=message.message_id,
        attachment_id=file.attachment_id,
    )


def _dead_file(message: SentMessage, file: SentFile, reason: DeadReason, case: str) -> Expected:
    covers = (message.identity.hex(), conversation_identity(message.conversation_id).hex())
    return _entry(message, file, ExpectedOutcome.DEAD, reason, case, covers)


def _ghost(message: SentMessage, file: SentFile) -> Expected:
    """What was announced and is not shown; it may come to be by now."""
    dead = _dead_file(message, file, DeadReason.NOT_FOUND, "attachment_not_known")
    return replace(dead, id=file.announcement(message.conversation_id, message.message_id).hex())


def _dead_message(message: SentMessage) -> Expected:
    """Whichever of its files the events name, the message is what was announced and not found."""
    own = announcement_identity(message.conversation_id, message.message_id).hex()
    files = tuple(file.identity(message.conversation_id, message.message_id).hex() for file in message.files)
    around = (*files, announcement_identity(message.conversation_id).hex())
    return Expected(
        own,
        ExpectedOutcome.DEAD,
        DeadReason.NOT_FOUND.value,
        "message_not_known",
        around,
        message.conversation_id,
        message.message_id,
    )


def _dead_conversation(talk: Conversation) -> Expected:
    return Expected(
        announcement_identity(talk.conversation_id).hex(),
        ExpectedOutcome.DEAD,
        DeadReason.NOT_FOUND.value,
        "conversation_not_known",
        conversation_id=talk.conversation_id,
    )


def of_value(value: bytes | None, reason: DeadReason, case: str) -> Expected:
    """Of a record that names nothing."""
    return Expected(value_id(value), ExpectedOutcome.DEAD, reason.value, case)


def value_id(value: bytes | None) -> str:
    return "sha256:" + hashlib.sha256(value or b"").hexdigest()
