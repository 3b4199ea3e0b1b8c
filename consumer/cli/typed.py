"""Times and ids as somebody types them. Each raises `ValueError` for what is none, with what was typed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from consumer.text import printable
from consumer.wire.fields import ID_SIGNS, BadId, can_be_id, read_id

WRITTEN = "write 2026-11-23T09:30Z, or 90m, 2h, 7d ago"
AGO = {"m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, now: datetime) -> datetime:
    """Of `2026-11-23T09:30Z`, or `90m`, `2h`, `7d` ago; UTC where no zone is named."""
    if ago := re.fullmatch(r"(\d{1,6})([mhd])", text):
        return now - timedelta(**{AGO[ago[2]]: int(ago[1])})
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{printable(text, 100)!r} is no time: {WRITTEN}") from None
    return named if named.tzinfo else named.replace(tzinfo=UTC)


def any_id(text: str) -> str:
    """Of a conversation, a message, an attachment, or an identity."""
    if can_be_id(text.strip()):
        return text.strip()
    raise ValueError(
        f"{printable(text, 100)!r} is no id: of a conversation, a message or an attachment, without spaces"
    )


def conversation_id(text: str) -> str:
    try:
        return read_id(text.strip(), "conversation id") or ""
    except BadId:
        raise ValueError(f"{printable(text, 100)!r} is no id of a conversation: {ID_SIGNS}") from None
