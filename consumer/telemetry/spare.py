"""How many more attachments a second a process could take, as the last ones cost. Pure.

Of each limit a share is used, 0 to 1. What an attachment adds to it, beyond what is used while nothing is done, is its
cost: the share that one a second takes. With that cost the rest of the limit leaves room for so many more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from consumer.telemetry.labels import Limit

MEMORY_S = 60.0  # what "now" is a mean of
REMEMBERED = 1_000.0  # attachments; of more, the older ones count half
SMALLEST = 1e-6  # a cost below this is none: a million attachments a second


class Spare:
    def __init__(self) -> None:
        self._now: dict[Limit, float] = {}
        self._idle: dict[Limit, float] = {}
        self._spent: dict[Limit, float] = {}  # share times seconds, beyond what idling takes
        self._answered = 0.0

    def note(self, seconds: float, answered: float, shares: Mapping[Limit, float]) -> None:
        """In the last `seconds` so many attachments were answered, and so much of each limit was in use."""
        weight = 1.0 - math.exp(-seconds / MEMORY_S)
        idle = answered == 0 and not shares.get("tasks")
        for limit, told in shares.items():
            share = min(max(told, 0.0), 1.0)
            _blend(self._now, limit, share, weight)
            if idle:
                _blend(self._idle, limit, share, weight)
            else:
                self._spent[limit] = self._spent.get(limit, 0.0) + (share - self._idle.get(limit, 0.0)) * seconds
        self._answered += answered
        if self._answered > REMEMBERED:
            self._answered /= 2
            self._spent = {limit: spent / 2 for limit, spent in self._spent.items()}

    @property
    def room(self) -> dict[Limit, float]:
        """Attachments a second beyond those that come now, by limit. Empty before the first ones."""
        if not self._answered:
            return {}
        costs = {limit: spent / self._answered for limit, spent in self._spent.items()}
        return {limit: (1.0 - self._now[limit]) / cost for limit, cost in costs.items() if cost > SMALLEST}


def _blend(means: dict[Limit, float], limit: Limit, share: float, weight: float) -> None:
    before = means.get(limit, share)
    means[limit] = before + weight * (share - before)
