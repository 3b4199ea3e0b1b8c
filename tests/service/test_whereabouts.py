"""What became of an attachment, understood from what the topics hold: where answers go by another name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import TopicPartition

from consumer.genesys.answers import Meaning
from consumer.identity import attachment_key, conversation_identity, message_identity
from consumer.kafka.groups import GroupStanding
from consumer.kafka.seen import (
    Coordinates,
    Groups,
    RecordPlace,
    Remembered,
    SeenEvent,
    SeenLetter,
    SeenRecords,
    SeenResult,
    SeenTask,
)
from consumer.model import (
    AnswerKind,
    Attachment,
    DeadLetter,
    DeadReason,
    Event,
    LedgerEntry,
    Message,
    Reason,
    Replay,
    Settled,
    Source,
    Task,
)
from consumer.service.whereabouts import sentences
from consumer.service.whereabouts.letters import explained
from consumer.service.whereabouts.processes import AskedProcess
from consumer.service.whereabouts.stories import State, Story, of_asked, stories

CONVERSATION, MESSAGE = "11111111-1111-4111-8111-111111111111", "m1"
HORIZON = timedelta(days=35)
AT = datetime(2026, 11, 29, 9, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)


def seen(*, committed: int = 100, taken_in: int = 100, members: int = 1, **found: Any) -> SeenRecords:
    intake = GroupStanding("g-intake", members, {TopicPartition("events", 0): taken_in})
    notify = GroupStanding("g-notify", 0, {TopicPartition("rejected", 0): 5})
    return SeenRecords(
        Groups(intake, GroupStanding("g", members, {TopicPartition("tasks", 0): committed}), notify), **found
    )


def attachment(name: str, **fields: Any) -> Attachment:
    return Attachment(CONVERSATION, MESSAGE, name, attachment_key(name, None, None), **fields)


def identity(name: str) -> bytes:
    found = attachment(name).identity
    assert found is not None
    return found


def event(*names: str, **fields: Any) -> Event:
    attachments = tuple(attachment(name) for name in names)
    return Event(CONVERSATION, (Message(CONVERSATION, MESSAGE, attachments, **fields),))


BARE = Event(CONVERSATION)


def place(topic: str, offset: int) -> RecordPlace:
    return RecordPlace(topic, 0, offset, AT + timedelta(seconds=offset))


def task(offset: int, *events: Event, replay: Replay | None = None, source: int | None = None) -> SeenTask:
    at = Source("events", 0, offset if source is None else source, AT_MS)
    return SeenTask(place("tasks", offset), Task(at, b"{}", replay=replay, taken_ms=AT_MS), events)


def result(
    name: str, offset: int, reason: str | None = None, replay: Replay | None = None, source: int = 0
) -> SeenResult:
    body = {
        "verdict": "rejected" if reason else "accepted",
        "reason": reason,
        "detail": "a sentence",
        "conversationId": CONVERSATION,
        "messageId": MESSAGE,
        "attachmentId": name,
        "attempts": 1,
        "findings": [{"code": "macros", "detail": "it contains macros"}, "odd"],
    }
    topic = "rejected" if reason else "accepted"
    return SeenResult(place(topic, offset), identity(name), Coordinates("events", 0, source), replay, body)


def letter(of: bytes, generation: int = 1, offset: int = 0, **fields: Any) -> SeenLetter:
    known: dict[str, Any] = {"message_id": MESSAGE} | fields
    return SeenLetter(
        place("dead-letter", offset),
        DeadLetter(
            identity=of,
            generation=generation,
            reason=DeadReason.NOT_FOUND,
            detail="gone",
            stage="metadata",
            attempts=8,
            source=Source("events", 0, 0, AT_MS),
            first_at=AT,
            last_at=AT,
            key=None,
            value=b"",
            conversation_id=CONVERSATION,
            settled=Settled("messages", "answered", "not.found"),
            **known,
        ),
    )


def told(found: SeenRecords) -> dict[bytes, State]:
    return {story.subject.identity: story.state for story in stories(found, HORIZON)}


def test_a_dead_message_answers_for_all_that_its_event_described() -> None:
    whole = message_identity(CONVERSATION, MESSAGE)
    found = seen(tasks=[task(0, event("a", "b"))], letters=[letter(whole)])
    assert told(found) == {whole: State.DEAD_LETTER}


def test_what_an_announcement_lacks_does_not_answer_for_what_it_describes() -> None:
    rest = b"announcement".ljust(16, b".")
    found = seen(committed=0, tasks=[task(0, event("a", announced=2))], letters=[letter(rest)])
    assert told(found) == {rest: State.DEAD_LETTER, identity("a"): State.WAITING}


@pytest.mark.parametrize("announced", [attachment("a"), Message(CONVERSATION, MESSAGE)], ids=["attachment", "message"])
def test_what_was_announced_too_early_is_told_once_before_and_after_its_verdict(
    announced: Attachment | Message,
) -> None:
    early = announced.announcement
    assert early is not None
    tasks, letters = [task(0, event("a"))], [letter(early, offset=1)]
    assert told(seen(tasks=tasks, letters=letters)) == {early: State.DEAD_LETTER}
    verdict = result("a", 3, replay=Replay(early, 1), source=2)
    (story,) = stories(seen(tasks=[*tasks, task(2, event("a"))], letters=letters, results=[verdict]), HORIZON)
    assert (story.state, story.subject.identity) == (State.ACCEPTED, identity("a"))
    assert "dead letter" in [step.what for step in story.steps]


def test_an_attachment_that_is_known_by_a_later_id_is_told_once() -> None:
    early, later = identity("early"), identity("later")
    mark = Remembered(LedgerEntry(early, AnswerKind.VERDICT), AT)
    found = seen(tasks=[task(0, event("early"))], results=[result("later", 0)], ledger={early: mark})
    assert told(found) == {later: State.ACCEPTED}


def test_of_a_message_with_an_answer_another_attachment_may_still_wait() -> None:
    found = seen(committed=0, tasks=[task(0, event("a", "b"))], results=[result("a", 0)])
    assert told(found) == {identity("a"): State.ACCEPTED, identity("b"): State.WAITING}


def test_a_verdict_after_a_replay_of_its_message_tells_the_whole_way() -> None:
    whole = message_identity(CONVERSATION, MESSAGE)
    replay = Replay(whole, 1)
    found = seen(
        tasks=[task(0, event("a")), task(2, event("a"), replay=replay, source=0)],
        letters=[letter(whole, offset=1)],
        results=[result("a", 3, replay=replay)],
    )
    (story,) = stories(found, HORIZON)
    assert (story.state, story.subject.identity) == (State.ACCEPTED, identity("a"))
    assert [step.what for step in story.steps] == ["event", "task", "dead letter", "replay", "verdict"]


@pytest.mark.parametrize(("generation", "state"), [(1, State.REPLAYED), (2, State.DEAD_LETTER)])
def test_only_a_replay_of_the_last_dead_letter_is_on_its_way(generation: int, state: State) -> None:
    letters = [letter(identity("a"), n, n, attachment_id="a") for n in range(1, generation + 1)]
    found = seen(committed=7, tasks=[task(9, event("a"), replay=Replay(identity("a"), 1))], letters=letters)
    assert told(found) == {identity("a"): state}


def test_an_event_that_names_the_conversation_alone_is_told_while_it_may_bring_something() -> None:
    bare, answered = conversation_identity(CONVERSATION), result("a", 0, source=0)
    assert told(seen(committed=0, tasks=[task(0, BARE)])) == {bare: State.WAITING}
    assert told(seen(tasks=[task(0, BARE)])) == {bare: State.NOTHING}
    assert told(seen(committed=0, tasks=[task(0, BARE)], results=[answered])) == {identity("a"): State.ACCEPTED}
    later = seen(committed=0, tasks=[task(0, BARE), task(1, BARE)], results=[answered])
    assert told(later) == {identity("a"): State.ACCEPTED, bare: State.WAITING}


def test_a_message_that_the_ledger_closed_without_a_file_asked_for_no_answer() -> None:
    whole = message_identity(CONVERSATION, MESSAGE)
    ledger = {whole: Remembered(LedgerEntry(whole, AnswerKind.VERDICT), AT)}
    assert told(seen(tasks=[task(0, event(announces_media=True))], ledger=ledger)) == {whole: State.NOTHING}


def test_events_that_are_searched_as_well_are_not_taken_for_waiting_ones() -> None:
    one = SeenEvent(place("events", 3), (event("a"),))
    assert told(seen(events=[one], taken_in=3)) == {identity("a"): State.ANNOUNCED}
    assert told(seen(events=[one], taken_in=4)) == {identity("a"): State.NOTHING}


def test_a_task_that_can_not_be_read_is_told_by_itself() -> None:
    (story,) = stories(seen(committed=0, tasks=[task(0)]), HORIZON)
    assert (story.state, story.subject.conversation_id) == (State.WAITING, None)


def test_who_asks_for_an_attachment_or_a_message_is_told_of_that() -> None:
    every = stories(seen(results=[result("a", 0), result("b", 1)]), HORIZON)
    assert [story.subject.attachment_id for story in of_asked(every, "b")] == ["b"]
    assert [story.subject.attachment_id for story in of_asked(every, identity("a").hex())] == ["a"]
    assert len(of_asked(every, MESSAGE)) == len(of_asked(every, CONVERSATION)) == 2


def test_what_is_waited_for_names_who_has_to_do_it() -> None:
    away = AskedProcess("one", problem="it does not answer")
    other = AskedProcess("two", "ready", (1,))
    ours = AskedProcess("three", "waiting", (0,), ("The API does not answer.",))

    def waits(**changed: Any) -> list[str]:
        found = seen(tasks=[task(9, event("a"))], **changed)
        (story,) = stories(found, HORIZON)
        return list(sentences.waits_for(story, found, [away, other, ours]))

    last = ["one: it does not answer", "three has its partition: waiting", "The API does not answer."]
    assert waits(committed=9) == ["itself: it is the first of partition 0 that is not committed", *last]
    assert waits(committed=2)[0].startswith("its turn, or itself: 7 before it")
    assert waits(committed=2, members=0)[0].startswith("a process: the group g has no members")


@pytest.mark.parametrize(
    ("offset", "reason", "begins"),
    [
        (4, "macros", "notify has come to it"),
        (5, "macros", "not yet: notify has not come to it, and it does not run"),
        (5, "removed", "no: nobody is told of this reason"),
    ],
)
def test_whether_a_customer_was_told_of_a_rejected_file(offset: int, reason: str, begins: str) -> None:
    found = seen(results=[result("a", offset, reason)])
    (story,) = stories(found, HORIZON)
    assert (sentences.told(story, found, frozenset({Reason.REMOVED})) or "").startswith(begins)
    assert list(sentences.because(story))[1:] == ["found macros: it contains macros"]


def test_every_reason_of_a_dead_letter_says_what_to_do() -> None:
    for reason in DeadReason:
        one = letter(identity("a"))
        one = replace(one, letter=replace(one.letter, reason=reason))
        story = Story(State.DEAD_LETTER, stories(seen(letters=[one]), HORIZON)[0].subject, (), letter=one)
        assert sentences.to_do(story, seen(), [])


@pytest.mark.parametrize("body", [{}, {"state": "ready"}, {"state": 1, "assignedPartitions": 2, "conditions": 3}])
def test_what_is_no_process_of_ours_is_said(body: dict[str, Any]) -> None:
    assert AskedProcess.of("one:9464", body, "no answer in 5 s").problem == "no answer in 5 s"
    assert AskedProcess.of("one:9464", body, None).problem == "what answers there is not this service"


MEANINGS = {str(meaning) for meaning in Meaning} | {"not_the_store", "no_answer"}


@pytest.mark.parametrize("meaning", sorted(MEANINGS))
def test_whatever_a_dead_letter_rests_on_is_explained(meaning: str) -> None:
    rests_on = replace(letter(b"x" * 16).letter, reason=DeadReason.UNAVAILABLE, settled=Settled("messages", meaning))
    assert explained(rests_on)


def test_only_what_a_store_refused_is_told_of_a_store() -> None:
    refused = replace(letter(b"x" * 16).letter, reason=DeadReason.UNAVAILABLE)
    assert "store" in str(explained(replace(refused, settled=Settled("file", "refused", "AccessDenied"))))
    assert "store" not in str(explained(replace(refused, settled=Settled("messages", "refused", "not.authorized"))))
