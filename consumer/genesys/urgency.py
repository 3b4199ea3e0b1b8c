"""Which questions can wait, since what they are about may not be there. Pure: no clock, no waiting.

Before he asks, nobody can tell whether there is what an event names, and whoever may write an event can name what is
not. But such names come in crowds, or again. So what was there when it was asked for last is asked for at once, and
what was not can wait. Of what nobody has asked for, questions up to a quarter of the pace of calls are at once and the
others can wait: a crowd waits for itself, and who comes after it passes it.
"""

from __future__ import annotations

from consumer.model.latest import remember

QUESTIONS = frozenset(("conversation", "messages", "message", "details"))  # other calls are about what was shown
AT_ONCE_SHARE = 0.25  # of the pace of calls, and of those that may begin together
LEFT_SHARE = 0.5  # of a full bucket, where nothing is there
LAST_ANSWER = 0.1  # its weight in how much is not there, lately
REMEMBERED = 50_000  # answers


class Urgency:
    """Times are seconds of one monotonic clock. `about`: the id of what a call asks for; "" for nothing in doubt."""

    def __init__(self, now: float) -> None:
        self._there: dict[str, bool] = {}  # by what was asked for; the latest at the end
        self._absent_share = 0.0  # lately
        self._at_once = float("inf")  # so many may be it now, of those that nobody has asked; at first all
        self._refilled_at = now

    @property
    def left_share(self) -> float:
        """Of a full bucket: what those that can wait leave to others, so that these find calls as they come. While all
        is there, nothing: then no call is left unused for who might come."""
        return LEFT_SHARE * self._absent_share

    def can_wait(self, call: str, about: str, now: float, *, per_second: float, together: float) -> bool:
        """To be asked once for each call. So many calls may begin `per_second`, and `together`."""
        if call not in QUESTIONS or not about:
            return False
        if about in self._there:
            return not self._there[about]
        refill = (now - self._refilled_at) * per_second * AT_ONCE_SHARE
        self._at_once = min(self._at_once + refill, max(together * AT_ONCE_SHARE, 1.0))
        self._refilled_at = now
        if self._at_once < 1.0:
            return True
        self._at_once -= 1.0
        return False

    def answered(self, call: str, about: str, there: bool) -> None:
        if call not in QUESTIONS or not about:
            return
        self._absent_share += LAST_ANSWER * ((not there) - self._absent_share)
        remember(self._there, about, there, REMEMBERED)
