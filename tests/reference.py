"""The page that lists what the service knows. `python -m tests.reference` writes it; a test compares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry

from consumer.inspection.policy.model import CERTAIN, DEFAULTS, Action
from consumer.inspection.policy.names import has_reader, reader_of
from consumer.inspection.policy.policy import SHIPPED, Policy
from consumer.inspection.readers.openers import OPENERS, RULES
from consumer.inspection.readers.seen import SAFE, Limits
from consumer.inspection.readers.table import BY_EXTENSION, FORMATS
from consumer.inspection.readers.unseen import USUAL
from consumer.model import Condition, DeadReason, Reason
from consumer.telemetry.labels import Standing
from consumer.telemetry.metrics import Metrics
from consumer.wire.transports import ENVELOPES

ROOT = Path(__file__).parents[1]
LIMITS = ROOT / "consumer" / "inspection" / "readers" / "seen.py"
PAGE = ROOT / "deploy" / "reference.md"
REASONS = ROOT / "consumer" / "model" / "reasons.py"

DOES = {Action.REJECT: "rejects", Action.TELL: "tells"}


def page() -> str:
    return "\n\n".join(
        [
            "# Reference",
            "Generated from the code by `python -m tests.reference`. A test compares.",
            "## Reasons\n\nWhy an attachment is rejected. What a reader finds in a file is told or rejects it, as the "
            "policy says: what the shipped one does, and one of yours that leaves the finding out.",
            _table(("reason", "meaning", "shipped policy", "left out"), _reasons()),
            "## Dead letters\n\nWhy something could not be judged.",
            _table(("reason", "meaning"), ((r.value, _meanings()[r.name]) for r in DeadReason)),
            "## Conditions\n\nWhat `/readyz`, the gauge `attachment_consumer_condition` and the log tell. *stops*: not "
            "ready, since our own set-up is wrong. *waits*: ready, and work waits for somebody else. *warns*: work "
            "goes on.",
            _table(("condition", "effect", "sentence", "remedy"), _conditions()),
            "## Types\n\nWhat detection can tell and an operator may allow. *reader*: the module that looks inside; "
            "without one a file is judged by its type alone.",
            _table(("type", "extensions", "reader", "shipped policy"), _types()),
            f"Of the extensions that Genesys's supported content profiles list, these have no reader here, and stay "
            f"refused: {', '.join(f'`{extension}`' for extension in _unread())}.",
            "### What a file may hold\n\nThe table `[limits]` of a policy; what it leaves out has its default.",
            _table(("limit", "default", "at most", "meaning"), _limits()),
            "### Where a file ends\n\nA cut file is `malformed` where the cut is certain. What can't be told from a "
            "recording that stopped is accepted, with the flag `incomplete`.",
            _table(("types", "what marks the end", "cuts that are certain", "what is accepted"), _ends()),
            "### Who would open it\n\nA rule that rejects names the program that would act on the file as something "
            "else. *Direct*: on opening, preview or navigation. *Second step*: by another command, or a server that is "
            "set up wrongly; in a field for words none of these counts but PHP. What nobody can read is not let in. "
            "*Findings*: those that mean this one where a reader names none. `second_format`, `embedded_executable` "
            "and `launch_action` name whichever of them would act; `scan --explain` tells it.",
            _table(("key", "who", "step", "what it does", "source", "findings"), _openers()),
            "## Envelopes\n\nWhat may stand around an event. Each is known by all of its keys.",
            _table(("envelope", "keys"), ((e.name, ", ".join(f"`{key}`" for key in e.requires)) for e in ENVELOPES)),
            "## Metrics",
            _table(("metric", "type", "labels", "meaning"), _metrics()),
            "",
        ]
    )


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(columns)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _meanings() -> dict[str, str]:
    """The comment behind each member: the one place where it is explained."""
    return dict(re.findall(r"^    ([A-Z_]+) = \"[a-z_]+\"  # (.+)$", REASONS.read_text(), re.MULTILINE))


def _reasons() -> Iterator[tuple[str, str, str, str]]:
    shipped = Policy.load(SHIPPED)
    for reason in Reason:
        if reason in CERTAIN:
            does = leaves_out = "always rejects"
        elif reason in DEFAULTS:
            does, leaves_out = DOES[shipped.action(reason)], DOES[DEFAULTS[reason]]
        else:
            does = leaves_out = ""
        yield reason.value, _meanings()[reason.name], does, leaves_out


def _conditions() -> Iterator[tuple[str, str, str, str]]:
    for condition in Condition:
        told = condition.told
        yield condition.value, told.effect.value, told.sentence, told.remedy


def _types() -> Iterator[tuple[str, str, str, str]]:
    shipped = Policy.load(SHIPPED).types
    for row in FORMATS:
        reader, allowed = reader_of(row.name) or "none", "allows" if row.name in shipped else ""
        yield row.name, ", ".join(row.extensions), reader, allowed


def _unread() -> Iterator[str]:
    for extension in USUAL.split():
        if not has_reader(BY_EXTENSION.get(extension, "")):
            yield extension


def _limits() -> Iterator[tuple[str, str, str, str]]:
    """With the comment behind each: the one place where it is explained."""
    limits = LIMITS.read_text().partition("class Limits")[2].partition("    def ")[0]
    for name, meaning in re.findall(r"^    (\w+): int = .+?  # (.+)$", limits, re.MULTILINE):
        yield f"`{name}`", f"{getattr(Limits(), name):,}", f"{getattr(SAFE, name):,}", meaning


def _ends() -> Iterator[tuple[str, str, str, str]]:
    for end in dict.fromkeys(row.end for row in FORMATS if row.end):
        yield ", ".join(row.name for row in FORMATS if row.end == end), end.mark, end.certain, end.taken


def _openers() -> Iterator[tuple[str, ...]]:
    for key, opener in OPENERS.items():
        findings = ", ".join(sorted(reason.value for reason, rule in RULES.items() if rule == key))
        yield key, opener.program, opener.step.value, opener.acts, opener.source, findings


def _metrics() -> Iterator[tuple[str, str, str, str]]:
    registry = CollectorRegistry()
    _fill(Metrics(registry))
    for family in sorted(registry.collect(), key=lambda family: family.name):
        labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
        ending = {"counter": "_total", "info": "_info"}.get(family.type, "")
        yield f"`{family.name}{ending}`", family.type, ", ".join(labels), family.documentation


def _fill(metrics: Metrics) -> None:
    """One series of each metric that has none at the start, so that its labels show."""
    metrics.lag("events", 0, records=0, waits_since=None)
    metrics.standings.of[0] = Standing(0, 0, None, 0, 0, None)
    metrics.usage.spare({"cpu": 0.0})
    metrics.rules_exceeded.labels("rule").inc()
    metrics.policy_info.info({"version": ""})
    metrics.rules_info.info({"version": ""})


if __name__ == "__main__":
    PAGE.write_text(page())
