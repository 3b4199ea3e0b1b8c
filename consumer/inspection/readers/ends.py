"""What marks the end of a file: which cuts are certain, and which are recordings that stopped."""

from __future__ import annotations

from typing import NamedTuple


class End(NamedTuple):
    """In words for people: a reader that keeps to it says it beside its code."""

    mark: str  # what marks the end
    certain: str  # cuts that make a file `malformed`
    taken: str  # what can't be told from a recording that stopped: accepted, with the flag `incomplete`
