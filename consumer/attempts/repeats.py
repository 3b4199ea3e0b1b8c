"""When a question may be asked again that was asked in vain. Pure: no clock, no waiting.

What nobody knows can be asked for by anyone who may write an event. So all repeats together get a tenth of the calls
that are allowed, and the more of them were in vain, the nearer to 40 a minute; they borrow nothing of what they left
unused. Each conversation has one turn at a time, which all that
wait for it share; and who comes to a turn that was not his own waits for the next one, so that a thousand ids of one
conversation cost as many calls as two of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

SHARE = 0.1
IN_VAIN_PER_MINUTE = 40.0  # at most, whatever is allowed
LAST_REPEAT = 0.1  # its weight in how many are in vain, lately
MINUTE_S = 60.0
TOGETHER_S = 0.1  # so long the first of a turn waits for those who share it
REMEMBERED_S = 1_200.0  # longer than any wait between two turns of a conversation


def jitter_of(of: str) -> float:
    """From 0 to 1, the same for all that ask about a conversation: what was asked in vain together comes together."""
    digest = hashlib.blake2b(of.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


class Repeats:
    """Times are seconds of one monotonic clock. `per_minute`: the calls that are allowed now. `jitter`: from 0 to 1, of
    all who ask about a conversation."""

    def __init__(self, per_minute: Callable[[], float], jitter: Callable[[str], float] = jitter_of) -> None:
        self._per_minute = per_minute
        self.jitter = jitter
        self._free_at = float("-inf")
        self._turns: dict[str, float] = {}  # the next one of each conversation, or the latest
        self._lasts: dict[str, float] = {}  # the same of last questions
        self._swept_at = float("-inf")
        self._in_vain = 1.0  # the share of repeats, lately: more than those few has to be earned

    @property
    def pace(self) -> float:
        """Repeats a minute, of all conversations together."""
        most = SHARE * self._per_minute()
        return most + self._in_vain * (min(most, IN_VAIN_PER_MINUTE) - most)

    def answered(self, found: bool) -> None:
        """A repeat was answered."""
        self._in_vain += LAST_REPEAT * ((not found) - self._in_vain)

    def turn(
        self, of: str, now: float, until: float = float("inf"), *, waited_s: float = 0.0, own: float | None = None
    ) -> float | None:
        """When the conversation `of` may ask. None if that is later than `until`: then no turn is kept for it.

        `waited_s`: how long the one who asks has waited since it asked last; `own`: the turn that it had before.
        """
        self._sweep(now)
        before = self._turns.get(of)
        if before is not None and before >= now - TOGETHER_S:
            return before if before <= until else None
        at = max(now, self._free_at)
        if before is not None and before != own:
            at = max(at, before + 2 * waited_s)
        if at > until:
            return None
        self._turns[of] = at
        self._free_at = max(now, self._free_at) + MINUTE_S / self.pace
        return at

    def last(self, of: str, now: float, apart_s: float) -> float:
        """When the last question about the conversation `of` is asked: free, and those that come soon after one
        another together."""
        before = self._lasts.get(of)
        if before is not None and before >= now - TOGETHER_S:
            return before
        self._lasts[of] = now if before is None else max(now, before + apart_s)
        return self._lasts[of]

    def _sweep(self, now: float) -> None:
        if now - self._swept_at > MINUTE_S:
            self._swept_at = now
            for kept in (self._turns, self._lasts):
                for old in [of for of, at in kept.items() if at < now - REMEMBERED_S]:
                    del kept[old]
