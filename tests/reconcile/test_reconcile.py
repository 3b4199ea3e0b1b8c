"""What counts as missing, and how long what is away is waited for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consumer.errors import Failure, NotJudged, NotYet, Throttled, Unavailable
from consumer.model import Attachment, DeadReason, Dependency, Direction, Kind, Message, Replay
from consumer.service.reconcile.conversations import Span
from consumer.service.reconcile.reconcile import PATIENCE, Reconciled, reconcile
from tests.judge.home import CONVERSATION, NOW, attachment, message

SPAN = Span(NOW - timedelta(hours=1), NOW, timedelta(days=1))
INSIDE = NOW - timedelta(minutes=30)
API = Dependency.API


class Ledger:
    """Identities that have an answer; `later` are given while Genesys is asked."""

    def __init__(self, *answered: bytes | None, later: tuple[bytes | None, ...] = ()) -> None:
        self.there = set(answered)
        self.later = later
        self.reads = 0

    async def read(self) -> None:
        self.reads += 1
        if self.reads > 1:
            self.there |= set(self.later)

    def is_answered(self, message: Message) -> bool:
        return message.identity in self.there

    def unanswered(self, message: Message) -> list[Attachment]:
        if self.is_answered(message):
            return []
        return [a for a in message.attachments if a.identity not in self.there]

    def given_up(self, message: Message) -> Replay | None:
        return Replay(b"l" * 16, 1) if message.announcement in self.there else None


class Genesys:
    """The failures come first."""

    def __init__(self, *messages: Message, failures: tuple[Failure, ...] = ()) -> None:
        self.messages = messages
        self.failures = list(failures)
        self.read: list[str] = []

    async def ask(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"conversationId": CONVERSATION}] if query["paging"]["pageNumber"] == 1 else []

    async def find_listed(self, conversation_id: str, wanted: Callable[[Message], bool]) -> list[Message]:
        if self.failures:
            raise self.failures.pop(0)
        chosen = [one for one in self.messages if wanted(one)]
        self.read += [one.message_id for one in chosen]
        return chosen


async def done(genesys: Genesys, known: Ledger, sleep: Callable[[float], Awaitable[None]] | None = None) -> Reconciled:
    async def at_once(seconds: float) -> None:
        pass

    return await reconcile(genesys.ask, genesys, known, SPAN, sleep or at_once)


def sent(name: str, *files: str, **fields: Any) -> Message:
    return message(name, *(attachment(file, name) for file in files), **({"time": INSIDE} | fields))


async def test_a_message_with_a_file_that_has_no_answer_is_missing_and_its_answered_files_are_not() -> None:
    one = sent("m1", "a", "b")
    found = await done(Genesys(one), Ledger(one.attachments[0].identity))
    ((missing),) = found.missing
    assert (missing.message, missing.attachments, missing.given_up) == (one, (one.attachments[1],), None)
    assert (found.conversations, found.messages) == (1, 1)


async def test_what_is_answered_is_not_even_read() -> None:
    one, other = sent("m1", "a"), sent("m2", "b")
    genesys = Genesys(one, other)
    found = await done(genesys, Ledger(one.identity))
    assert genesys.read == ["m2"]
    assert [missing.message for missing in found.missing] == [other]
    assert found.messages == 2


async def test_answers_that_come_while_genesys_is_asked_count() -> None:
    one = sent("m1", "a")
    known = Ledger(later=(one.attachments[0].identity,))
    assert (await done(Genesys(one), known)).missing == []
    assert known.reads == 2


async def test_what_the_service_answers_nothing_about_is_not_missing() -> None:
    link = replace(sent("m3", "l"), attachments=(attachment("l", "m3", kind=Kind.LINK),))
    outbound = sent("m4", "o", direction=Direction.OUTBOUND)
    before, after = sent("m1", "a", time=SPAN.since - timedelta(seconds=1)), sent("m2", "b", time=SPAN.until)
    assert (await done(Genesys(before, after, link, outbound), Ledger())).missing == []


async def test_a_dead_letter_of_the_announcement_is_no_answer_and_is_told() -> None:
    one = sent("m1", "a")
    ((missing),) = (await done(Genesys(one), Ledger(one.announcement))).missing
    assert missing.given_up == Replay(b"l" * 16, 1)


@pytest.mark.parametrize(
    "failure", [NotJudged(DeadReason.FORBIDDEN, "not this one"), NotYet(API, "gone", dead=DeadReason.NOT_FOUND)]
)
async def test_a_conversation_that_can_t_be_read_is_told_and_stops_nothing(failure: Failure) -> None:
    found = await done(Genesys(failures=(failure,)), Ledger())
    assert found.unreadable == {CONVERSATION: failure.detail}
    assert (found.conversations, found.missing) == (0, [])


async def test_a_limit_is_waited_out_and_an_outage_for_a_while() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    one, away = sent("m1", "a"), Unavailable(API, "away")
    limits = tuple(Throttled(API, "slow down", retry_after_s=60) for _ in range(10))
    found = await done(Genesys(one, failures=(*limits, *[away] * (PATIENCE.attempts - 1))), Ledger(), sleep)
    assert len(found.missing) == 1
    assert slept[:10] == [60] * 10
    with pytest.raises(Unavailable, match="away"):
        await done(Genesys(one, failures=(away,) * PATIENCE.attempts), Ledger(), sleep)
