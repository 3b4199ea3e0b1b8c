"""`explain`: where a customer's file is, on one screen."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio

from consumer.cli.outcome import Exit, data, data_json, ended
from consumer.cli.typed import any_id, moment
from consumer.kafka.seen import DoubtfulRecord, RecordPlace, Searched, SeenRecords
from consumer.service.status.processes import base_url, reached
from consumer.service.whereabouts import sentences
from consumer.service.whereabouts.gathered import gathered
from consumer.service.whereabouts.processes import AskedProcess
from consumer.service.whereabouts.stories import OPEN, Sighting, Story, of_asked, stories, when
from consumer.settings.load import load_part
from consumer.settings.model import Settings
from consumer.telemetry.log import mask, setup
from consumer.text import printable

WIDTH = 80
IN_DETAIL = 3  # stories that fit on a screen
LONGEST = 2_048
LABEL = 10
MORE = (
    "of the events only those were searched that are not taken in yet; --since 2h searches all of the last two hours, "
    "and takes its time"
)


@dataclass(frozen=True, slots=True)
class Inquiry:
    what: str
    since: datetime | None
    status: tuple[str, ...]
    names: bool  # of files are told as well: they are the customer's words


@dataclass(frozen=True, slots=True)
class _Known:
    asked: Inquiry
    seen: SeenRecords
    told: Sequence[Story]
    processes: Sequence[AskedProcess]
    settings: Settings


def explain(
    config: Path | None, what: str, since: str | None, status: Sequence[str], names: bool, as_json: bool
) -> None:
    """Ends with 1 if nothing is known, with 3 if Kafka is away."""
    try:
        asked = Inquiry(
            any_id(what), moment(since, datetime.now(UTC)) if since else None, tuple(map(_address, status)), names
        )
    except ValueError as wrong:
        raise ended(Exit.USAGE, str(wrong)) from None
    settings = load_part("kafka", "topics", "signatures", "log", "notify", toml=config)
    setup(settings.log)
    known = anyio.run(_look, settings, asked)
    if as_json:
        data_json(_document(known))
    else:
        for line in _screen(known):
            data(line)
    if not known.told:
        raise ended(Exit.NEGATIVE)


def _address(given: str) -> str:
    try:
        return base_url(given)
    except ValueError as wrong:
        raise ValueError(f"{printable(given, 200)!r}: {wrong}") from None


async def _look(settings: Settings, asked: Inquiry) -> _Known:
    seen = await gathered(settings.kafka, settings.topics, settings.signatures, asked.what, asked.since)
    told = of_asked(stories(seen, timedelta(days=settings.topics.horizon_days)), asked.what)
    is_open = any(story.state in OPEN for story in told)
    return _Known(asked, seen, told, await _ask(asked.status) if is_open else [], settings)


async def _ask(urls: Sequence[str]) -> list[AskedProcess]:
    async with reached(urls) as processes:
        return [AskedProcess.of(look.process, look.ready, look.problem) for look in await processes.look()]


# ---- for people


def _screen(known: _Known) -> Iterator[str]:
    yield from _nothing(known) if not known.told else _stories(known)
    doubtful = known.seen.doubtful
    if doubtful:
        yield ""
    for one in doubtful[:IN_DETAIL]:
        yield from _wrapped("doubtful", f"{one.place}: {sentences.doubt(one)}")
    if len(doubtful) > IN_DETAIL:
        yield from _wrapped("", f"and {len(doubtful) - IN_DETAIL} more that are doubtful: --json tells all of them")


def _stories(known: _Known) -> Iterator[str]:
    told = known.told
    counts = Counter(story.state for story in told)
    summary = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in counts.items())
    yield from _wrapped("", f"{printable(known.asked.what, 200)}: {summary}")
    if len(told) > IN_DETAIL:
        for story in sorted(told, key=lambda story: story.state not in OPEN):
            yield _line(story)
        yield ""
        yield from _wrapped("", "Give one of these ids for its details.")
        return
    for story in told:
        yield ""
        yield from _details(story, known)


def _nothing(known: _Known) -> Iterator[str]:
    yield from _wrapped("", f"Nothing is known of {printable(known.asked.what, 200)}.")
    yield ""
    for searched in known.seen.searched:
        yield from _wrapped("searched", _of_searched(searched))
    if known.asked.since is None:
        yield from _wrapped("note", MORE)
    for group in (known.seen.groups.intake, known.seen.groups.tasks):
        if not group.members:
            yield from _wrapped("note", f"the group {group.name} has no members: the service does not run")


def _of_searched(searched: Searched) -> str:
    records = f"{searched.records} records since {_utc(searched.since)}" if searched.since else "no records"
    some = f", {searched.partitions} of {searched.of} partitions" if searched.partitions != searched.of else ""
    return f"{searched.topic}: {records}{some}"


def _line(story: Story) -> str:
    at = story.steps[-1].place.at if story.steps else None
    name = story.subject.attachment_id or story.subject.identity.hex()
    return f"  {story.state.replace('_', ' '):<12} {_utc(at):<20} {printable(name, WIDTH - 36)}"


def _details(story: Story, known: _Known) -> Iterator[str]:
    yield story.state.replace("_", " ").upper()
    for what, value in _names(story, known.asked):
        yield from _wrapped(what, value)
    for what, place, note in _steps(story):
        yield from _wrapped(what, f"{_utc(place.at)}  {place}{note}")
    label = ""
    for what, text in _told(story, known):
        yield from _wrapped(what if what != label else " ", text)
        label = what


def _names(story: Story, asked: Inquiry) -> Iterator[tuple[str, str]]:
    subject, result = story.subject, story.result
    if subject.message_id:
        yield "message", subject.message_id
    if subject.attachment_id:
        yield "attachment", subject.attachment_id
    if subject.identity:
        yield "identity", subject.identity.hex()
    if result is None:
        return
    size = result.body.get("size")
    kind = result.text("detectedType") or result.text("declaredType") or "of an unknown type"
    yield "file", f"{kind}, {size:,} bytes" if isinstance(size, int) else kind
    if asked.names and (name := result.text("name")):
        yield "name", name
    if uri := result.text("storageUri"):
        yield "stored", mask(uri)


def _steps(story: Story) -> Iterator[tuple[str, RecordPlace, str]]:
    """Each kind of step once, with how many more there are; and how long it took since the one before."""
    more = Counter(step.what for step in story.steps)
    before: RecordPlace | None = None
    for step in _first_of_each(story.steps):
        notes = []
        if before is not None and before.at and step.place.at:
            notes.append(f"{max(0.0, when(step.place) - when(before)):.1f} s later")
        if more[step.what] > 1:
            notes.append(f"and {more[step.what] - 1} more")
        yield step.what, step.place, f" ({', '.join(notes)})" if notes else ""
        before = step.place


def _first_of_each(steps: Iterable[Sighting]) -> list[Sighting]:
    """Of dead letters and verdicts the last, which holds."""
    kept: dict[str, Sighting] = {}
    for step in steps:
        if step.what in ("dead letter", "verdict"):
            kept.pop(step.what, None)
        kept.setdefault(step.what, step)
    return list(kept.values())


def _told(story: Story, known: _Known) -> Iterator[tuple[str, str]]:
    if waited := sentences.waited(story):
        yield "waited", waited
    yield "means", sentences.meaning(story, known.seen)
    for reason in sentences.because(story):
        yield "because", reason
    for waits in sentences.waits_for(story, known.seen, known.processes):
        yield "waits for", waits
    if notified := sentences.told(story, known.seen, frozenset(known.settings.notify.silent)):
        yield "told", notified
    if to_do := sentences.to_do(story, known.seen, known.processes):
        yield "do", to_do


def _wrapped(label: str, text: str) -> Iterator[str]:
    """At most 80 columns, whatever the text is."""
    begin = f"  {label:<{LABEL}} " if label else ""
    shown = printable(text, LONGEST)
    yield from textwrap.wrap(
        shown, WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin), break_on_hyphens=False
    ) or [begin.rstrip()]


def _utc(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if at else "at an unknown time"


# ---- for machines


def _document(known: _Known) -> dict[str, Any]:
    return {
        "asked": known.asked.what,
        "found": bool(known.told),
        "stories": [_of_story(story, known) for story in known.told],
        "processes": [
            {"name": p.name, "state": p.state, "conditions": list(p.conditions), "problem": p.problem}
            for p in known.processes
        ],
        "doubtful": [_of_step(one) | {"why": one.why, "counts": one.believed} for one in known.seen.doubtful],
        "searched": [
            {
                "topic": one.topic,
                "partitions": one.partitions,
                "of": one.of,
                "records": one.records,
                "since": one.since.isoformat() if one.since else None,
            }
            for one in known.seen.searched
        ],
    }


def _of_story(story: Story, known: _Known) -> dict[str, Any]:
    subject, result = story.subject, story.result
    uri = result.text("storageUri") if result else None
    return {
        "state": story.state,
        "id": subject.identity.hex() or None,
        "conversationId": subject.conversation_id,
        "messageId": subject.message_id,
        "attachmentId": subject.attachment_id,
        "name": result.text("name") if result and known.asked.names else None,
        "detectedType": result.text("detectedType") if result else None,
        "size": result.body.get("size") if result else None,
        "storageUri": mask(uri) if uri else None,
        "steps": [_of_step(step) for step in story.steps],
        "meaning": sentences.meaning(story, known.seen),
        "waited": sentences.waited(story),
        "because": list(sentences.because(story)),
        "waitsFor": list(sentences.waits_for(story, known.seen, known.processes)),
        "told": sentences.told(story, known.seen, frozenset(known.settings.notify.silent)),
        "toDo": sentences.to_do(story, known.seen, known.processes) or None,
    }


def _of_step(step: Sighting | DoubtfulRecord) -> dict[str, Any]:
    place = step.place
    return {
        "what": step.what,
        "topic": place.topic,
        "partition": place.partition,
        "offset": place.offset,
        "at": place.at.isoformat() if place.at else None,
    }
