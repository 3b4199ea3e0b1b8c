"""How long is waited between attempts. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

IN_VAIN_MAX_S = 60.0
HOST_BACKOFF_MAX_S = 60.0
DOUBTED = 3  # times as long as all attempts: then what is new and not there is gone, also while nobody else's is there
RETRY_AFTER_MAX_S = 300.0  # whatever a host asks for: a task that slept for years would hold its partition back


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between attempts: doubling, and long enough in all that the last attempt comes `over_s` after the first."""

    attempts: int
    over_s: float
    jitter: Callable[[], float] = random.random

    @property
    def doubted_s(self) -> float:
        """Seconds for which an answer is doubted that may be everybody's."""
        return DOUBTED * self.over_s

    def wait_s(self, failed: int, retry_after_s: float | None = None) -> float:
        """Seconds to wait after the attempt number `failed` (from 1); jitter adds up to a half, never takes away."""
        waits = max(self.attempts - 1, 1)
        shortest = self.over_s / (2.0**waits - 1)
        wait = shortest * 2.0 ** (min(failed, waits) - 1) * (1 + self.jitter() / 2)
        return max(wait, min(retry_after_s or 0.0, RETRY_AFTER_MAX_S))

    def wait_in_vain_s(self, failed: int, retry_after_s: float | None = None) -> float:
        """As `wait_s` after a failure that does not count. An outage may end at any time: it does not grow as far."""
        return max(min(self.wait_s(failed), max(IN_VAIN_MAX_S, self.wait_s(1))), self.wait_s(1, retry_after_s))
