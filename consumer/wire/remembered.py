"""What was decoded a moment ago. Intake and judge of one process read the same bytes, a moment apart."""

from __future__ import annotations

from collections.abc import Sequence

from consumer.model import Event
from consumer.model.latest import remember
from consumer.wire.events import Item, decode

MOST = 4_096  # events; about 32 MiB if all are as large as can be
LARGEST = 4_096  # bytes of one
PARTS = 4  # messages and attachments of one

_events: dict[bytes, Sequence[Item]] = {}  # the oldest first


def decoded(value: bytes | None) -> Sequence[Item]:
    """As `events.decode`, and the same objects again where it was asked lately."""
    if value is None or len(value) > LARGEST:
        return decode(value)
    items = _events.get(value)
    if items is None:
        items = decode(value)
        if len(items) == 1 and isinstance(items[0], Event) and _parts(items[0]) <= PARTS:
            remember(_events, value, items, MOST)
    return items


def _parts(event: Event) -> int:
    return sum(1 + len(message.attachments) for message in event.messages)
