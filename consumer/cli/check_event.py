"""`check-event`: what the service makes of a record's bytes, offline. For whoever wires up a source of events."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from consumer.cli.outcome import Cell, Exit, data_json, ended, show
from consumer.model import Direction, Event
from consumer.settings.model import GenesysSettings
from consumer.text import printable
from consumer.wire.events import NOISE, Noise, UnreadableEvent, readings
from consumer.wire.topics import wants_lookup

STDIN = "-"
ID_LENGTH = 200
DETAIL_LENGTH = 300
COLUMNS = ("file", "read as", "envelope", "conversation", "messages", "files", "call", "why")


@dataclass(frozen=True, slots=True)
class CheckedEvent:
    """One event of a record, as the service reads it; `None` where there is nothing to tell."""

    file: str
    kind: Literal["event", "dropped", "dead_letter"]
    conversation_id: str | None = None
    message_ids: tuple[str, ...] = ()
    attachments: int = 0
    lookup: bool = False
    reason: str | None = None
    detail: str | None = None
    envelope: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "kind": self.kind,
            "conversationId": self.conversation_id,
            "messageIds": list(self.message_ids),
            "attachments": self.attachments,
            "lookup": self.lookup,
            "reason": self.reason,
            "detail": self.detail,
            "envelope": self.envelope,
        }


def check_event(files: Sequence[str], as_json: bool) -> None:
    """Prints one line for each event; ends with 1 when one is a dead letter, and with 2 when a file can't be read."""
    checked: list[CheckedEvent] = []
    unreadable: list[str] = []
    for file in files:
        try:
            value = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
        except OSError as error:
            unreadable.append(f"{printable(file, 4_096)}: {error.strerror}")
        else:
            checked.extend(_checked(printable(file, 4_096), value))
    if as_json:
        for one in checked:
            data_json(one.as_json())
    elif checked:
        show(COLUMNS, _rows(checked), ids=True)
    if unreadable:
        raise ended(Exit.USAGE, "\n".join(unreadable))
    if any(one.kind == "dead_letter" for one in checked):
        raise ended(Exit.NEGATIVE)


def _checked(file: str, value: bytes) -> Iterator[CheckedEvent]:
    for reading in readings(value):
        envelope = " > ".join(reading.envelope)
        match reading.item:
            case Event() as event:
                yield _of_event(file, event, envelope)
            case Noise() as noise:
                yield CheckedEvent(file, "dropped", reason=noise.kind, detail=NOISE[noise.kind], envelope=envelope)
            case UnreadableEvent() as bad:
                detail = printable(bad.detail, DETAIL_LENGTH)
                yield CheckedEvent(file, "dead_letter", reason=bad.reason.value, detail=detail, envelope=envelope)


def _of_event(file: str, event: Event, envelope: str) -> CheckedEvent:
    reason, detail = _not_asked(event)
    return CheckedEvent(
        file,
        "event",
        conversation_id=event.conversation_id,
        message_ids=tuple(printable(message.message_id, ID_LENGTH) for message in event.messages),
        attachments=sum(len(message.attachments) for message in event.messages),
        lookup=reason is None,
        reason=reason,
        detail=detail,
        envelope=envelope,
    )


def _not_asked(event: Event) -> tuple[str | None, str | None]:
    """Why the service makes no call for an event, under the settings as shipped."""
    if event.messages and all(message.direction is Direction.OUTBOUND for message in event.messages):
        return "outbound", "all of its messages go to the customer"
    if not wants_lookup(event, GenesysSettings.model_fields["bare_events"].default):
        return "not_looked_up", "it names no message, and its topic is none of GENESYS__BARE_EVENTS"
    return None, None


def _rows(checked: Sequence[CheckedEvent]) -> Iterator[Sequence[Cell]]:
    colours = {"event": "green", "dropped": "", "dead_letter": "red"}
    for one in checked:
        yield (
            one.file,
            (one.kind.replace("_", " "), colours[one.kind]),
            one.envelope or "none",
            one.conversation_id or "",
            " ".join(one.message_ids),
            str(one.attachments) if one.kind == "event" else "",
            "yes" if one.lookup else "no",
            f"{one.reason}: {one.detail}" if one.reason else "",
        )
