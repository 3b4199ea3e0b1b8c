"""What a story means for who is asked about a customer's file: sentences, what is waited for, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from aiokafka import TopicPartition

from consumer.kafka.groups import GroupStanding
from consumer.kafka.seen import DoubtfulRecord, RecordPlace, SeenRecords
from consumer.model import Reason
from consumer.service.whereabouts.letters import explained, remedy
from consumer.service.whereabouts.processes import AskedProcess
from consumer.service.whereabouts.stories import OPEN, State, Story, when
from consumer.telemetry.labels import Skipped

MEANINGS = {
    State.ANNOUNCED: "Its event came, and was not taken in yet.",
    State.WAITING: "Its event is a task, and the task has no answer yet.",
    State.ACCEPTED: "It was let in, and is stored.",
    State.REJECTED: "It was not let in.",
    State.REMOVED: "Its message was removed in Genesys before it was judged.",
    State.DEAD_LETTER: "It could not be judged.",
    State.REPLAYED: "It could not be judged, and is being judged once more.",
    State.ANSWERED: "It was answered. The topic no longer holds its answer.",
    State.NOTHING: "Its event was taken in, and asked for no answer.",
}
SKIPPED: dict[Skipped, str] = {
    "outbound": "An agent or a bot sent it: only what customers send is judged.",
    "link": "It is a link, and no file.",
    "answered": "It was answered before.",
    "beyond_horizon": "Its message is older than TOPICS__HORIZON_DAYS.",
}


DOUBTS: dict[str, str] = {
    "unsigned": "it has no signature",
    "other_key": "it is signed with a key that is not set here",
    "forged": "its signature is false",
    "not_in_ledger": "no entry of the ledger that is signed with a key of ours bears it out",
}
BELIEVED = "; it counts all the same, as long as SIGNATURES__MODE is not `require`"


def doubt(one: DoubtfulRecord) -> str:
    """Why it need not be ours, and what that changes."""
    return f"a {one.what} that need not be ours: {DOUBTS[one.why]}{BELIEVED if one.believed else ''}"


def meaning(story: Story, seen: SeenRecords) -> str:
    if story.cause is not None:
        return SKIPPED[story.cause]
    noise = {sentence for event in seen.events for sentence in event.noise}
    if story.state is State.NOTHING and not story.subject.identity and noise:
        return f"It is only mentioned: {'; '.join(sorted(noise))}."
    return MEANINGS[story.state]


def waited(story: Story) -> str | None:
    """How long its answer took; None while there is none."""
    attempts = story.result.body.get("attempts") if story.result else None
    if story.letter is not None and story.result is None:
        attempts = story.letter.letter.attempts
    times = [when(step.place) for step in story.steps if step.place.at]
    if attempts is None or len(times) < 2:
        return None
    return f"{max(0.0, times[-1] - times[0]):.1f} s from the first to the last of these, attempts: {attempts}"


def because(story: Story) -> Iterator[str]:
    """Why the answer is what it is."""
    if story.result is not None and story.state in (State.REJECTED, State.REMOVED):
        yield f"{story.result.text('reason')}: {story.result.text('detail')}"
        for finding in story.result.body.get("findings") or ():
            if isinstance(finding, dict):
                detail = f": {finding['detail']}" if finding.get("detail") else ""
                yield f"found {finding.get('code')}{detail}"
    if story.letter is not None and story.result is None:
        letter = story.letter.letter
        yield f"{letter.reason}: {letter.detail}"
        if letter.settled is not None:
            code = f", {letter.settled.code}" if letter.settled.code else ""
            yield f"settled by the call {letter.settled.call}: {letter.settled.meaning}{code}"
        if told := explained(letter):
            yield told


def waits_for(story: Story, seen: SeenRecords, processes: Iterable[AskedProcess]) -> Iterator[str]:
    """What an open one waits for now."""
    if story.open_at is None:
        return
    if story.state is State.ANNOUNCED:
        yield _behind(story.open_at, seen.groups.intake, "events are taken in")
        return
    yield _behind(story.open_at, seen.groups.tasks, "tasks are judged")
    for process in processes:
        if process.problem:
            yield f"{process.name}: {process.problem}"
        elif story.open_at.partition in process.partitions:
            yield f"{process.name} has its partition: {process.state}"
            yield from process.conditions


def _behind(place: RecordPlace, group: GroupStanding, work: str) -> str:
    if not group.members:
        return f"a process: the group {group.name} has no members, so no {work}"
    committed = group.committed.get(TopicPartition(place.topic, place.partition))
    if committed is None:
        return f"its turn, or itself: the group {group.name} has committed nothing of partition {place.partition} yet"
    if committed == place.offset:
        return f"itself: it is the first of partition {place.partition} that is not committed"
    before = place.offset - committed
    return f"its turn, or itself: {before} before it in partition {place.partition} are not committed"


def to_do(story: Story, seen: SeenRecords, processes: Iterable[AskedProcess]) -> str:
    """ "" where there is nothing to do."""
    if story.state is State.DEAD_LETTER and story.letter is not None:
        return remedy(story.letter.letter)
    if story.state in OPEN:
        group = seen.groups.intake if story.state is State.ANNOUNCED else seen.groups.tasks
        if not group.members:
            return "Start the service."
        if not list(processes):
            return "Nothing, if the service works. --status HOST:9464 asks a process what it waits for."
        return "Nothing, or what `/readyz` of that process says."
    if story.state is State.REJECTED:
        return "Ask the customer for another file, if the sentence says how."
    return ""


def told(story: Story, seen: SeenRecords, silent: AbstractSet[Reason]) -> str | None:
    """Whether `notify` told the customer; None of what is not rejected."""
    if story.result is None or story.state not in (State.REJECTED, State.REMOVED):
        return None
    if story.result.text("reason") in silent:
        return "no: nobody is told of this reason (NOTIFY__SILENT)"
    group, place = seen.groups.notify, story.result.place
    committed = group.committed.get(TopicPartition(place.topic, place.partition))
    if committed is None:
        return "no: notify has never worked here"
    if place.offset >= committed:
        running = "" if group.members else ", and it does not run"
        return f"not yet: notify has not come to it{running}"
    return "notify has come to it: sent once at most, and its log says if not"
