"""How many more attachments a second a process could take, as the last ones cost. Pure.

Of each limit a share is used, 0 to 1. What an attachment adds to it, beyond what is used while nothing is done, is its
cost: the share that one a second takes. With that cost the rest of the limit leaves room for so many more. While
nothing is done nothing is learnt of it: a minute later the room is what idling leaves, and stays.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

from consumer.telemetry.labels import Limit

MEMORY_S = 60.0  # what "now" is a mean of; work that gets no answer for as long waits for others, and costs nothing
REMEMBERED = 1_000.0  # attachments; of more, the older ones count half
SMALLEST = 1e-6  # a cost below this is none: a million attachments a second

Shares = Mapping[Limit, float]


class Spare:
    def __init__(self) -> None:
        self._last: deque[tuple[float, Shares]] = deque()  # seconds, and what was in use: of the last minute
        self._idle: dict[Limit, float] = {}
        self._spent: dict[Limit, float] = {}  # share times seconds, beyond what idling takes
        self._unpaid: dict[Limit, float] = {}  # the same since the last answer, and how long ago that was
        self._unanswered_s = 0.0
        self._answered = 0.0

    def note(self, seconds: float, answered: float, shares: Shares) -> None:
        """In the last `seconds` so many attachments were answered, and so much of each limit was in use."""
        shares = {limit: min(max(told, 0.0), 1.0) for limit, told in shares.items()}
        _keep(self._last, seconds, shares)
        if answered == 0 and not shares.get("tasks"):
            self._note_idle(seconds, shares)
        else:
            self._note_work(seconds, answered, shares)

    def _note_idle(self, seconds: float, shares: Shares) -> None:
        weight = 1.0 - math.exp(-seconds / MEMORY_S)
        for limit, share in shares.items():
            before = self._idle.get(limit, share)
            self._idle[limit] = before + weight * (share - before)

    def _note_work(self, seconds: float, answered: float, shares: Shares) -> None:
        self._unanswered_s += seconds
        for limit, share in shares.items():
            unpaid = (share - self._idle.get(limit, 0.0)) * seconds
            self._unpaid[limit] = self._unpaid.get(limit, 0.0) + unpaid
        if answered:
            self._pay(answered)

    def _pay(self, answered: float) -> None:
        if self._unanswered_s <= MEMORY_S:
            for limit, unpaid in self._unpaid.items():
                self._spent[limit] = self._spent.get(limit, 0.0) + unpaid
            self._answered += answered
        self._unpaid, self._unanswered_s = {}, 0.0
        if self._answered > REMEMBERED:
            self._answered /= 2
            self._spent = {limit: spent / 2 for limit, spent in self._spent.items()}

    @property
    def room(self) -> dict[Limit, float]:
        """Attachments a second beyond those that come now, by limit. Empty before the first ones."""
        if not self._answered:
            return {}
        seconds = sum(each for each, _ in self._last)
        now = {limit: used / seconds for limit, used in _sums(self._last).items()}
        costs = {limit: spent / self._answered for limit, spent in self._spent.items()}
        return {limit: max(1.0 - now.get(limit, 0.0), 0.0) / cost for limit, cost in costs.items() if cost > SMALLEST}


def _keep(looks: deque[tuple[float, Shares]], seconds: float, shares: Shares) -> None:
    """With what was seen in the minute before."""
    looks.append((seconds, shares))
    while len(looks) > 1 and math.fsum(each for each, _ in looks) - looks[0][0] >= MEMORY_S:
        looks.popleft()


def _sums(looks: deque[tuple[float, Shares]]) -> dict[Limit, float]:
    """Share times seconds."""
    sums: dict[Limit, float] = {}
    for seconds, shares in looks:
        for limit, share in shares.items():
            sums[limit] = sums.get(limit, 0.0) + share * seconds
    return sums
