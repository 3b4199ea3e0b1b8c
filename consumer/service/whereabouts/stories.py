"""What became of each attachment, understood from what the topics hold. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from aiokafka import TopicPartition

from consumer.judge.boundary import Subject
from consumer.judge.reading import no_answer_needed, unseen_of
from consumer.kafka.groups import GroupStanding
from consumer.kafka.seen import Coordinates, RecordPlace, SeenEvent, SeenLetter, SeenRecords, SeenResult, SeenTask
from consumer.model import AnswerKind, Attachment, Event, Message, Reason, Replay
from consumer.telemetry.labels import Skipped


class State(StrEnum):
    """What became of it. A closed list: `explain --json` holds the same."""

    ANNOUNCED = "announced"  # its event is not a task yet
    WAITING = "waiting"  # its task waits to be taken, or is taken and not answered yet
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REMOVED = "removed"  # rejected, since its message was removed in Genesys
    DEAD_LETTER = "dead_letter"  # it could not be judged
    REPLAYED = "replayed"  # a dead letter that is being judged once more
    ANSWERED = "answered"  # the ledger knows an answer that its topic no longer holds
    NOT_JUDGED = "not_judged"  # it needs no answer
    NOTHING = "nothing"  # its event was taken in, and asked for no answer


KINDS = ("event", "task", "dead letter", "replay", "verdict")
OPEN = frozenset({State.ANNOUNCED, State.WAITING, State.REPLAYED})


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something of it that is in a topic."""

    what: str  # one of KINDS
    place: RecordPlace


@dataclass(frozen=True, slots=True)
class Story:
    state: State
    subject: Subject  # an attachment, or where none is known its message or its conversation
    steps: tuple[Sighting, ...]  # as they came
    result: SeenResult | None = None  # the verdict that holds
    letter: SeenLetter | None = None  # the dead letter that holds
    cause: Skipped | None = None  # of what needs no answer
    open_at: RecordPlace | None = None  # the event or task that waits, of what is open


@dataclass(slots=True)
class _Known:
    """All that was seen of one subject."""

    subject: Subject
    events: list[SeenEvent] = field(default_factory=list)
    tasks: list[SeenTask] = field(default_factory=list)
    results: list[SeenResult] = field(default_factory=list)
    letters: list[SeenLetter] = field(default_factory=list)
    cause: Skipped | None = None

    @property
    def is_answered(self) -> bool:
        return bool(self.results or self.letters)


def stories(seen: SeenRecords, horizon: timedelta) -> list[Story]:
    """One for each attachment, and for each message or conversation of which no attachment is known."""
    known = _gathered(seen, horizon)
    told = [_story(one, seen) for one in known.values() if not _is_told_elsewhere(one, known, seen)]
    if not told and not seen.is_empty:
        told = [_mentioned(seen)]
    return sorted(told, key=lambda story: when(story.steps[-1].place) if story.steps else 0.0)


def when(place: RecordPlace) -> float:
    """Seconds since the epoch; 0 where nobody knows."""
    return place.at.timestamp() if place.at else 0.0


def of_asked(told: Sequence[Story], asked: str) -> list[Story]:
    """Those of the attachment or message that was asked for; all, if it was the conversation."""

    def names(story: Story) -> bool:
        subject = story.subject
        return asked in (subject.identity.hex(), subject.message_id, subject.attachment_id)

    return [story for story in told if names(story)] or list(told)


def conversations_of(seen: SeenRecords) -> list[str]:
    """Those of what was found by another id; anybody may write an event that names it, in a conversation of his own."""
    found = [one.text("conversationId") for one in seen.results]
    found += [one.letter.conversation_id for one in seen.letters]
    found += [event.conversation_id for events in _all_events(seen.tasks, seen.events) for event in events]
    return list(dict.fromkeys(filter(None, found)))


def _all_events(tasks: Iterable[SeenTask], events: Iterable[SeenEvent]) -> Iterator[tuple[Event, ...]]:
    yield from (task.events for task in tasks)
    yield from (event.events for event in events)


def in_doubt(seen: SeenRecords) -> Mapping[int, AbstractSet[bytes]]:
    """Of what no answer was found: the identities that the ledger may know, by the partition of their tasks."""
    doubtful: defaultdict[int, set[bytes]] = defaultdict(set)
    for one in _gathered(seen, timedelta.max).values():
        if not one.is_answered:
            for task in one.tasks:
                doubtful[task.place.partition].add(one.subject.identity)
    return doubtful


