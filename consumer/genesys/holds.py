"""Which calls wait, and until when, after the API said that there are too many. Pure: no clock, no waiting.

A limit on a token, a user or an organisation holds every call, and so does one that nobody knows. Of an unknown one it
may be learnt that it concerns the calls of one name alone: another is answered while it lasts. One call every five
minutes tries, so that a wrong or forgotten limit ends by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LONGEST_S = 3_600.0
TRY_S = 300.0
ALL = ""  # in place of a call's name

# `client.credentials.token.rate.per.minute`, `org.app.user.rate.per.minute`: as the limits page of Genesys names them.
OF_EVERYBODY = re.compile(r"(?:^|\.)(?:token|user|org|app|client)\.")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What a 429 tells of the limit: its name, "" if it tells none."""

    key: str = ""

    @property
    def holds_all(self) -> bool:
        return not self.key or OF_EVERYBODY.search(self.key) is not None


@dataclass(slots=True)
class _Hold:
    limit: RateLimit
    hit: str  # the call that met it
    since: float
    until: float
    next_try: float


@dataclass(slots=True)
class Holds:
    """Times are seconds of one monotonic clock."""

    _held: dict[str, _Hold] = field(default_factory=dict)  # by the call's name, or `ALL`
    _learnt: dict[str, set[str]] = field(default_factory=dict)  # limit → the names that it concerns

    def limited(self, now: float, call: str, limit: RateLimit, seconds: float) -> tuple[str, float]:
        """A call was refused for `seconds`; whom that holds (`ALL` or its name), and the seconds that are kept."""
        kept = min(seconds, LONGEST_S)
        alone = not limit.holds_all and call in self._learnt.get(limit.key, ())
        name = call if alone else ALL
        there = self._held.get(name)
        if there is None or now >= there.until:
            self._held[name] = _Hold(limit, call, now, now + kept, now + TRY_S)
        else:
            there.until = max(there.until, now + kept)
        return name, kept

    def wait_s(self, now: float, call: str) -> float:
        """0 and the call may begin, or the seconds after which to ask again. Whose turn it is to try, may begin."""
        if not self._held:
            return 0.0
        waits = [self._wait_s(now, name) for name in (ALL, call) if name in self._held]
        return max(waits, default=0.0)

    def _wait_s(self, now: float, name: str) -> float:
        hold = self._held[name]
        if now >= hold.until:
            del self._held[name]
            return 0.0
        if now >= hold.next_try:
            hold.next_try = now + TRY_S
            return 0.0
        return min(hold.until, hold.next_try) - now

    def answered(self, now: float, call: str, began: float) -> None:
        """A call that began at `began` met no limit: what it tried is over, or concerns another name alone."""
        hold = self._held.get(ALL)
        if hold is not None and began > hold.since:
            del self._held[ALL]
            if call != hold.hit and not hold.limit.holds_all:
                self._learnt.setdefault(hold.limit.key, set()).add(hold.hit)
                self._held[hold.hit] = hold
        hold = self._held.get(call)
        if hold is not None and began > hold.since:
            del self._held[call]

    def until(self, now: float) -> float:
        """When the last of them ends; `now` if none holds."""
        return max((hold.until for hold in self._held.values() if hold.until > now), default=now)
