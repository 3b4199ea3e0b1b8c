"""How often a call is answered ill, and well when it is asked again: of a host, whether it gives a file. Pure.

Who is ill now and then says the same of something many times in a row, by chance. What is said of one alone is believed
by as many answers more (`attempts.flapping`) as that is often.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from consumer.model.latest import remember

CALLS, OBJECTS = 256, 16_384  # that are known, the latest
LATEST_ANSWER = 1 / 16  # its weight in the share
COUNTED = 16  # answers about one object
LATELY_S = 3_600.0  # after the last that was taken back


@dataclass(slots=True)
class _Call:
    share: float = 0.0
    at: float = float("-inf")  # of the last that was taken back, in seconds of a monotonic clock
    came: int = 0  # answers


@dataclass(slots=True)
class TakenBack:
    """An outage counts once for each object: between its answers nothing else comes."""

    _calls: dict[str, _Call] = field(default_factory=dict)
    # Call and object → times, and how many came before the last.
    _failed: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def failed(self, call: str, of: str, now: float) -> float:
        """It was answered ill. The share of answers like that which were taken back lately, from 0 to 1."""
        known = self._of_call(call)
        times, came = self._failed.get((call, of), (0, -1))
        remember(self._failed, (call, of), (times + (came != known.came), known.came), OBJECTS)
        return known.share if now - known.at < LATELY_S else 0.0

    def came(self, call: str, of: str, now: float) -> None:
        known = self._of_call(call)
        times, _ = self._failed.pop((call, of), (0, 0))
        known.came += 1
        if times:
            known.at = now
        for taken_back in (*[1.0] * min(times, COUNTED), 0.0):
            known.share += LATEST_ANSWER * (taken_back - known.share)

    def _of_call(self, call: str) -> _Call:
        known = self._calls.get(call) or _Call()
        remember(self._calls, call, known, CALLS)
        return known
