"""What each conversation has cost in the last minute. Pure: time is passed in, in seconds of one monotonic clock."""

from __future__ import annotations

from collections import deque
from statistics import median

REMEMBERED_S = 60.0
SPANS = 6
SPAN_S = REMEMBERED_S / SPANS
MEDIAN_S, A_SECOND = 1.0, 2_500  # it is told anew that often, or once in a second for so many conversations


class RecentCosts:
    """Costs are kept for a minute, in spans of ten seconds. Their unit is the caller's."""

    __slots__ = ("_median", "_median_at", "_span_ends", "_spans", "_total", "spans_begun")

    def __init__(self, now: float) -> None:
        self._total: dict[str, float] = {}
        self._spans: deque[dict[str, float]] = deque([{}])
        self._span_ends = now + SPAN_S
        self._median, self._median_at = 0.0, float("-inf")
        self.spans_begun = 0  # whoever compares usages has to look at them anew when this changes

    def add(self, conversation: str, cost: float, now: float) -> None:
        if now >= self._span_ends:
            self.roll(now)
        span = self._spans[-1]
        span[conversation] = span.get(conversation, 0.0) + cost
        self._total[conversation] = self._total.get(conversation, 0.0) + cost

    def begin(self, conversation: str, now: float) -> None:
        """One that is new in this minute begins where the median stands: a new name is no advantage."""
        if conversation not in self._total:
            self.add(conversation, self.median(now), now)

    def of(self, conversation: str) -> float:
        return self._total.get(conversation, 0.0)

    def median(self, now: float) -> float:
        if now - self._median_at >= max(MEDIAN_S, len(self._total) / A_SECOND):
            self._median = median(self._total.values()) if self._total else 0.0
            self._median_at = now
        return self._median

    def roll(self, now: float) -> None:
        """Forgets what is more than a minute ago."""
        while now >= self._span_ends:
            self.spans_begun += 1
            if not self._total:
                self._span_ends = now + SPAN_S
                return
            self._spans.append({})
            self._span_ends += SPAN_S
            if len(self._spans) > SPANS:
                self._forget(self._spans.popleft())

    def _forget(self, span: dict[str, float]) -> None:
        for conversation, cost in span.items():
            left = self._total[conversation] - cost
            if any(conversation in later for later in self._spans):
                self._total[conversation] = max(left, 0.0)
            else:
                del self._total[conversation]
