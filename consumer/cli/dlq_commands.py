"""What the `dlq` commands do."""

from __future__ import annotations

import base64
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import anyio
import orjson

from consumer.cli.loading import quiet_settings
from consumer.cli.outcome import Exit, data, data_json, ended, show
from consumer.cli.typed import conversation_id, moment
from consumer.kafka.dead_letters import Fate, Filter, Found, read, replay
from consumer.kafka.signing import signatures_of
from consumer.model import DeadLetter, DeadReason
from consumer.service.whereabouts.letters import explained
from consumer.settings.model import Settings
from consumer.telemetry.log import mask
from consumer.text import printable

LINE_LIMIT = 100_000
SHOWN_OF_LETTERS = ("at", "id", "generation", "reason", "stage", "conversation", "source", "detail")
FAILED = (Fate.TOO_OFTEN, Fate.NO_VALUE, Fate.TOO_LARGE)


def chosen(
    reasons: list[str] | None,
    identities: list[str] | None,
    conversation: str | None,
    since: str | None,
    until: str | None,
) -> Filter:
    """The filter that the options say; ends with 2 when one of them means nothing."""
    now = datetime.now(UTC)
    try:
        return Filter(
            reasons=frozenset(map(_reason, reasons or ())),
            identities=frozenset(_identity(text) for text in identities or ()),
            conversation_id=conversation_id(conversation) if conversation is not None else None,
            since=moment(since, now) if since else None,
            until=moment(until, now) if until else None,
        )
    except ValueError as wrong:
        raise ended(Exit.USAGE, str(wrong)) from None


def list_letters(config: Path | None, wanted: Filter, limit: int, as_json: bool) -> None:
    settings = quiet_settings(config)
    found = anyio.run(_matching, settings, wanted, limit)
    if as_json:
        for one in found:
            data_json(_summary(one))
    elif found:
        columns = ["gen" if name == "generation" else name for name in SHOWN_OF_LETTERS]
        show(columns, _rows(found), ids=True)
    else:
        print("no dead letters, or none of these", file=sys.stderr)  # noqa: T201 # what a command says is its work
    if len(found) == limit:
        print(f"there may be more than {limit}: --limit", file=sys.stderr)  # noqa: T201 # what a command says


def show_letter(config: Path | None, place: str, as_json: bool) -> None:
    settings = quiet_settings(config)
    wanted = _place(place)
    found = anyio.run(_last, settings, wanted)
    if found is None or found.letter is None:
        raise ended(Exit.NEGATIVE, f"no dead letter at {printable(place, 100)}")
    told = _summary(found) | _settled(found.letter) | _whole(found.letter, masked=True)
    if as_json:
        data_json(told)
        return
    for name, value in told.items():
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        data(f"{name}: " + "\n  ".join(printable(line, LINE_LIMIT) for line in text.splitlines()))


def replay_letters(
    config: Path | None,
    wanted: Filter,
    dry_run: bool,
    rate: float,
    max_generation: int,
    yes: bool,
    as_json: bool,
) -> None:
    if wanted == Filter() and not (yes or dry_run):
        raise ended(Exit.USAGE, "this would replay all dead letters: choose some, or say --yes")
    settings = quiet_settings(config, "signatures")
    signatures = signatures_of(settings.signatures)
    fates: Counter[Fate] = Counter()

    async def work() -> None:
        replayed = replay(
            settings.kafka,
            settings.topics,
            wanted,
            signatures=signatures,
            dry_run=dry_run,
            max_generation=max_generation,
            rate=rate,
        )
        async with aclosing(replayed):
            async for found, fate in replayed:
                fates[fate] += 1
                if as_json:
                    data_json(_summary(found) | {"fate": fate})
                elif fate in FAILED:
                    data(f"{_summary(found)['id']}: {fate}")

    anyio.run(work)
    if not as_json:
        data(", ".join(f"{fate}: {count}" for fate, count in fates.items()) or "nothing chosen")
    if any(fates[fate] for fate in FAILED):
        raise ended(Exit.NEGATIVE)


