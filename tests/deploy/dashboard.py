"""The dashboard, a row a panel: `python -m tests.deploy.dashboard` writes it, a test compares.

In the order of an operator's questions. No query gives NaN or inf: what is divided by is above 0, and a quantile of
nothing is left out by `>= 0`. What may have nothing to show says so (`NONE`); only counts are shown as 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from consumer.model import Condition, Effect

PAGE = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboard.json"
NONE = "none in this time"
NOT_KNOWN = "not known in this time"  # nobody could be asked for it
OF_ITS_OWN = "on (job, instance) group_left ()"  # one value of each process, beside its many
WHOSE = 'namespace=~"$namespace", pod=~"$pod"'
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
RATE = "$__rate_interval"


@dataclass(frozen=True)
class Panel:
    title: str
    description: str
    unit: str
    queries: tuple[tuple[str, str], ...]  # legend and expression; a metric is @ and its name
    always: bool = False  # there is something to show whatever happened or did not
    without: str = NONE  # what is shown where there is nothing
    most: float | None = None
    bad_from: float | None = None  # red from there on
    stat: bool = False
    width: int = 8


def conditions(effect: Effect) -> str:
    names = (condition.value for condition in Condition if condition.told.effect is effect)
    return f'condition=~"{"|".join(names)}"'


def stat(title: str, description: str, unit: str, expression: str, **more: Any) -> Panel:
    return Panel(title, description, unit, (("", expression),), stat=True, width=4, **more)


def quantiles(histogram: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (legend, f"histogram_quantile({share}, sum by (le) (rate(@{histogram}_bucket[{RATE}]))) >= 0")
        for legend, share in (("half", 0.5), ("95 of 100", 0.95), ("99 of 100", 0.99))
    )


def rate(name: str, by: str) -> str:
    return f"sum by ({by}) (rate({name}[{RATE}])) > 0"


def increase(name: str, over: str = "$__range") -> str:
    return f"round(sum(increase({name}[{over}])))"


def ours(expression: str) -> str:
    """`process_*` is what every exporter tells; this keeps the processes of this service."""
    return f"{expression} and on (job, instance) @build_info"


IN_ORDER: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "Is it well?",
        (
            stat("Processes", "That answer now", "short", "count(@build_info) or vector(0)", always=True),
            stat(
                "Stopped by", "Conditions that only a change of the set-up ends; the runbook tells of each", "short",
                f"sum(max by (condition) (@condition{{{conditions(Effect.STOPS)}}} > bool 0))", always=True, bad_from=1,
            ),
            stat(
                "Waits for", "Conditions that somebody else's outage causes, or the end of a process", "short",
                f"sum(max by (condition) (@condition{{{conditions(Effect.WAITS)}}} > bool 0))", always=True, bad_from=1,
            ),
            stat(
                "Oldest unanswered", "How long the oldest one waits; at 45 minutes a page, in outages at 15", "s",
                "max(@oldest_unanswered_age_seconds)", without=NOT_KNOWN, bad_from=900,
            ),
            stat(
                "Dead letters open", "Neither replayed nor answered later", "short",
                "sum(@open_dead_letters) or vector(0)",
                always=True, bad_from=1,
            ),
            stat(
                "Could take as well", "Attachments a second, as the last ones cost, until a limit is full", "short",
                "sum(min by (instance) (@spare_attachments_per_second))",
            ),
            Panel(
                "Conditions that hold", "For how many (the process, partitions, hosts); /readyz names what to do",
                "short", (("{{condition}}", "max by (condition) (@condition) > 0"),), width=16,
            ),
            Panel(
                "Partitions", "Assigned, and ready to take tasks from", "short",
                (("assigned", "sum(@assigned_partitions)"), ("ready", "sum(@ready_partitions)")), always=True,
            ),
        ),
    ),
    (
        "Does everybody get an answer?",
        (
            Panel(
                "From event to answer", "From the time that Genesys gave the event", "s",
                quantiles("event_to_answer_seconds"),
            ),
            Panel(
                "Oldest unanswered", "How long the first record without an answer waits, by topic", "s",
                (("{{topic}}", "max by (topic) (@oldest_unanswered_age_seconds)"),), without=NOT_KNOWN,
            ),
            Panel(
                "Lag", "Records from what is committed to the end, by topic", "short",
                (("{{topic}}", "sum by (topic) (@lag_records)"),), without=NOT_KNOWN,
            ),
            Panel(
                "Answered within five minutes", "Of what was answered; what is never answered is not in it",
                "percentunit",
                (
                    (
                        "share",
                        f'sum(rate(@event_to_answer_seconds_bucket{{le="300.0"}}[{RATE}])) '
                        f"/ (sum(rate(@event_to_answer_seconds_count[{RATE}])) > 0)",
                    ),
                ),
                most=1,
            ),
            Panel(
                "Taken and not committed", "How long ago the oldest such task was taken, by partition", "s",
                (("{{partition}}", "max by (partition) (@oldest_uncommitted_age_seconds)"),), always=True,
            ),
            Panel(
                "Lost", "Records that retention deleted before they were read", "short",
                (("records", increase("@retention_lost_records_total")),), always=True, bad_from=1,
            ),
        ),
    ),
    (
        "What does it decide?",
        (
            stat("Accepted", "In the chosen time", "short", increase('@attachments_total{verdict="accepted"}'),
                 always=True),
            stat("Rejected", "In the chosen time", "short", increase('@attachments_total{verdict="rejected"}'),
                 always=True),
            stat(
                "Dead letters", "Could not be judged, in the chosen time", "short", increase("@dead_letters_total"),
                always=True, bad_from=1,
            ),
            stat("Infected", "In the chosen time", "short", increase('@attachments_total{reason="infected"}'),
                 always=True, bad_from=1),
            stat("Told", "Customers who were told of a rejected file", "short",
                 increase('@notifications_total{outcome="sent"}'), always=True),
            stat("Bugs", "Errors that nobody foresaw; the log has their tracebacks", "short", increase("@bugs_total"),
                 always=True, bad_from=1),
            Panel("Verdicts", "A second", "cps", (("{{verdict}}", rate("@attachments_total", "verdict")),)),
            Panel(
                "Reasons for rejection", "A second", "cps",
                (("{{reason}}", rate('@attachments_total{verdict="rejected"}', "reason")),),
            ),
            Panel(
                "Dead letters by reason", "In five minutes", "short",
                (("{{reason}}", "sum by (reason) (increase(@dead_letters_total[5m])) > 0"),),
            ),
            Panel("Not judged", "Attachments that need no answer, a second", "cps",
                  (("{{cause}}", rate("@attachments_skipped_total", "cause")),)),
            Panel("Noise", "Events without an attachment, a second", "cps",
                  (("{{kind}}", rate("@noise_dropped_total", "kind")),)),
            Panel("Size of files", "As counted", "decbytes", quantiles("attachment_bytes")),
        ),
    ),
    (
        "How full is it?",
        (
            Panel(
                "Slots", "Of each kind the share that is taken, in the fullest process; full: the next ones wait",
                "percentunit", (("{{of}}", "max by (of) (@slots_taken / (@slots > 0))"),), always=True, most=1,
            ),
            Panel(
                "Memory", "Of files and tasks, against what it may be", "decbytes",
                (
                    ("{{of}}", "sum by (of) (@memory_bytes)"),
                    ("{{of}}: at most", "sum by (of) (@memory_budget_bytes > 0)"),
                ),
                always=True,
            ),
            Panel(
                "Calls that are left", "Of what the API allows in a minute, all clients counted", "percentunit",
                (("left", "min(@api_free_calls / (@api_allowed_calls > 0))"),), always=True, most=1,
            ),
            Panel(
                "Could take as well", "Attachments a second that each limit leaves room for; the least counts", "short",
                (("{{limit}}", "sum by (limit) (@spare_attachments_per_second)"),),
            ),
            Panel(
                "Windows", "Offsets taken above the committed one, of what a partition may, by partition",
                "percentunit",
                (("{{partition}}", f"max by (partition) (@uncommitted_offsets / {OF_ITS_OWN} (@window_offsets > 0))"),),
                always=True, most=1,
            ),
            Panel(
                "Outboxes", "Answers that wait for a commit, of what may wait, by partition", "percentunit",
                (("{{partition}}", f"max by (partition) (@outbox_bytes / {OF_ITS_OWN} (@outbox_budget_bytes > 0))"),),
                always=True, most=1,
            ),
        ),
    ),
    (
        "What does it wait for?",
        (
            Panel("In each stage now", "Attachments and commits, their waits included", "short",
                  (("{{stage}}", "sum by (stage) (@in_stage)"),), always=True),
            Panel("Failed attempts", "A second, by dependency", "cps",
                  (("{{dependency}}", rate("@attempts_failed_total", "dependency")),)),
            Panel("Waiting for the API's limit", "Seconds that calls waited, a second", "short",
                  (("waited", f"sum(rate(@api_wait_seconds_total[{RATE}])) > 0"),)),
            Panel("Calls", "A second, by call", "cps", (("{{call}}", rate("@api_calls_total", "call")),)),
            Panel("Answers of the API", "A second, by status", "cps",
                  (("{{status}}", rate("@api_calls_total", "status")),)),
            Panel(
                "Signatures of the antivirus", "How old they are; nothing for a scanner that does not tell", "s",
                (("age", "time() - min(@antivirus_signatures_timestamp_seconds != 0)"),), bad_from=604_800,
            ),
        ),
    ),
    (
        "What does it cost?",
        (
            Panel(
                "Time in each stage", "95 of 100 are quicker", "s",
                (
                    (
                        "{{stage}}",
                        f"histogram_quantile(0.95, sum by (le, stage) (rate(@stage_seconds_bucket[{RATE}]))) >= 0",
                    ),
                ),
            ),
            Panel(
                "CPU", "Processors in use: by each process itself, and by all examining ones", "short",
                (
                    ("{{instance}}", ours(f"sum by (job, instance) (rate(@process_cpu_seconds_total[{RATE}]))")),
                    ("examining", f"sum(rate(@examine_cpu_seconds_total[{RATE}])) > 0"),
                ),
                always=True,
            ),
            Panel("The event loop by its work", "Processors in use, sampled: of stages, else of loops", "short",
                  (("{{work}}", rate("@event_loop_cpu_seconds_total", "work")),)),
            Panel("Examining by kind", "Processors in use, by what the files are", "short",
                  (("{{kind}}", rate("@examine_cpu_seconds_total", "kind")),)),
            Panel(
                "Examining a megabyte", "CPU time, by what the files are", "s",
                (
                    (
                        "{{kind}}",
                        f"1e6 * sum by (kind) (rate(@examine_cpu_seconds_total[{RATE}])) "
                        f"/ (sum by (kind) (rate(@examined_bytes_total[{RATE}])) > 0)",
                    ),
                ),
            ),
            Panel(
                "Calls an attachment", "Of the API, without logins and probes; the fewer the better", "short",
                (
                    (
                        "calls",
                        'sum(rate(@api_calls_total{call=~"conversation|message|details|messages|media|download"}'
                        f"[{RATE}])) / (sum(rate(@attachments_total[{RATE}])) > 0)",
                    ),
                ),
            ),
            Panel("Inspections an attachment", "Above one is work done twice", "short",
                  (("inspections", "sum(rate(@inspections_total[5m])) / (sum(rate(@attachments_total[5m])) > 0)"),)),
            Panel(
                "Resident memory", "Of each process, its workers not included", "decbytes",
                (("{{instance}}", ours("sum by (job, instance) (@process_resident_memory_bytes)")),), always=True,
            ),
            Panel(
                "Open files", "Of what the system allows each process", "percentunit",
                (
                    (
                        "{{instance}}",
                        ours("sum by (job, instance) (@process_open_fds / (@process_max_fds > 0))"),
                    ),
                ),
                always=True, most=1,
            ),
            Panel("Workers replaced", "In five minutes, by cause", "short",
                  (("{{cause}}", "sum by (cause) (increase(@worker_restarts_total[5m])) > 0"),)),
        ),
    ),
    (
        "How does the commit engine do?",
        (
            Panel("Transactions", "A second", "cps", (("{{outcome}}", rate("@transactions_total", "outcome")),)),
            Panel(
                "Rebuilds and rebalances", "In five minutes", "short",
                (
                    ("rebuilt: {{cause}}", "sum by (cause) (increase(@rebuilds_total[5m])) > 0"),
                    ("rebalances", "round(sum(increase(@rebalances_total[5m])))"),
                ),
                always=True,
            ),
            Panel(
                "Ledger", "Answers that are remembered, and dead letters that are open", "short",
                (("entries", "sum(@ledger_entries)"), ("open dead letters", "sum(@open_dead_letters)")), always=True,
            ),
            Panel(
                "Reading the ledger", "Time for a partition before its tasks are taken; 95 of 100 are quicker", "s",
                (
                    (
                        "95 of 100",
                        "histogram_quantile(0.95, sum by (le) (rate(@ledger_restore_seconds_bucket[5m]))) >= 0",
                    ),
                ),
            ),
        ),
    ),
)  # fmt: skip


def page() -> str:
    numbers, panels = count(1), []
    y = 0
    for title, row in IN_ORDER:
        panels.append({"id": next(numbers), "type": "row", "title": title, "gridPos": _place(0, y, 24, 1)})
        y += 1
        x, height = 0, 0
        for panel in row:
            if x + panel.width > 24 or (height and height != _height(panel)):
                x, y = 0, y + height
            height = _height(panel)
            panels.append(_panel(panel, next(numbers), _place(x, y, panel.width, height)))
            x += panel.width
        y += height
    document = {
        "uid": "attachment-consumer",
        "title": "Attachment consumer",
        "tags": ["genesys", "kafka"],
        "schemaVersion": 41,
        "version": 2,
        "editable": True,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "timezone": "browser",
        "templating": {"list": list(_variables())},
        "annotations": {"list": []},
        "panels": panels,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def expression_of(short: str) -> str:
    """With the prefix of our metrics, and the selector of the chosen pods in each."""
    return re.sub(r"@(\w+)(?:\{([^}]*)\})?", _selected, short)


def _selected(found: re.Match[str]) -> str:
    name = found[1] if found[1].startswith("process_") else f"attachment_consumer_{found[1]}"
    return f"{name}{{{', '.join(filter(None, (found[2], WHOSE)))}}}"


def _height(panel: Panel) -> int:
    return 4 if panel.stat else 8


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    letters = "ABCDEF"
    targets = [
        {
            "refId": letter,
            "datasource": SOURCE,
            "expr": expression_of(expression),
            "legendFormat": legend,
            "range": not panel.stat,
            "instant": panel.stat,
        }
        for letter, (legend, expression) in zip(letters, panel.queries, strict=False)
    ]
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if not panel.always:
        defaults["noValue"] = panel.without
    if panel.most is not None:
        defaults["max"] = panel.most
    if panel.bad_from is not None:
        steps = [{"color": "green", "value": None}, {"color": "red", "value": panel.bad_from}]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    shown: dict[str, Any] = {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "none"}
    if not panel.stat:
        shown = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return {
        "id": number,
        "type": "stat" if panel.stat else "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": shown,
    }


def _variables() -> Iterator[dict[str, Any]]:
    yield {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1}
    for name, within in (("namespace", ""), ("pod", '{namespace=~"$namespace"}')):
        query = f"label_values(attachment_consumer_build_info{within}, {name})"
        yield {
            "name": name,
            "label": name.capitalize(),
            "type": "query",
            "datasource": SOURCE,
            "definition": query,
            "query": {"query": query, "refId": name},
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",  # outside Kubernetes nothing has this label, and this takes what has none
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        }


if __name__ == "__main__":
    PAGE.write_text(page())