# ---- what was seen of each subject


def _gathered(seen: SeenRecords, horizon: timedelta) -> dict[bytes, _Known]:
    known: dict[bytes, _Known] = {}
    for result in seen.results:
        ids = result.text("conversationId"), result.text("messageId"), result.text("attachmentId")
        _about(known, Subject(result.identity, "inspect", *ids)).results.append(result)
    for one_letter in seen.letters:
        letter = one_letter.letter
        ids = letter.conversation_id, letter.message_id, letter.attachment_id
        subject = Subject(letter.identity, letter.stage, *ids)
        _about(known, subject).letters.append(one_letter)
    for task in seen.tasks:
        for subject, cause in _announced(task.events, task, horizon):
            one = _about(known, subject)
            one.tasks.append(task)
            one.cause = cause
    for event in seen.events:
        for subject, _ in _announced(event.events, None, horizon):
            _about(known, subject).events.append(event)
    _add_their_tasks(known, seen.tasks)
    _add_their_letters(known)
    return known


def _about(known: dict[bytes, _Known], subject: Subject) -> _Known:
    return known.setdefault(subject.identity, _Known(subject))


def _announced(
    events: Iterable[Event], task: SeenTask | None, horizon: timedelta
) -> Iterator[tuple[Subject, Skipped | None]]:
    """What these events announce: attachments that can be told apart, else their message, else the conversation."""
    for event in events:
        for message in event.messages:
            described = [a for a in message.attachments if a.identity is not None]
            for attachment in described:
                cause = no_answer_needed(message, attachment, task.task, horizon) if task else None
                yield Subject.of_attachment(attachment), cause
            if len(described) < max(1, message.announced, len(message.attachments)):
                yield Subject.of_message(message), None
        if not event.messages and event.conversation_id:
            yield Subject.of_conversation(event.conversation_id), None


def _add_their_tasks(known: Mapping[bytes, _Known], tasks: Iterable[SeenTask]) -> None:
    """An answer names the event that it came from, and a replay the dead letter that it is about."""
    by_source: defaultdict[Coordinates, list[SeenTask]] = defaultdict(list)
    for task in tasks:
        by_source[Coordinates.of(task.task.source)].append(task)
    for one in known.values():
        sources = [result.source for result in one.results]
        sources += [Coordinates.of(found.letter.source) for found in one.letters]
        theirs = [task for source in dict.fromkeys(sources) for task in by_source[source] if task not in one.tasks]
        one.tasks = [task for task in one.tasks + theirs if _is_for(task, one)]


def _is_for(task: SeenTask, one: _Known) -> bool:
    """A replay passes the one dead answer that it names: that of an attachment, or of the message that it was in."""
    replay = task.task.replay
    if replay is None or replay.identity == one.subject.identity:
        return True
    return any(result.replay == replay for result in one.results)


def _add_their_letters(known: Mapping[bytes, _Known]) -> None:
    """A verdict after a replay names the dead letter: its own, or that of its message."""
    for one in known.values():
        for replay in (result.replay for result in one.results):
            other = known.get(replay.identity) if replay else None
            if other is not None and other is not one:
                one.letters += [found for found in other.letters if found not in one.letters]


# ---- what that means


def _is_told_elsewhere(one: _Known, known: Mapping[bytes, _Known], seen: SeenRecords) -> bool:
    """By an answer with another identity: of its message, of its conversation, of its later id, after a replay."""
    subject, others = one.subject, [other for other in known.values() if other is not one]
    if one.is_answered:
        return not one.results and any(_answers_after_replay(other, one) for other in others)
    if subject.message_id is None:
        return bool(others) and not _is_open(one, others, seen)
    answered = [o for o in others if o.is_answered and o.subject.message_id == subject.message_id]
    whole = Message(subject.conversation_id or "", subject.message_id)
    around = {whole.identity, whole.announcement, unseen_of(whole).identity}
    around.update(attachment.announcement for attachment in _described(one))
    if any(other.subject.identity in around for other in answered):
        return True
    return bool(answered) and (not _described(one) or subject.identity in seen.ledger)