def export_letters(config: Path | None, wanted: Filter, output: Path | None) -> None:
    settings = quiet_settings(config)
    if output is None:
        anyio.run(_export, settings, wanted, sys.stdout)
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ended(Exit.USAGE, f"{printable(str(output), 4_096)}: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        anyio.run(_export, settings, wanted, file)


async def _export(settings: Settings, wanted: Filter, file: TextIO) -> None:
    async with aclosing(read(settings.kafka, settings.topics)) as every:
        async for found in every:
            if wanted.matches(found) and found.letter is not None:
                document = _summary(found) | _whole(found.letter, masked=False)
                file.write(orjson.dumps(document).decode() + "\n")


async def _matching(settings: Settings, wanted: Filter, limit: int) -> list[Found]:
    """As they came to be: the topic has several partitions, which are read one after the other."""
    matching: list[Found] = []
    async with aclosing(read(settings.kafka, settings.topics)) as every:
        async for found in every:
            if wanted.matches(found):
                matching.append(found)
            if len(matching) == limit:
                break
    return sorted(matching, key=lambda found: found.written_at)


async def _last(settings: Settings, place: bytes | tuple[int, int]) -> Found | None:
    last: Found | None = None
    async with aclosing(read(settings.kafka, settings.topics)) as every:
        async for found in every:
            if found.letter is None:
                continue
            if place in (found.letter.identity, (found.partition, found.offset)) and (
                last is None or last.letter is None or found.letter.generation >= last.letter.generation
            ):
                last = found
    return last


def _summary(found: Found) -> dict[str, Any]:
    letter = found.letter
    assert letter is not None, "only letters of ours match a filter"
    source = letter.source
    return {
        "at": found.written_at.isoformat(timespec="seconds"),
        "id": letter.identity.hex(),
        "generation": letter.generation,
        "reason": letter.reason.value,
        "stage": letter.stage,
        "detail": letter.detail,
        "attempts": letter.attempts,
        "conversation": letter.conversation_id,
        "message": letter.message_id,
        "attachment": letter.attachment_id,
        "source": f"{source.topic}:{source.partition}:{source.offset}{source.path}",
        "place": f"{found.partition}:{found.offset}",
    }


def _settled(letter: DeadLetter) -> dict[str, Any]:
    """Which answer it rests on, and what that means."""
    settled = letter.settled
    if settled is None:
        return {"settledBy": None}
    told = {"call": settled.call, "meaning": settled.meaning, "code": settled.code or None}
    return {"settledBy": told | {"correlationId": settled.correlation_id or None}, "explanation": explained(letter)}


def _whole(letter: DeadLetter, *, masked: bool) -> dict[str, Any]:
    """Key, headers and value as text, or in base64 where they are none."""
    return {
        "firstAt": letter.first_at.isoformat(),
        "lastAt": letter.last_at.isoformat(),
        "valueOmitted": letter.value_sha256 is not None,
        "key": _text(letter.key, masked),
        "headers": [[printable(name, 1_000), _text(content, masked)] for name, content in letter.headers],
        "value": _text(letter.value, masked),
    }


def _text(content: bytes | None, masked: bool) -> str | dict[str, str] | None:
    if content is None:
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        # What is no text can't be searched for secrets, so of a masked letter only its size is told.
        return {"bytes": str(len(content))} if masked else {"base64": base64.b64encode(content).decode()}
    return mask(text) if masked else text


def _reason(text: str) -> DeadReason:
    try:
        return DeadReason(text)
    except ValueError:
        known = ", ".join(DeadReason)
        raise ValueError(f"{printable(text, 100)!r} is no reason of a dead letter; those are {known}") from None


def _identity(text: str) -> bytes:
    if not re.fullmatch(r"[0-9a-fA-F]{32}", text):
        raise ValueError(f"{printable(text, 100)!r} is no identity (32 hex digits)")
    return bytes.fromhex(text)


def _place(text: str) -> bytes | tuple[int, int]:
    partition, colon, offset = text.partition(":")
    if colon and partition.isdecimal() and offset.isdecimal():
        return int(partition), int(offset)
    try:
        return _identity(text)
    except ValueError as wrong:
        raise ended(Exit.USAGE, f"{wrong}, nor partition:offset") from None


def _rows(found: list[Found]) -> Iterator[Sequence[str]]:
    for one in found:
        told = _summary(one)
        yield [printable(str(told[name] or ""), 300) for name in SHOWN_OF_LETTERS]
