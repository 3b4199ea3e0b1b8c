"""Whether the intake brings more tasks: as many as this process needs, and no more than lie well in Kafka.

With a million events that wait, an intake that copies as fast as it can takes the processor away from those who judge.
Behind a closed gate nobody needs it, and the customer's topic may keep events for a shorter time than ours keeps tasks:
then it brings all that there is.
"""

from __future__ import annotations

from typing import Protocol

from consumer.service.conditions import Conditions
from consumer.stream.stream import Stream

GATHER_S, GATHER_BUSY_S = 0.1, 0.5


class Reports(Protocol):
    def held_back(self, held_back: bool) -> None:
        """Whether the intake waits until fewer tasks wait."""


class Demand:
    """Satisfies `intake.Demand`."""

    def __init__(self, conditions: Conditions, stream: Stream, reports: Reports) -> None:
        self._conditions, self._reports = conditions, reports
        self._stream = stream
        self.wrote = stream.supply.wrote

    @property
    def more(self) -> bool:
        supplied = self._stream.supply.suffices(self._stream.assignments.values())
        held_back = supplied and not self._conditions.keeps_tasks_waiting
        self._reports.held_back(held_back)
        return not held_back and self._conditions.takes_events

    @property
    def gather_s(self) -> float:
        """The more tasks are in flight, the longer a new one waits for its turn anyway. How full of other things the
        process is says nothing about that: where few tasks keep its downloads busy, what is gathered is missed."""
        return GATHER_S + (GATHER_BUSY_S - GATHER_S) * min(self._stream.room.taken, 1.0)
