"""Times as somebody types them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from consumer.text import printable

AGO = {"m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, now: datetime) -> datetime:
    """Of `2026-11-23T09:30Z`, or `90m`, `2h`, `7d` ago; UTC where no zone is named. Raises `ValueError`."""
    if ago := re.fullmatch(r"(\d{1,6})([mhd])", text):
        return now - timedelta(**{AGO[ago[2]]: int(ago[1])})
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{printable(text, 100)!r} is no time") from None
    return named if named.tzinfo else named.replace(tzinfo=UTC)
