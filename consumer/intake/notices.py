"""What the notification service tells of itself in the events topic, as conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from consumer.kafka import waiting
from consumer.model import Condition, Source
from consumer.telemetry.labels import Noise

ABOUT = "events"  # in conditions
NOTICES: Mapping[Noise, tuple[Condition, float]] = {
    "no_longer_subscribed": (Condition.NO_LONGER_SUBSCRIBED, 3_600.0),
    "socket_closing": (Condition.SOCKET_CLOSING, 300.0),
}
"""What the notification service tells of itself, and how many seconds it holds: nobody tells that it is over."""


class Notices:
    """Those that hold, by the records' own time: one that is read late is old news."""

    def __init__(self, reports: waiting.Reports, now: Callable[[], float]) -> None:
        self._reports, self._now = reports, now
        self._until: dict[Condition, float] = {}

    def hear(self, kind: Noise, at: Source) -> None:
        if kind not in NOTICES:
            return
        condition, seconds = NOTICES[kind]
        until = at.timestamp_ms / 1000 + seconds
        if until > max(self._now(), self._until.get(condition, 0.0)):
            self._until[condition] = until
            self._reports.begin(condition, f"{at.topic} {at.partition}, offset {at.offset}", ABOUT)

    def end(self) -> None:
        """Those that held long enough."""
        for condition in [held for held, until in self._until.items() if until <= self._now()]:
            del self._until[condition]
            self._reports.end(condition, ABOUT)
