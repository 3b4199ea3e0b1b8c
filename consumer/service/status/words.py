"""Numbers as people read them. Pure."""

from __future__ import annotations

NOT_KNOWN = "–"
NONE_NOW = "none in this time"


def span(seconds: float | None) -> str:
    """`0.42 s`, `3.1 s`, `12 s`, `4 min`, `3 h`, `12 d`."""
    if seconds is None:
        return NOT_KNOWN
    if seconds < 99.5:
        return f"{number(seconds)} s"
    for length, unit in ((60.0, "min"), (3_600.0, "h")):
        if seconds / length < 99.5:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def size(amount: float | None) -> str:
    """`0 B`, `812 B`, `3.1 MB`."""
    if amount is None:
        return NOT_KNOWN
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 999.5 or unit == "GB":
            return f"{number(amount)} {unit}"
        amount /= 1_000
    raise AssertionError("the last unit takes all")


def number(value: float | None) -> str:
    """Two digits below ten, whole ones above, groups of three from ten thousand on."""
    if value is None:
        return NOT_KNOWN
    if value == 0:
        return "0"
    if abs(value) < 0.01:
        return "<0.01"
    if abs(value) < 9.95:
        return f"{value:.2g}" if abs(value) < 1 else f"{value:.1f}".removesuffix(".0")
    return f"{value:,.0f}".replace(",", "\u202f") if abs(value) >= 9_999.5 else f"{value:.0f}"


def percent(share: float | None) -> str:
    return NOT_KNOWN if share is None else f"{share * 100:.0f} %"
