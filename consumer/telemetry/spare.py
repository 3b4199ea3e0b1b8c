"""How many more attachments a second a process could take, as the last ones cost. Pure.

Of each limit a share is used, 0 to 1, at a rate of attachments. With the same cost for each of the next ones it leaves
room for `rate * (1 / share - 1)` more. Both are means that forget within about a minute.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from consumer.telemetry.labels import Limit

MEMORY_S = 60.0
LEAST = 1.0  # attachments in that time, below which a cost is not known


class Spare:
    def __init__(self) -> None:
        self._rate = 0.0
        self._shares: dict[Limit, float] = {}
        self._costs: dict[Limit, float] = {}  # the share that one attachment a second takes

    def note(self, seconds: float, answered: float, shares: Mapping[Limit, float]) -> None:
        """In the last `seconds` so many attachments were answered, and so much of each limit was in use."""
        weight = 1.0 - math.exp(-seconds / MEMORY_S)
        self._rate += weight * (answered / seconds - self._rate)
        for limit, share in shares.items():
            before = self._shares.get(limit, 0.0)
            self._shares[limit] = before + weight * (min(max(share, 0.0), 1.0) - before)
        if self._rate * MEMORY_S >= LEAST:
            self._costs = {limit: share / self._rate for limit, share in self._shares.items() if share > 0}

    @property
    def room(self) -> dict[Limit, float]:
        """Attachments a second beyond those that come now, by limit. Empty before the first ones."""
        return {limit: (1.0 - self._shares[limit]) / cost for limit, cost in self._costs.items()}
