"""Waiting for Kafka is life, and whoever waits long is told of: by a condition that names what is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import anyio

from consumer.model import Condition

TOLD_AFTER_S = 15.0  # a cluster chooses other leaders some 10 s after a broker fell silent
LOOK_S = 1.0
POLL_MS = 200  # of a loop that goes round
LEAVE_S = 1.0  # after the shutdown, what has not come back is left
RETRY_FIRST_S, RETRY_MAX_S = 0.5, 10.0  # before a loop that failed begins anew


class Reports(Protocol):
    def begin(self, condition: Condition, detail: str = "", about: str = "") -> None: ...
    def end(self, condition: Condition, about: str = "") -> None: ...


class Waiting:
    """Of one loop, or one partition: from its first wait until something worked again, whatever failed in between."""

    def __init__(
        self, condition: Condition, about: str, reports: Reports, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`condition` with `about` may be begun by others too: over is over for all of them."""
        self._condition, self._about, self._reports, self._now = condition, about, reports, now
        self._since: float | None = None
        self._told = False
        self.what = ""  # waited for now; empty: nothing

    def begin(self, what: str) -> None:
        """`what` is being done, or does not happen: "initialising its producer"."""
        self.what = what
        if self._since is None:
            self._since = self._now()

    def failed(self, detail: str) -> None:
        """An attempt did: says so at once."""
        self._told = True
        self._reports.begin(self._condition, detail, self._about)

    def over(self) -> None:
        """Something worked."""
        self.what, self._since = "", None
        if self._told:
            self._told = False
            self._reports.end(self._condition, self._about)

    def look(self) -> None:
        """To be called about every `LOOK_S`, by whoever does not `watch`."""
        if self._since is not None and not self._told and self._now() - self._since >= TOLD_AFTER_S:
            self.failed(f"{self._about}: waiting for Kafka for more than {TOLD_AFTER_S:.0f} s: {self.what}")

    async def watch(self, lives: Callable[[], None]) -> None:
        """For as long as the loop runs. `lives` is told while it waits for Kafka: that is no hanging loop."""
        while True:
            await anyio.sleep(LOOK_S)
            if self.what:
                lives()
            self.look()
