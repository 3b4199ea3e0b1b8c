"""When a question may be asked again that was asked in vain. Pure: no clock, no waiting.

What nobody knows can be asked for by anyone who may write an event. So all repeats together get a tenth of the calls
that are allowed and borrow nothing of what they left unused; and each conversation has one turn at a time, which all
that wait for it share.
"""

from __future__ import annotations

from collections.abc import Callable

SHARE = 0.1
MINUTE_S = 60.0
TOGETHER_S = 0.1  # who comes so little later than its conversation's turn still shares its call


class Repeats:
    """Times are seconds of one monotonic clock. `per_minute`: the calls that are allowed now."""

    def __init__(self, per_minute: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._free_at = float("-inf")
        self._turns: dict[str, float] = {}  # of each conversation that waits, in the order of time

    def turn(self, of: str, now: float, until: float = float("inf")) -> float | None:
        """When the conversation `of` may ask. None if that is later than `until`: then no turn is kept for it."""
        for other in [other for other, at in self._turns.items() if at < now - TOGETHER_S]:
            del self._turns[other]
        at = self._turns.get(of, max(now, self._free_at))
        if at > until:
            return None
        if of not in self._turns:
            self._turns[of] = at
            self._free_at = at + MINUTE_S / (SHARE * self._per_minute())
        return at
