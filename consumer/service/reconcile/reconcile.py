"""Conversations of a time from the API, their messages with files, and the answers of the ledger beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from consumer.attempts import Backoff, Sleep
from consumer.errors import NotJudged, NotYet, Throttled, Unavailable
from consumer.model import Attachment, Direction, Kind, Message, Replay
from consumer.service.reconcile.conversations import Ask, Span, alive

T = TypeVar("T")

PATIENCE = Backoff(attempts=5, over_s=30.0)


class KnownAnswers(Protocol):
    """The answers that there are (`reconcile.answers`)."""

    async def read(self) -> None: ...
    def is_answered(self, message: Message) -> bool: ...
    def unanswered(self, message: Message) -> list[Attachment]: ...
    def given_up(self, message: Message) -> Replay | None: ...


class Lists(Protocol):
    """Genesys, as far as its messages are asked for (`genesys.lookup`)."""

    async def find_listed(self, conversation_id: str, wanted: Callable[[Message], bool]) -> list[Message]: ...


@dataclass(frozen=True, slots=True)
class UnansweredMessage:
    """A message with attachments that have no answer."""

    message: Message
    attachments: tuple[Attachment, ...]  # those
    given_up: Replay | None  # the dead letter of its announcement


@dataclass(slots=True)
class Reconciled:
    conversations: int = 0  # that were read
    messages: int = 0  # of customers, with files, in the time that was asked for
    missing: list[UnansweredMessage] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)  # conversation → why it can't be read


async def reconcile(ask: Ask, lists: Lists, known: KnownAnswers, span: Span, sleep: Sleep) -> Reconciled:
    """Asks for what the ledger does not answer, and looks once more afterwards: answers come meanwhile.

    Raises `Refused` for a permission that is missing, `Unavailable` for what stays away.
    """
    done = Reconciled()
    await known.read()
    async for conversation_id in alive(lambda query: persistently(lambda: ask(query), sleep), span):
        looking = _Looking(span, known)
        try:
            found = await persistently(lambda: lists.find_listed(conversation_id, looking.wants), sleep)  # noqa: B023
        except (NotYet, NotJudged) as failure:
            done.unreadable[conversation_id] = failure.detail
            continue
        done.conversations += 1
        done.messages += len(looking.with_files)
        done.missing += [one for message in found if (one := _missing(message, known)) is not None]
    await known.read()
    done.missing = [one for before in done.missing if (one := _missing(before.message, known)) is not None]
    return done


@dataclass(frozen=True, slots=True)
class _Looking:
    """One conversation: which of its messages have to be read in full."""

    span: Span
    known: KnownAnswers
    with_files: set[bytes] = field(default_factory=set)

    def wants(self, message: Message) -> bool:
        inside = message.time is None or self.span.since <= message.time < self.span.until
        if not inside or message.direction is Direction.OUTBOUND:
            return False
        self.with_files.add(message.identity)
        return not self.known.is_answered(message)


def _missing(message: Message, known: KnownAnswers) -> UnansweredMessage | None:
    if message.direction is Direction.OUTBOUND:
        return None
    unanswered = [
        a for a in known.unanswered(message) if a.direction is not Direction.OUTBOUND and a.kind is not Kind.LINK
    ]
    return UnansweredMessage(message, tuple(unanswered), known.given_up(message)) if unanswered else None


async def persistently(step: Callable[[], Awaitable[T]], sleep: Sleep) -> T:
    """The step's result. A limit is waited out; what is away is asked a few times."""
    failed = 0
    while True:
        try:
            return await step()
        except Throttled as limited:
            await sleep(limited.retry_after_s or PATIENCE.wait_s(1))
        except NotYet:
            raise
        except Unavailable as failure:
            failed += 1
            if failed >= PATIENCE.attempts:
                raise
            await sleep(PATIENCE.wait_s(failed, failure.retry_after_s))
