"""What is shown of the processes, computed from two looks at each. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from consumer.model import Condition, Effect
from consumer.service.status.readings import Change, Look, Readings, quantile
from consumer.service.status.shown import Count, KindCost, LimitUse, Partition, Process, ShownCondition, Verdict, View

FOR_ATTACHMENTS = ("conversation", "message", "details", "messages", "media", "download")
SLOTS = ("tasks", "resting", "downloads", "calls", "workers", "scans")
MEMORY = {"tasks": "memory of tasks", "files": "memory of files"}
LIMITS = {
    "tasks": "tasks in flight",
    "resting": "tasks that only wait",
    "downloads": "downloads at once",
    "calls": "API calls at once",
    "workers": "examining workers",
    "scans": "antivirus scans",
    "memory": "memory of files",
    "rate": "the API's rate limit",
    "cpu": "its own CPU",
}
EFFECTS = [effect.value for effect in (Effect.STOPS, Effect.WAITS, Effect.WARNS)]


def view_of(looks: Sequence[Look], before: Mapping[str, Look]) -> View:
    """`before`: an earlier look at the same processes, by name; what has none is shown since its start."""
    there = {look.process: look.readings for look in looks if look.readings is not None}
    changes = {
        look.process: Change.between(before.get(look.process), look) for look in looks if look.readings is not None
    }
    within = _answered_within(changes.values())
    return View(
        at=max(look.at for look in looks),
        over_s=max((change.seconds for change in changes.values()), default=0.0),
        processes=tuple(_process(look, changes.get(look.process)) for look in looks),
        conditions=tuple(held for look in looks if look.readings for held in _conditions(look, look.readings)),
        counts=tuple(_counts(changes.values())),
        half_within_s=quantile(0.5, within),
        nearly_all_within_s=quantile(0.99, within),
        calls_per_attachment=_calls_per_attachment(changes.values()),
        open_letters=_open_letters(there.values()),
        oldest_letter_s=max((_oldest_letter_s(now) for now in there.values()), default=0.0),
        limits=tuple(limit for name, now in there.items() for limit in _limits(name, now)),
        partitions=tuple(row for name, now in there.items() for row in _partitions(name, now)),
        kinds=tuple(_kinds(there.values())),
    )


def _process(look: Look, change: Change | None) -> Process:
    if change is None:
        return Process(look.process, "away", look.problem, "", None, None, None, None, "")
    now = change.now
    version = next((labels.get("version", "") for labels, _ in now.of_name("build_info")), "")
    started = now.value("process_start_time_seconds")
    spare = min(((value, by) for by, value in now.by("spare_attachments_per_second", "limit").items()), default=None)
    return Process(
        name=look.process,
        state=str(look.ready.get("state", "unknown")),
        problem=look.problem,
        version=version,
        up_s=None if started is None else max(look.at - started, 0.0),
        cpu_share=change.of("process_cpu_seconds_total") / change.seconds if change.seconds > 0 else None,
        memory_bytes=now.value("process_resident_memory_bytes"),
        spare_per_s=spare[0] if spare else None,
        spare_by=LIMITS.get(spare[1], spare[1]) if spare else "",
    )


def _conditions(look: Look, now: Readings) -> Iterator[ShownCondition]:
    """What hinders most comes first. `/readyz` knows the details; the gauge alone tells which and since when."""
    told: dict[str, list[Mapping[str, Any]]] = {}
    for one in look.ready.get("conditions", ()):
        told.setdefault(str(one.get("condition")), []).append(one)
    holding = {*told, *(name for name, value in now.by("condition", "condition").items() if value > 0)}
    order = [condition.value for condition in Condition]
    held = [
        _held(look.process, name, one, now.value("condition_since_timestamp_seconds", condition=name))
        for name in sorted(holding, key=lambda name: order.index(name) if name in order else len(order))
        for one in told.get(name, [{}])
    ]
    yield from sorted(held, key=lambda one: EFFECTS.index(one.effect))


def _held(process: str, name: str, told: Mapping[str, Any], since: float | None) -> ShownCondition:
    """What a later release calls a condition is shown as it tells it."""
    known = Condition(name).told if name in set(Condition) else None
    return ShownCondition(
        process=process,
        condition=name,
        effect=known.effect.value if known else Effect.WARNS.value,
        sentence=known.sentence if known else str(told.get("sentence", name)),
        remedy=known.remedy if known else str(told.get("remedy", "")),
        since=_seconds(told.get("since")) or since or None,
        about=str(told.get("about", "")),
        detail=str(told.get("detail", "")),
    )


def _seconds(told: object) -> float | None:
    """Of a time as `/readyz` writes it."""
    try:
        return datetime.fromisoformat(str(told)).timestamp()
    except ValueError:
        return None


def _counts(changes: Collection[Change]) -> Iterator[Count]:
    """Each verdict, with its reasons behind it; a reason that never came is not told."""
    accepted, rejected = {"verdict": "accepted"}, {"verdict": "rejected"}
    yield _count(changes, "accepted", "", "attachments_total", accepted)
    yield _count(changes, "rejected", "", "attachments_total", rejected)
    yield from _reasons(changes, "rejected", "attachments_total", rejected)
    yield _count(changes, "dead letters", "", "dead_letters_total", {})
    yield from _reasons(changes, "dead letters", "dead_letters_total", {})


def _reasons(changes: Collection[Change], verdict: Verdict, name: str, labels: Mapping[str, str]) -> Iterator[Count]:
    reasons = sorted({reason for change in changes for reason in change.now.by(name, "reason", **labels)})
    counted = [_count(changes, verdict, reason, name, {**labels, "reason": reason}) for reason in reasons]
    yield from sorted((one for one in counted if one.total > 0), key=lambda one: -one.total)


def _count(changes: Collection[Change], verdict: Verdict, reason: str, name: str, labels: Mapping[str, str]) -> Count:
    per_s = sum(change.of(name, **labels) / change.seconds for change in changes if change.seconds > 0)
    return Count(verdict, reason, per_s, sum(change.now.total(name, **labels) for change in changes))


def _answered_within(changes: Collection[Change]) -> dict[str, float]:
    within: dict[str, float] = {}
    for change in changes:
        for bound, count in change.by("event_to_answer_seconds_bucket", "le").items():
            within[bound] = within.get(bound, 0.0) + count
    return within


def _calls_per_attachment(changes: Collection[Change]) -> float | None:
    attachments = sum(change.of("attachments_total") for change in changes)
    calls = sum(change.of("api_calls_total", call=call) for change in changes for call in FOR_ATTACHMENTS)
    return calls / attachments if attachments > 0 else None


def _open_letters(there: Collection[Readings]) -> float | None:
    told = [value for now in there for _, value in now.of_name("open_dead_letters")]
    return sum(told) if told else None


def _oldest_letter_s(now: Readings) -> float:
    return max((value for _, value in now.of_name("oldest_open_dead_letter_age_seconds")), default=0.0)


def _limits(process: str, now: Readings) -> Iterator[LimitUse]:
    """Those that are in use at all: a process that takes no tasks (`notify`) has none."""
    taken, most = now.by("slots_taken", "of"), now.by("slots", "of")
    for of in SLOTS:
        if most.get(of):
            yield LimitUse(process, LIMITS[of], taken.get(of, 0.0), most[of], "")
    used, budget = now.by("memory_bytes", "of"), now.by("memory_budget_bytes", "of")
    for of, what in MEMORY.items():
        if budget.get(of):
            yield LimitUse(process, what, used.get(of, 0.0), budget[of], "bytes")
    if allowed := now.total("api_allowed_calls"):
        yield LimitUse(process, "API calls a minute", allowed - now.total("api_free_calls"), allowed, "")


def _partitions(process: str, now: Readings) -> Iterator[Partition]:
    """Tasks first: they wait for answers. Those that are furthest behind come first."""
    rows = [*_of_tasks(process, now), *_of_events(process, now)]
    yield from sorted(
        rows, key=lambda row: (row.loop != "tasks", -(row.waits_s or 0.0), -(row.lag or 0.0), row.partition)
    )


def _of_tasks(process: str, now: Readings) -> Iterator[Partition]:
    lags = {labels["partition"]: labels["topic"] for labels, _ in now.of_name("lag_records") if _is_tasks(labels)}
    window, budget = now.total("window_offsets"), now.total("outbox_budget_bytes")
    for partition in sorted({*now.by("uncommitted_offsets", "partition"), *lags}, key=int):
        of = {"topic": lags.get(partition, ""), "partition": partition}
        yield Partition(
            process=process,
            loop="tasks",
            partition=int(partition),
            lag=now.value("lag_records", **of),
            waits_s=now.value("oldest_unanswered_age_seconds", **of),
            uncommitted=now.total("uncommitted_offsets", partition=partition),
            window=window,
            outbox_bytes=now.total("outbox_bytes", partition=partition),
            outbox_budget=budget,
        )


def _of_events(process: str, now: Readings) -> Iterator[Partition]:
    for labels, lag in now.of_name("lag_records"):
        if not _is_tasks(labels):
            waits_s = now.value("oldest_unanswered_age_seconds", **labels)
            yield Partition(process, "events", int(labels["partition"]), lag, waits_s, 0.0, 0.0, 0.0, 0.0)


def _is_tasks(labels: Mapping[str, str]) -> bool:
    return labels["topic"].endswith(".tasks")


def _kinds(there: Collection[Readings]) -> Iterator[KindCost]:
    """Since the processes began; what took most CPU time comes first."""
    kinds = {kind for now in there for kind in now.by("examined_bytes_total", "kind")}
    rows = [
        KindCost(
            kind,
            sum(now.total("examined_bytes_total", kind=kind) for now in there),
            sum(now.total("examine_cpu_seconds_total", kind=kind) for now in there),
        )
        for kind in kinds
    ]
    yield from sorted((row for row in rows if row.files_bytes > 0), key=lambda row: -row.cpu_s)
