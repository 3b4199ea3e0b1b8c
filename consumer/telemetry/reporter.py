"""What the rooms report, into metrics, log and conditions.

Each room declares a Protocol of what it reports, beside the code that calls it. `Reporter` satisfies all of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Protocol

from consumer.model import AWAY, REFUSED, Condition, DeadLetter, Decision, Dependency, Doubt
from consumer.telemetry.answers import tell
from consumer.telemetry.kinds import kind_of
from consumer.telemetry.labels import (
    Confined,
    Loop,
    Noise,
    Notification,
    Proof,
    RebuildCause,
    Signed,
    Skipped,
    Stage,
    Standing,
    Transacted,
    WorkerEnd,
)
from consumer.telemetry.loop_cpu import NOW
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.untraced import Untraced
from consumer.telemetry.usage import Usage

log = logging.getLogger(__name__)

LONG_LIMIT_S = 300.0  # from here on a limit is a condition
CODES_LOGGED = 100


class Gate(Protocol):
    """That of a dependency (`attempts.gates`)."""

    dependency: Dependency
    detail: str
    refused: bool

    @property
    def closed(self) -> bool: ...
    @property
    def still_failing(self) -> int: ...


class HeldConditions(Protocol):
    """The conditions of the process (`service.conditions`)."""

    def begin(self, condition: Condition, detail: str = "", about: str = "") -> None: ...
    def end(self, condition: Condition, about: str = "") -> None: ...
    def judged(self, bug: bool) -> None: ...
    def foreign(self, foreign: bool) -> None: ...


class Reporter(Untraced):
    """One for the process."""

    def __init__(self, metrics: Metrics, conditions: HeldConditions, now: Callable[[], float] = time.monotonic) -> None:
        """`now`: monotonic seconds, by which a loop is found to stand still."""
        self._metrics = metrics
        self._conditions = conditions
        self._now = now
        self._codes: set[str] = set()
        self.polls: dict[Loop, float] = {}  # when each loop went round last
        self.steps: dict[int, str] = {}  # what was begun last for each partition
        self.partitions: list[int] = []  # that are assigned
        self.proven: set[Proof] = set()  # what has worked once in this process
        self.verdicts = 0  # so far

    @property
    def usage(self) -> Usage:
        """What tells how much of each limit is taken."""
        return self._metrics.usage

    def proved(self, what: Proof) -> None:
        """It worked, once at least, as this process is set up."""
        self.proven.add(what)

    # ---- conditions

    def begin(self, condition: Condition, detail: str = "", about: str = "") -> None:
        self._conditions.begin(condition, detail, about)

    def end(self, condition: Condition, about: str = "") -> None:
        self._conditions.end(condition, about)

    def gate_changed(self, gate: Gate) -> None:
        away, refused = AWAY[gate.dependency], REFUSED[gate.dependency]
        for condition, holds in ((away, gate.closed and not gate.refused), (refused, gate.closed and gate.refused)):
            if holds:
                self._conditions.begin(condition, gate.detail)
            else:
                self._conditions.end(condition)
        if gate.still_failing:
            self._conditions.begin(Condition.STILL_FAILING, gate.detail, gate.dependency.value)
        else:
            self._conditions.end(Condition.STILL_FAILING, gate.dependency.value)

    # ---- the loops

    def polled(self, loop: Loop) -> None:
        """The loop went round: it lives, whether there was something to take or not."""
        self.polls[loop] = self._now()
        NOW.set(loop)  # for this task, and for what it starts

    def received(self, loop: Loop, records: int) -> None:
        self._metrics.records_received[loop].inc(records)

    def dropped(self, kind: Noise) -> None:
        self._metrics.noise_dropped[kind].inc()

    def wrote(self, tasks: int) -> None:
        self._metrics.tasks_written.inc(tasks)

    def held_back(self, held_back: bool) -> None:
        self._metrics.intake_held_back.set(held_back)

    def crashed(self) -> None:
        """An error that nobody foresaw; whoever caught it has logged its traceback."""
        self._metrics.bugs.inc()

    # ---- the stream

    def step(self, partition: int, step: str) -> None:
        self.steps[partition] = step

    def assigned(self, partitions: Sequence[int]) -> None:
        self.partitions = list(partitions)
        self.proved("kafka")
        self._metrics.assigned_partitions.set(len(partitions))

    def rebalanced(self) -> None:
        self._metrics.rebalances.inc()

    def ready(self, partitions: int) -> None:
        self._metrics.ready_partitions.set(partitions)

    def in_flight(self, tasks: int, resting: int) -> None:
        self._metrics.in_flight, self._metrics.resting = tasks, resting

    def stands(self, partition: int, standing: Standing) -> None:
        self._metrics.standings.of[partition] = standing

    def left(self, partition: int) -> None:
        """The partition is another's: its series go."""
        self.steps.pop(partition, None)
        self._conditions.end(Condition.LEDGER_ODD, str(partition))
        self._metrics.standings.of.pop(partition, None)

    def lags(self, topic: str, partition: int, records: int, waits_since: float | None) -> None:
        self._metrics.lag(topic, partition, records, waits_since)

    def lag_gone(self, topic: str, partition: int) -> None:
        self._metrics.forget_lag(topic, partition)

    def lost_to_retention(self, records: int) -> None:
        self._metrics.retention_lost_records.inc(records)

    def restored(self, seconds: float) -> None:
        self._metrics.ledger_restore_seconds.observe(seconds)

    def odd_entries(self, partition: int, skipped: int, answered: int, unbelieved: int, first: int) -> None:
        self._metrics.odd_ledger_records["nothing"].inc(skipped)
        self._metrics.odd_ledger_records["answer"].inc(answered)
        self._metrics.odd_ledger_records["forgery"].inc(unbelieved)
        what = [f"{skipped} name no attachment", f"{answered} have an unknown answer"]
        what += [f"{unbelieved} do not verify and are not believed"] if unbelieved else []
        detail = f"{', '.join(what)}; the first at offset {first}"
        self._conditions.begin(Condition.LEDGER_ODD, detail, str(partition))

    def doubted(self, of: Signed, doubts: Mapping[Doubt, int]) -> None:
        for doubt, records in doubts.items():
            self._metrics.doubted_records[of, doubt].inc(records)

    def rebuilt(self, cause: RebuildCause) -> None:
        self._metrics.rebuilds[cause].inc()

    def transacted(self, outcome: Transacted) -> None:
        self._metrics.transactions[outcome].inc()

    def answered(self, answer: Decision | DeadLetter) -> None:
        """Only of what is committed: a reader of the metrics and one of the topics see the same."""
        tell(answer)
        if isinstance(answer, DeadLetter):
            self._metrics.dead_letters[answer.reason].inc()
            return
        self._metrics.answered(answer.verdict)
        self.verdicts += 1
        age = datetime.now(UTC) - answer.waited_since
        self._metrics.event_to_answer_seconds.observe(max(age.total_seconds(), 0.0))

    def committing(self, partition: int) -> AbstractContextManager[object]:
        return self.timed("commit")

    # ---- the judge and the inspection

    def skipped(self, cause: Skipped, attachments: int = 1) -> None:
        self._metrics.attachments_skipped[cause].inc(attachments)

    def judged(self, bug: bool) -> None:
        self._conditions.judged(bug)

    def foreign(self, foreign: bool) -> None:
        self._conditions.foreign(foreign)

    def inspecting(self) -> AbstractContextManager[object]:
        """Surrounds one inspection."""
        self._metrics.inspections.inc()
        return self._metrics.inspecting

    def timed(self, stage: Stage) -> AbstractContextManager[object]:
        """Surrounds one stage."""
        return self._metrics.stages.timed(stage)

    def in_stage(self, stage: Stage) -> int:
        """How much is in it now."""
        return self._metrics.stages.now[stage]

    def examined(self, detected: str | None, size: int, cpu_s: float) -> None:
        """Of one file, and of each of its tries."""
        kind = kind_of(detected)
        self._metrics.usage.examine_cpu_seconds[kind].inc(cpu_s)
        self._metrics.usage.examined_bytes[kind].inc(size)

    def signatures_of(self, day: datetime | None) -> None:
        """Of what day the antivirus's signatures are; None: it does not tell."""
        self._metrics.usage.antivirus_signatures_timestamp_seconds.set(day.timestamp() if day else 0)

    def worker_ended(self, cause: WorkerEnd) -> None:
        self._metrics.worker_restarts[cause].inc()

    def reader_failed(self, exception: str) -> None:
        self._metrics.examination_failures[exception].inc()
        log.error("a reader failed on a file: %s", exception)

    def confined(self, by: Confined, missing: str | None) -> None:
        """What is proven to hold workers in, or what is missing to what was asked for."""
        if missing is None:
            self.proved("confinement")
        for kind, gauge in self._metrics.workers_confined.items():
            gauge.set(kind == by and missing is None)
        for condition, holds in (
            (Condition.WORKERS_UNCONFINED, missing is not None),
            (Condition.CONFINEMENT_OFF, by == "none"),
        ):
            if holds:
                self._conditions.begin(condition, missing or "")
            else:
                self._conditions.end(condition)

    def workers_start(self, problem: str | None) -> None:
        """None: they do. Else what ends them, again and again."""
        self._hold(Condition.WORKERS_NOT_STARTING, problem)

    def workers_last(self, problem: str | None) -> None:
        """None: they do. Else how the process that they are forked from ends, again and again."""
        self._hold(Condition.WORKERS_KILLED, problem)

    def _hold(self, condition: Condition, problem: str | None) -> None:
        if problem is None:
            self._conditions.end(condition)
        else:
            self._conditions.begin(condition, problem)

    def policy_in_force(self, version: str, warnings: Sequence[str]) -> None:
        self._metrics.policy_info.info({"version": version})
        self._conditions.end(Condition.POLICY_NOT_RELOADED)
        if warnings:
            self._conditions.begin(Condition.POLICY_UNCLEAR, " | ".join(warnings))
        else:
            self._conditions.end(Condition.POLICY_UNCLEAR)
        log.info("policy in force", extra={"version": version})

    def policy_not_reloaded(self, problem: str) -> None:
        self._metrics.policy_reload_failures.inc()
        self._conditions.begin(Condition.POLICY_NOT_RELOADED, problem)

    def rules_in_force(self, version: str, count: int) -> None:
        self._metrics.rules_info.info({"version": version})
        self._conditions.end(Condition.RULES_NOT_RELOADED)
        log.info("YARA rules in force", extra={"version": version, "rules": count})

    def rules_not_reloaded(self, problem: str) -> None:
        self._metrics.rules_reload_failures.inc()
        self._conditions.begin(Condition.RULES_NOT_RELOADED, problem)

    def rules_applied(self, cpu_s: float) -> None:
        self._metrics.rules_cpu_seconds.inc(cpu_s)

    def rules_exceeded(self, rule: str | None) -> None:
        self._metrics.rules_exceeded.labels(rule or "").inc()
        log.warning("YARA rules took too long with a file", extra={"rule": rule or "several together"})

    # ---- dependencies

    def called(self, call: str, status: int | None) -> None:
        """One call of login or API ended; without an answer, `status` is None."""
        self._metrics.api_call(call, status)

    def token_renewed(self, lifetime_s: float) -> None:
        self._metrics.token_expires_timestamp_seconds.set(time.time() + lifetime_s)

    def waited_for_the_limit(self, seconds: float) -> None:
        self._metrics.api_wait_seconds.inc(seconds)

    def limited(self, call: str, seconds: float, asked_s: float) -> None:
        """Calls of this name, or all of them (""), wait for `seconds`; `asked_s` is what was asked for."""
        until = time.time() + seconds
        self._metrics.api_limited_until_timestamp_seconds.set(until)
        ends = datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds")
        detail = f"{call or 'all'} calls wait until {ends}"
        if asked_s > seconds:
            detail += f", though {asked_s:g} s were asked for"
        log.warning("the API limits us: %s", detail)
        if seconds >= LONG_LIMIT_S:
            self._conditions.begin(Condition.API_LIMITED, detail)

    def limit_over(self) -> None:
        self._metrics.api_limited_until_timestamp_seconds.set(0)
        self._conditions.end(Condition.API_LIMITED)

    def new_code(self, call: str, code: str) -> None:
        """Genesys said an error code that nobody listed. Of each there is one line in the log."""
        self._metrics.new_codes[call].inc()
        if code not in self._codes and len(self._codes) < CODES_LOGGED:
            self._codes.add(code)
            log.warning("the API says an error code that is not known", extra={"call": call, "code": code})

    def host_not_allowed(self, host: str) -> None:
        """Holds until the process ends: the settings that may allow it are read at the start."""
        self._conditions.begin(Condition.HOST_NOT_ALLOWED, host, host)

    def attempt_failed(self, dependency: Dependency) -> None:
        self._metrics.attempts_failed[dependency].inc()

    def told(self, outcome: Notification, detail: str) -> None:
        """`notify` told a customer of a rejected file, or did not."""
        self._metrics.notifications[outcome].inc()
        if outcome == "failed":
            log.warning("nobody was told of a rejected file: %s", detail)
