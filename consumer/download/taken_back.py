"""How often a host gives no file, and takes that back when it is asked again. Pure.

A host that is ill now and then says the same of some file many times in a row, by chance. What it says of one alone is
believed by as many answers more (`attempts.flapping`) as it is ill often.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from consumer.download.sizes import KNOWN_FEEDS, KNOWN_FILES, remember

LATEST_ANSWER = 1 / 16  # its weight in the share
COUNTED = 16  # answers about one file
LATELY_S = 3_600.0  # after the last that was taken back


@dataclass(slots=True)
class _Host:
    share: float = 0.0
    at: float = float("-inf")  # of the last that was taken back, in seconds of a monotonic clock
    came: int = 0  # files


@dataclass(slots=True)
class TakenBack:
    """An outage counts once for each file: between its answers nothing else comes."""

    _hosts: dict[str, _Host] = field(default_factory=dict)
    _failed: dict[str, tuple[int, int]] = field(default_factory=dict)  # file → times, and how many came before the last

    def failed(self, host: str, file: str, now: float) -> float:
        """The file did not come. The share of answers like that which were taken back lately, from 0 to 1."""
        known = self._host(host)
        times, came = self._failed.get(file, (0, -1))
        remember(self._failed, file, (times + (came != known.came), known.came), KNOWN_FILES)
        return known.share if now - known.at < LATELY_S else 0.0

    def came(self, host: str, file: str, now: float) -> None:
        known = self._host(host)
        times, _ = self._failed.pop(file, (0, 0))
        known.came += 1
        if times:
            known.at = now
        for taken_back in (*[1.0] * min(times, COUNTED), 0.0):
            known.share += LATEST_ANSWER * (taken_back - known.share)

    def _host(self, host: str) -> _Host:
        known = self._hosts.get(host) or _Host()
        remember(self._hosts, host, known, KNOWN_FEEDS)
        return known