def _answers_after_replay(other: _Known, letter: _Known) -> bool:
    return any(r.replay is not None and r.replay.identity == letter.subject.identity for r in other.results)


def _is_open(one: _Known, others: Iterable[_Known], seen: SeenRecords) -> bool:
    """Whether an event that names the conversation alone may still bring something."""
    answered = [task for other in others if other.is_answered for task in other.tasks]
    events = any(_is_above(event.place, seen.groups.intake) for event in one.events)
    return events or any(_is_above(task.place, seen.groups.tasks) and task not in answered for task in one.tasks)


def _described(one: _Known) -> list[Attachment]:
    """It as each event described it; none where it is no attachment."""
    events = (event for events in _all_events(one.tasks, one.events) for event in events)
    attachments = (a for event in events for message in event.messages for a in message.attachments)
    return [attachment for attachment in attachments if attachment.identity == one.subject.identity]


def _story(one: _Known, seen: SeenRecords) -> Story:
    steps = tuple(sorted(_steps(one), key=_in_order))
    if one.results:
        result = max(one.results, key=lambda result: when(result.place))
        return Story(_state_of(result), one.subject, steps, result=result)
    tasks = [task for task in one.tasks if _is_above(task.place, seen.groups.tasks)]
    if one.letters:
        letter = max(one.letters, key=lambda found: found.letter.generation)
        again = next((task.place for task in tasks if _replays(task, letter)), None)
        state = State.REPLAYED if again else State.DEAD_LETTER
        return Story(state, one.subject, steps, letter=letter, open_at=again)
    if one.cause is not None:
        return Story(State.NOT_JUDGED, one.subject, steps, cause=one.cause)
    if tasks:
        return Story(State.WAITING, one.subject, steps, open_at=tasks[0].place)
    if _is_remembered(one, seen):
        return Story(State.ANSWERED, one.subject, steps)
    if events := [event for event in one.events if _is_above(event.place, seen.groups.intake)]:
        return Story(State.ANNOUNCED, one.subject, steps, open_at=events[0].place)
    return Story(State.NOTHING, one.subject, steps)


def _is_remembered(one: _Known, seen: SeenRecords) -> bool:
    """Of a message the ledger's verdict says no more than that nothing in it is open."""
    remembered = seen.ledger.get(one.subject.identity)
    return remembered is not None and (bool(_described(one)) or remembered.entry.kind is AnswerKind.DEAD)


def _in_order(step: Sighting) -> tuple[bool, float, int]:
    """Events first: their time is their writer's, whose clock may be off."""
    return step.what != "event", when(step.place), KINDS.index(step.what)


def _steps(one: _Known) -> Iterator[Sighting]:
    events = {(event.place.topic, event.place.partition, event.place.offset): event.place for event in one.events}
    for task in one.tasks:
        events[Coordinates.of(task.task.source)] = RecordPlace.of_source(task.task.source)
        yield Sighting("replay" if task.task.replay else "task", task.place)
    for result in one.results:
        events.setdefault(result.source, RecordPlace(*result.source, at=None))  # retention took its task
        yield Sighting("verdict", result.place)
    yield from (Sighting("dead letter", found.place) for found in one.letters)
    yield from (Sighting("event", place) for place in events.values())


def _is_above(place: RecordPlace, group: GroupStanding) -> bool:
    """Whether the group has not committed it."""
    return place.offset >= group.committed.get(TopicPartition(place.topic, place.partition), 0)


def _replays(task: SeenTask, found: SeenLetter) -> bool:
    return task.task.replay == Replay(found.letter.identity, found.letter.generation)


def _state_of(result: SeenResult) -> State:
    if result.text("verdict") == "accepted":
        return State.ACCEPTED
    return State.REMOVED if result.text("reason") == Reason.REMOVED else State.REJECTED


def _mentioned(seen: SeenRecords) -> Story:
    """What only mentions it, or can't be read: nothing in it names a message or an attachment."""
    events = (Sighting("event", event.place) for event in seen.events)
    tasks = (Sighting("task", task.place) for task in seen.tasks)
    waits = next((task.place for task in seen.tasks if _is_above(task.place, seen.groups.tasks)), None)
    return Story(State.WAITING if waits else State.NOTHING, Subject(b"", ""), (*events, *tasks), open_at=waits)
