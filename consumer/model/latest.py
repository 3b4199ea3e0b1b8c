"""What is known of the latest things, in a dictionary: the least recent one is its first."""

from __future__ import annotations

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def remember(known: dict[K, V], key: K, value: V, most: int) -> bool:
    """Whether the key is new. Of too many the one that was noted least recently is forgotten."""
    new = key not in known
    if not new:
        del known[key]
    known[key] = value
    if len(known) > most:
        del known[next(iter(known))]
    return new
