"""What the rooms report, recorded: for tests that look at what was told rather than at a metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import anyio
from prometheus_client import CollectorRegistry

from consumer.attempts import Gate
from consumer.model import AWAY, REFUSED, Condition, DeadLetter, Decision, Dependency, Doubt, Headers, Source
from consumer.model.heard import Asked
from consumer.service.conditions import Conditions
from consumer.telemetry.labels import (
    Confined,
    Loop,
    Noise,
    RebuildCause,
    Signed,
    Skipped,
    Stage,
    Standing,
    Transacted,
    WorkerEnd,
)
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import Reporter


def reporter(metrics: Metrics | None = None, bug_ceiling: int = 20) -> Reporter:
    """The service's own, for tests that look at metrics or conditions."""
    metrics = metrics or Metrics(CollectorRegistry())
    return Reporter(metrics, Conditions(metrics, bug_ceiling))


def closed_gates(conditions: Conditions) -> set[Dependency]:
    """The dependencies that are away or refuse us."""
    held = {one.condition for one in conditions.held}
    return {dependency for dependency in AWAY if held & {AWAY[dependency], REFUSED[dependency]}}


def details(conditions: Conditions) -> list[str]:
    return [held.detail for held in conditions.held]


class Recorder:
    """Satisfies every `Reports` of the service."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.holding: dict[tuple[Condition, str], str] = {}
        self.on_step: Callable[[int, str], None] = _nothing
        self.on_polled: Callable[[], None] = _nothing
        self._changed = anyio.Event()

    def of(self, name: str) -> list[Any]:
        """What was told by that name, in order."""
        return [told for called, told in self.told if called == name]

    async def until(self, text: str, seconds: float = 30) -> None:
        """A condition holds whose detail has this text."""
        with anyio.fail_after(seconds):
            while not any(text in detail for detail in self.holding.values()):
                await self._changed.wait()

    def _tell(self, name: str, told: Any = None) -> None:
        self.told.append((name, told))

    def begin(self, condition: Condition, detail: str = "", about: str = "") -> None:
        self._tell("begin", (condition, detail, about))
        self.holding[condition, about] = detail
        self._change()

    def end(self, condition: Condition, about: str = "") -> None:
        if self.holding.pop((condition, about), None) is not None:
            self._tell("end", (condition, about))
            self._change()

    def _change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    def gate_changed(self, gate: Gate) -> None:
        self._tell("gate_changed", (gate.dependency, gate.closed, gate.refused))

    def attempt_failed(self, dependency: Dependency) -> None:
        self._tell("attempt_failed", dependency)

    def host_not_allowed(self, host: str) -> None:
        self._tell("host_not_allowed", host)

    def heard(self, dependency: Dependency, asked: Asked) -> None:
        self._tell("heard", (dependency, asked))

    def delivered(self, asked: Asked, again: bool = False, is_new: bool = True) -> None:
        self._tell("delivered", asked)

    def new_code(self, call: str, code: str) -> None:
        self._tell("new_code", (call, code))

    def limited(self, call: str, seconds: float, asked_s: float) -> None:
        self._tell("limited", (call, seconds, asked_s))

    def limit_over(self) -> None:
        self._tell("limit_over")

    def polled(self, loop: Loop) -> None:
        self._tell("polled", loop)
        self.on_polled()

    def received(self, loop: Loop, records: int) -> None:
        self._tell("received", (loop, records))

    def dropped(self, kind: Noise) -> None:
        self._tell("dropped", kind)

    def wrote(self, tasks: int) -> None:
        self._tell("wrote", tasks)

    def held_back(self, held_back: bool) -> None:
        self._tell("held_back", held_back)

    def crashed(self) -> None:
        self._tell("crashed")

    def step(self, partition: int, step: str) -> None:
        self._tell("step", (partition, step))
        self.on_step(partition, step)

    def assigned(self, partitions: Sequence[int]) -> None:
        self._tell("assigned", list(partitions))

    def rebalanced(self) -> None:
        self._tell("rebalanced")

    def ready(self, partitions: int) -> None:
        self._tell("ready", partitions)

    def in_flight(self, tasks: int, resting: int) -> None:
        self._tell("in_flight", (tasks, resting))

    def stands(self, partition: int, standing: Standing) -> None:
        self._tell("stands", (partition, standing))

    def left(self, partition: int) -> None:
        self._tell("left", partition)

    def lags(self, topic: str, partition: int, records: int, waits_since: float | None) -> None:
        self._tell("lags", (topic, partition, records, waits_since))

    def lag_gone(self, topic: str, partition: int) -> None:
        self._tell("lag_gone", (topic, partition))

    def lost_to_retention(self, records: int) -> None:
        self._tell("lost_to_retention", records)

    def odd_entries(self, partition: int, skipped: int, answered: int, unbelieved: int, first: int) -> None:
        self._tell("odd_entries", (partition, skipped, answered, unbelieved, first))

    def doubted(self, of: Signed, doubts: Mapping[Doubt, int]) -> None:
        for doubt, records in doubts.items():
            self._tell("doubted", (of, doubt, records))

    def restored(self, seconds: float) -> None:
        self._tell("restored", seconds)

    def rebuilt(self, cause: RebuildCause) -> None:
        self._tell("rebuilt", cause)

    def transacted(self, outcome: Transacted) -> None:
        self._tell("transacted", outcome)

    def passing_on(self, at: Source, headers: Headers) -> AbstractContextManager[str | None]:
        self._tell("passing_on", (at, headers))
        return nullcontext(None)

    def judging(self, at: Source, trace: str | None, headers: Headers) -> AbstractContextManager[object]:
        self._tell("judging", (at, trace, headers))
        return nullcontext()

    def given(self, partition: int) -> None:
        self._tell("given", partition)

    def committing(self, partition: int) -> AbstractContextManager[object]:
        self._tell("committing", partition)
        return nullcontext()

    def answered(self, answer: Decision | DeadLetter) -> None:
        self._tell("answered", answer)

    def skipped(self, cause: Skipped, attachments: int = 1) -> None:
        self._tell("skipped", (cause, attachments))

    def judged(self, bug: bool) -> None:
        self._tell("judged", bug)

    def foreign(self, foreign: bool) -> None:
        self._tell("foreign", foreign)

    def inspecting(self) -> AbstractContextManager[object]:
        self._tell("inspecting")
        return nullcontext()

    def timed(self, stage: Stage) -> AbstractContextManager[object]:
        self._tell("timed", stage)
        return nullcontext()

    def worker_ended(self, cause: WorkerEnd) -> None:
        self._tell("worker_ended", cause)

    def examined(self, detected: str | None, size: int, cpu_s: float) -> None:
        self._tell("examined", (detected, size))

    def signatures_of(self, day: datetime | None) -> None:
        self._tell("signatures_of", day)

    def reader_failed(self, exception: str) -> None:
        self._tell("reader_failed", exception)

    def confined(self, by: Confined, missing: str | None) -> None:
        self._tell("confined", (by, missing))

    def workers_start(self, problem: str | None) -> None:
        self._tell("workers_start", problem)

    def workers_last(self, problem: str | None) -> None:
        self._tell("workers_last", problem)

    def policy_in_force(self, version: str, warnings: Sequence[str]) -> None:
        self._tell("policy_in_force", (version, *warnings))

    def rules_in_force(self, version: str, count: int) -> None:
        self._tell("rules_in_force", (version, count))

    def rules_not_reloaded(self, problem: str) -> None:
        self._tell("rules_not_reloaded", problem)

    def rules_applied(self, cpu_s: float) -> None:
        self._tell("rules_applied", cpu_s)

    def rules_exceeded(self, rule: str | None) -> None:
        self._tell("rules_exceeded", rule)

    def policy_not_reloaded(self, problem: str) -> None:
        self._tell("policy_not_reloaded", problem)

    def called(self, call: str, status: int | None) -> None:
        self._tell("called", (call, status))

    def token_renewed(self, lifetime_s: float) -> None:
        self._tell("token_renewed", lifetime_s)

    def waited_for_the_limit(self, seconds: float) -> None:
        self._tell("waited_for_the_limit", seconds)


def _nothing(*_: object) -> None:
    pass


@dataclass(eq=False)
class Busy:
    """A task, and how many of its parts do something."""

    parts: int
    size: int = 1

    def works(self, more: int) -> None:
        self.parts += more
