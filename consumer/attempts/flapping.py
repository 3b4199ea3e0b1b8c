"""How often a refusal of one object has to be said before it is believed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

FEW = 3


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
