"""How many calls may begin, and when. Pure: times are seconds of one monotonic clock, nothing is awaited.

A bucket refills at 80 % of the allowed calls and holds 10 % of them, so no 60 seconds, wherever they begin, see more
than 90 %. The API's headers say what is allowed and what it has counted; so the calls of other processes show, and at
95 % of the window this one waits for the next.
"""

from __future__ import annotations

from collections.abc import Mapping

WINDOW_S = 60.0
REFILL_SHARE = 0.8
BURST_SHARE = 0.1
CEILING_SHARE = 0.95
LONGEST_WINDOW_S = 120  # a wrong header must not stop the calls for days
SAME_WINDOW_S = 2.0  # the headers give whole seconds
ROUNDED = 1e-6  # of a call: what sums may lack


class Pace:
    """Of the calls of one process, whoever else uses the same allowance."""

    def __init__(self, per_minute: int, now: float) -> None:
        self._allow(per_minute)
        self._tokens = self.burst
        self._refilled_at = now
        self._window_end = now
        self._counted = 0  # by the API, in its window
        self._in_flight = 0

    def _allow(self, per_minute: int) -> None:
        self.allowed = per_minute
        self.burst = max(1.0, per_minute * BURST_SHARE)
        self.per_second = per_minute * REFILL_SHARE / WINDOW_S
        self._ceiling = max(1.0, per_minute * CEILING_SHARE)

    def take(self, now: float) -> float:
        """0 and the call is counted as begun, or the seconds after which to ask again."""
        if seconds := self.wait_s(now):
            return seconds
        self._tokens -= 1.0
        self._in_flight += 1
        return 0.0

    def wait_s(self, now: float, left_share: float = 0.0) -> float:
        """The seconds after which a call may begin and leave that share of a full bucket; 0 for now."""
        self._refill(now)
        if now < self._window_end and self._counted + self._in_flight >= self._ceiling:
            return self._window_end - now
        missing = min(1.0 + left_share * self.burst, self.burst) - self._tokens
        return missing / self.per_second if missing > ROUNDED else 0.0

    def lost(self) -> None:
        """A call that was begun ended without an answer."""
        self._in_flight -= 1

    def answered(self, now: float, headers: Mapping[str, str]) -> None:
        """A call that was begun was answered with these headers."""
        self._in_flight -= 1
        allowed = _number(headers.get("inin-ratelimit-allowed"))
        counted = _number(headers.get("inin-ratelimit-count"))
        reset_s = _number(headers.get("inin-ratelimit-reset"))
        if allowed and allowed != self.allowed:
            self._refill(now)
            self._allow(allowed)
            self._tokens = min(self._tokens, self.burst)
        if counted is not None and reset_s is not None:
            self._note_window(now + min(reset_s, LONGEST_WINDOW_S), counted)

    def _note_window(self, end: float, counted: int) -> None:
        if end > self._window_end + SAME_WINDOW_S:
            self._window_end, self._counted = end, counted
        elif end >= self._window_end - SAME_WINDOW_S:
            self._counted = max(self._counted, counted)

    def free(self, now: float) -> int:
        """Calls of this window that no client of the organisation has used, as far as the API told."""
        counted = self._counted if now < self._window_end else 0
        return max(self.allowed - counted - self._in_flight, 0)

    def _refill(self, now: float) -> None:
        if now > self._refilled_at:
            self._tokens = min(self.burst, self._tokens + (now - self._refilled_at) * self.per_second)
        self._refilled_at = now


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 7 else None
