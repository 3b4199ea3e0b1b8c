"""How often something has to be said of one object before it is believed. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

FEW = 3
MOST_ANSWERS = 64
BY_CHANCE = 1e-5  # of all that is asked for, at most, may be said to be so by chance


@dataclass(slots=True)
class Flapping:
    """Whether what refuses one object takes that back when it is asked again: then more of it is needed. Times are
    seconds of one clock."""

    _taken_back_at: float = field(default=float("-inf"), init=False)

    def taken_back(self, now: float) -> None:
        self._taken_back_at = now

    def enough(self, now: float, attempts: int, over_s: float) -> int:
        """`attempts` in `over_s`: the usual number, which it takes while one was taken back in so many seconds."""
        return attempts if now - self._taken_back_at < over_s else min(FEW, attempts)


def enough_by_chance(taken_back: float, attempts: int) -> int:
    """How many answers, of which that share is taken back, are none by chance: `attempts`, or more."""
    if taken_back <= 0.0:
        return attempts
    by_chance = MOST_ANSWERS if taken_back >= 1.0 else math.ceil(math.log(BY_CHANCE) / math.log(taken_back))
    return max(attempts, min(MOST_ANSWERS, by_chance))
