"""Ends of the template that nobody here asked for: each is a line of the log, and again and again they are a state.

All workers end with it, and the files in their hands are examined once more.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

from consumer.inspection.workers.bounds import Reports

log = logging.getLogger(__name__)

MANY, WITHIN_S = 3, 900.0  # so many, not further apart; and so long without another one, until it is told to be over


class Losses:
    def __init__(self, reports: Reports, now: Callable[[], float] = time.monotonic) -> None:
        self._reports, self._now = reports, now
        self._latest: deque[float] = deque(maxlen=MANY)
        self._told = False

    def note(self, code: int) -> None:
        """As `subprocess` tells: a signal by its negative number."""
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        log.warning("the process that examining processes are forked from ended, and another is started: %s", how)
        self._latest.append(self._now())
        if len(self._latest) == MANY and self._latest[-1] - self._latest[0] <= WITHIN_S:
            self._told = True
            self._reports.workers_last(how)

    def look(self) -> None:
        """Whether that is over. To be called now and then."""
        if self._told and self._now() - self._latest[-1] > WITHIN_S:
            self._told = False
            self._reports.workers_last(None)
