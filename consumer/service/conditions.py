"""Which conditions hold now. The gauge, the two lines of the log and `/readyz` are derived from them."""

from __future__ import annotations

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

from consumer.model import Condition, Effect
from consumer.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

FOREIGN_LIMIT, FOREIGN_S = 20, 300.0  # events of another organisation, and within which time: it is the wrong topic
MOST_TOLD = 20  # details of one condition, from its begin to its end: the log is no place for every probe's answer
TRY_S = 30.0  # between two polls while that holds

_LEVELS = {Effect.STOPS: logging.ERROR, Effect.WAITS: logging.WARNING, Effect.WARNS: logging.WARNING}


@dataclass(frozen=True, slots=True)
class Held:
    """One condition that holds, and for whom."""

    condition: Condition
    about: str  # a partition, a loop, a host; "" for the whole process
    detail: str  # what is known beyond the condition's own sentence
    since: float  # seconds since the epoch


class Conditions:
    """Satisfies `telemetry.reporter.Holds`."""

    def __init__(self, metrics: Metrics, bug_ceiling: int, now: Callable[[], float] = time.time) -> None:
        self._metrics = metrics
        self._bug_ceiling = bug_ceiling
        self._now = now
        self._bugs = 0
        self._foreign: deque[float] = deque(maxlen=FOREIGN_LIMIT)
        self._next_try = dict.fromkeys(("events", "tasks"), float("inf"))
        self._held: dict[tuple[Condition, str], Held] = {}
        self._told: defaultdict[tuple[Condition, str], set[str]] = defaultdict(set)  # details, while it holds

    @property
    def held(self) -> list[Held]:
        """Those that hold, in the order of the enumeration."""
        order = list(Condition)
        return sorted(self._held.values(), key=lambda held: (order.index(held.condition), held.about))

    @property
    def stopped(self) -> bool:
        """Whether something holds that only a change of the set-up can end."""
        return any(condition.told.effect is Effect.STOPS for condition, _ in self._held)

    @property
    def waiting(self) -> bool:
        return any(condition.told.effect is Effect.WAITS for condition, _ in self._held)

    @property
    def takes_events(self) -> bool:
        """Whether the first loop goes on: it needs nothing but Kafka, and stops only for what is wrong with us."""
        return not self._holds(Condition.BUGS) and self._tries("events")

    @property
    def takes_tasks(self) -> bool:
        return not self.keeps_tasks_waiting and self._tries("tasks")

    @property
    def keeps_tasks_waiting(self) -> bool:
        """Whether something holds that lets no task be taken, as a closed gate."""
        others = (condition for condition, _ in self._held if condition is not Condition.FOREIGN_TOPIC)
        return not all(condition.told.takes_tasks for condition in others)

    def _tries(self, loop: str) -> bool:
        """Always but where the topic seems to be another organisation's: there one poll is made now and then."""
        if not self._holds(Condition.FOREIGN_TOPIC):
            return True
        if self._now() < self._next_try[loop]:
            return False
        self._next_try[loop] = self._now() + TRY_S
        return True

    def begin(self, condition: Condition, detail: str = "", about: str = "") -> None:
        """Notes that it holds; again with another detail if that has changed. One line in the log for each news: what
        was told since it began is none, when details take turns."""
        there = self._held.get((condition, about))
        if there is not None and there.detail == detail:
            return
        since = self._now() if there is None else there.since
        self._held[condition, about] = Held(condition, about, detail, since)
        self._tell(condition, detail, about)
        self._show(condition)

    def _tell(self, condition: Condition, detail: str, about: str) -> None:
        details = self._told[condition, about]
        if detail in details or len(details) == MOST_TOLD:
            return
        details.add(detail)
        told = condition.told
        told_of = {"condition": condition.value, "about": about, "detail": detail, "remedy": told.remedy}
        log.log(_LEVELS[told.effect], "%s", told.sentence, extra=told_of)

    def end(self, condition: Condition, about: str = "") -> None:
        """Notes that it does not hold any more; nothing if it did not."""
        self._end(condition, about, "no longer")

    def _end(self, condition: Condition, about: str, why: str) -> None:
        held = self._held.pop((condition, about), None)
        self._told.pop((condition, about), None)
        if held is not None:
            told_of = {"condition": condition.value, "about": about, "seconds": round(self._now() - held.since, 1)}
            log.warning("%s: %s", why, condition.told.sentence, extra=told_of)
            self._show(condition)

    def over(self) -> None:
        """The process ends: what still holds is told with how long it held. That is no end of an outage."""
        for condition, about in list(self._held):
            self._end(
                condition, about, "no longer" if condition is Condition.DRAINING else "still, as the process ends"
            )

    def judged(self, bug: bool) -> None:
        """Of each answer: many bugs in a row stop the service for good."""
        if self._holds(Condition.BUGS):
            return
        self._bugs = self._bugs + 1 if bug else 0
        if self._bugs >= self._bug_ceiling:
            self.begin(Condition.BUGS, f"{self._bugs} in a row")

    def foreign(self, foreign: bool) -> None:
        """Of what events name: many of another organisation that Genesys does not have, and none that it has."""
        if not foreign:
            self._foreign.clear()
            self.end(Condition.FOREIGN_TOPIC)
            return
        self._foreign.append(self._now())
        if len(self._foreign) == FOREIGN_LIMIT and self._foreign[-1] - self._foreign[0] <= FOREIGN_S:
            if not self._holds(Condition.FOREIGN_TOPIC):
                self._next_try = dict.fromkeys(self._next_try, self._now() + TRY_S)
            self.begin(Condition.FOREIGN_TOPIC, f"{FOREIGN_LIMIT} events within five minutes, and none that is ours")

    def _holds(self, condition: Condition) -> bool:
        return (condition, "") in self._held

    def _show(self, condition: Condition) -> None:
        since = [held.since for (held_one, _), held in self._held.items() if held_one is condition]
        self._metrics.conditions[condition].set(len(since))
        self._metrics.conditions_since[condition].set(min(since, default=0))
