"""Every metric, declared once. Label sets are closed and all series exist from the start: a rate sees the first event.

A metric with one closed label is a mapping from its values (`dead_letters[DeadReason.BUG].inc()`): a misspelt label
is a type error and a `KeyError`, never a new series. Series of a partition exist as long as it is assigned.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from itertools import product
from typing import get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

from consumer import __version__
from consumer.model import Condition, DeadReason, Dependency, Doubt, Reason, Rejected, Verdict
from consumer.telemetry import stages
from consumer.telemetry.counters import Present, Total
from consumer.telemetry.labels import (
    ApiCall,
    ApiStatus,
    Confined,
    Loop,
    Noise,
    Notification,
    OddEntry,
    ReaderException,
    RebuildCause,
    Signed,
    Skipped,
    SpanFate,
    Transacted,
    WorkerEnd,
    status_label,
)
from consumer.telemetry.loop_cpu import LoopCpu
from consumer.telemetry.series import Series
from consumer.telemetry.stages import Stages
from consumer.telemetry.standings import Standings
from consumer.telemetry.standings import age as age_of
from consumer.telemetry.usage import PREFIX, Usage

ANSWER_BUCKETS = (0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3_600, 14_400, 86_400)
SIZE_BUCKETS = (1e3, 1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8)


class Metrics:
    """All metrics of one process, in the registry that `/metrics` shows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # Else each series has a `_created` twin, which nobody asks for.
        disable_created_metrics()  # type: ignore[no-untyped-call] # the library left out its "-> None"
        self.registry = registry
        self._series = Series(registry)
        self.usage = Usage(registry)
        self.stages = Stages(PREFIX, registry)
        self.loop_cpu = LoopCpu(PREFIX, registry)
        self.standings = Standings(PREFIX, registry)
        ProcessCollector(registry=registry)
        self._declare_the_work()
        self._declare_what_it_costs()
        self._declare_the_stream()
        self._declare_the_ledger()
        self._declare_the_dependencies()
        self._declare_the_process()

    def answered(self, verdict: Verdict) -> None:
        """Counts one verdict, and the size of the file where it was counted."""
        if isinstance(verdict, Rejected):
            self.rejected[verdict.reason].inc()
        else:
            self.accepted.inc()
        if verdict.facts.size is not None:
            self.attachment_bytes.observe(verdict.facts.size)

    def api_call(self, call: str, status: int | None) -> None:
        """Counts one answer of the API; None when there was none."""
        self.api_calls[call, status_label(status)].inc()

    def lag(self, topic: str, partition: int, records: int, waits_since: float | None) -> None:
        """`waits_since`: when the first of them came, in seconds since the epoch."""
        self._lag.labels(topic, str(partition)).set(records)
        age = self._oldest_unanswered.labels(topic, str(partition))
        age.set_function(lambda: age_of(waits_since, time.time()))

    def forget_lag(self, topic: str, partition: int) -> None:
        self._lag.remove(topic, str(partition))
        self._oldest_unanswered.remove(topic, str(partition))

    def _declare_the_work(self) -> None:
        loops, kinds = get_args(Loop), get_args(Noise)
        self.records_received: Mapping[Loop, Total] = self._series.counters(
            "records_received", "Records taken from Kafka, by the loop that took them", "loop", loops
        )
        self.tasks_written = self._series.counter("tasks_written", "Tasks that the intake wrote")
        self.intake_held_back = self._series.gauge(
            "intake_held_back", "1 while no events are taken in, since enough tasks wait for this process"
        )
        self.noise_dropped: Mapping[Noise, Total] = self._series.counters(
            "noise_dropped", "Events that need no answer of ours, by what they are", "kind", kinds
        )
        rejected = {("rejected", reason.value): reason for reason in Reason}
        attachments = self._series.counted(
            "attachments", "Verdicts, by reason", ("verdict", "reason"), [("accepted", "none"), *rejected]
        )
        self.accepted = attachments["accepted", "none"]
        self.rejected: Mapping[Reason, Total] = {reason: attachments[each] for each, reason in rejected.items()}
        self.dead_letters: Mapping[DeadReason, Total] = self._series.counters(
            "dead_letters", "What could not be judged, by reason", "reason", DeadReason
        )
        self.attachments_skipped: Mapping[Skipped, Total] = self._series.counters(
            "attachments_skipped", "Attachments that need no answer of ours", "cause", get_args(Skipped)
        )
        self.inspections = self._series.counter(
            "inspections", "Inspections started; above one an attachment is work done twice"
        )

    def _declare_what_it_costs(self) -> None:
        self.attempts_failed: Mapping[Dependency, Total] = self._series.counters(
            "attempts_failed", "Attempts that a dependency let fail", "dependency", Dependency
        )
        self.bugs = self._series.counter("bugs", "Errors that nobody foresaw; the log holds the traceback")
        self.event_to_answer_seconds = self._series.histogram(
            "event_to_answer_seconds",
            "From the event to the answer; it began at the time that Genesys gave it, else at that of its Kafka record",
            ANSWER_BUCKETS,
        )
        self.attachment_bytes = self._series.histogram(
            "attachment_bytes", "Size of the files, as counted", SIZE_BUCKETS
        )
        self.notifications: Mapping[Notification, Total] = self._series.counters(
            "notifications", "Messages to the conversation about a verdict", "outcome", get_args(Notification)
        )

    def _declare_the_stream(self) -> None:
        self.transactions: Mapping[Transacted, Total] = self._series.counters(
            "transactions", "Transactions of answers and offsets", "outcome", get_args(Transacted)
        )
        self.rebuilds: Mapping[RebuildCause, Total] = self._series.counters(
            "rebuilds", "Producers that were replaced and partitions rebuilt from what is committed", "cause",
            get_args(RebuildCause),
        )  # fmt: skip
        self.rebalances = self._series.counter("rebalances", "Assignments that this process got")
        self.in_flight = self.resting = 0  # tasks
        in_flight = self._series.gauge("tasks_in_flight", "Tasks taken and not settled, without those that only wait")
        in_flight.set_function(lambda: self.in_flight)
        resting = self._series.gauge("tasks_resting", "Tasks taken and not settled that only wait")
        resting.set_function(lambda: self.resting)
        self.inspecting = Present()
        self.inspections_in_flight = self._series.gauge("inspections_in_flight", "Inspections running now")
        self.inspections_in_flight.set_function(lambda: self.inspecting.count)
        self.assigned_partitions = self._series.gauge("assigned_partitions", "Tasks partitions assigned")
        self.ready_partitions = self._series.gauge("ready_partitions", "Tasks partitions that tasks are taken from")
        self._lag = Gauge(
            f"{PREFIX}_lag_records",
            "Records from what is committed to the last stable offset; gone while it is not known",
            ["topic", "partition"],
            registry=self.registry,
        )
        self._oldest_unanswered = Gauge(
            f"{PREFIX}_oldest_unanswered_age_seconds",
            "How long ago the oldest record came that is not committed, to within 10 s; 0 when there is none",
            ["topic", "partition"],
            registry=self.registry,
        )
        self.odd_ledger_records: Mapping[OddEntry, Total] = self._series.counters(
            "odd_ledger_records",
            "Records in the ledger topic that this release did not write, by what they are taken for",
            "taken_for",
            get_args(OddEntry),
        )
        self.retention_lost_records = self._series.counter(
            "retention_lost_records", "Records that retention deleted before they were read"
        )

    def _declare_the_ledger(self) -> None:
        self.doubted_records = self._series.counted(
            "doubted_records",
            "Tasks and ledger entries without a signature, or with one that does not verify",
            ("of", "doubt"),
            product(get_args(Signed), get_args(Doubt)),
        )
        self.ledger_restore_seconds = self._series.histogram(
            "ledger_restore_seconds", "Time to read a ledger partition before its tasks are taken", stages.BUCKETS
        )

    def _declare_the_dependencies(self) -> None:
        self.conditions: Mapping[Condition, Gauge] = self._series.gauges(
            "condition",
            "0 while this condition does not hold; else 1, or the number of partitions or hosts for which it holds",
            "condition",
            Condition,
        )
        self.conditions_since: Mapping[Condition, Gauge] = self._series.gauges(
            "condition_since_timestamp_seconds", "Since when the condition holds; 0 while it does not",
            "condition", Condition,
        )  # fmt: skip
        self.api_calls = self._series.counted(
            "api_calls",
            "Calls to the API, by answer",
            ("call", "status"),
            product(get_args(ApiCall), get_args(ApiStatus)),
        )
        self.api_wait_seconds = self._series.counter("api_wait_seconds", "Time that calls waited for the rate limit")
        self.api_limited_until_timestamp_seconds = self._series.gauge(
            "api_limited_until_timestamp_seconds", "Until when calls wait for a limit of the API; 0 while none do"
        )
        self.new_codes: Mapping[str, Total] = self._series.counters(
            "new_codes", "Error codes of the API that are not known, by the call that met them; the log names them",
            "call", get_args(ApiCall),
        )  # fmt: skip
        self.token_expires_timestamp_seconds = self._series.gauge(
            "token_expires_timestamp_seconds", "When the bearer token expires; 0 before the first login"
        )

    def _declare_the_process(self) -> None:
        self.event_loop_tasks = self._series.gauge("event_loop_tasks", "Tasks of the event loop that are not done")
        self.worker_restarts: Mapping[str, Total] = self._series.counters(
            "worker_restarts", "Examining processes that were replaced", "cause", get_args(WorkerEnd)
        )
        self.workers_confined: Mapping[str, Gauge] = self._series.gauges(
            "workers_confined", "1 for the confinement that is proven", "confinement", get_args(Confined)
        )
        self.examination_failures: Mapping[str, Total] = self._series.counters(
            "examination_failures",
            "Examinations that ended with an exception of a reader",
            "exception",
            get_args(ReaderException),
        )
        self.policy_reload_failures = self._series.counter(
            "policy_reload_failures", "Changed policy files that were wrong; the last good policy stays"
        )
        self.rules_reload_failures = self._series.counter(
            "rules_reload_failures", "Changed files of YARA rules that were wrong; the last good rules stay"
        )
        self.rules_info = Info(f"{PREFIX}_rules", "The YARA rules in force", registry=self.registry)
        self.rules_cpu_seconds = self._series.counter("rules_cpu_seconds", "CPU time that YARA rules took with files")
        self.rules_exceeded = Counter(
            f"{PREFIX}_rules_exceeded_total",
            "Files that a YARA rule took too long with; the label is empty where several rules did together",
            ["rule"],
            registry=self.registry,
        )
        self.spans: Mapping[SpanFate, Total] = self._series.counters(
            "spans",
            "Spans of traces: those that ended here, and those of them that the collector took",
            "fate",
            get_args(SpanFate),
        )
        self.policy_info = Info(f"{PREFIX}_policy", "The policy in force", registry=self.registry)
        Info(f"{PREFIX}_build", "What runs here", registry=self.registry).info(
            {"version": __version__, "python": platform.python_version()}
        )
