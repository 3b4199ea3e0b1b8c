"""Metrics: names, closed label sets, and the lists that must be the same wherever they are written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import prometheus_client
import pytest
from prometheus_client import CollectorRegistry, Metric, generate_latest

from consumer.model import Accepted, Condition, DeadReason, Facts, Reason, Rejected
from consumer.telemetry.histogram import Histogram
from consumer.telemetry.labels import Standing, status_label
from consumer.telemetry.metrics import Metrics
from consumer.wire.events import NoiseKind
from tests.reports import reporter

SCHEMAS = Path(__file__).parents[2] / "schemas"
PER_PARTITION = {"uncommitted_offsets", "outbox_bytes", "oldest_uncommitted_age_seconds", "ledger_entries"}
OF_DEAD_LETTERS = {"open_dead_letters", "oldest_open_dead_letter_age_seconds"}
NOT_KNOWN_YET = {"spare_attachments_per_second"}
OF_RULES = {"rules_exceeded"}  # an operator names them
OF_LAG = {"lag_records", "oldest_unanswered_age_seconds"}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def families(metrics: Metrics) -> dict[str, Metric]:
    return {family.name.removeprefix("attachment_consumer_"): family for family in metrics.registry.collect()}


def labels(metrics: Metrics, family: str, label: str) -> set[str]:
    return {sample.labels[label] for sample in families(metrics)[family].samples if label in sample.labels}


def test_every_name_has_our_prefix_a_help_text_and_the_suffix_of_its_kind(metrics: Metrics) -> None:
    for family in metrics.registry.collect():
        if family.name.startswith("process_"):  # the names that every exporter has, for each dashboard of processes
            continue
        assert re.fullmatch(r"attachment_consumer_[a-z_]+", family.name)
        assert len(family.documentation) > 5
        assert not family.name.endswith("_total"), "the client adds it to counters by itself"
        if family.type == "histogram":
            assert family.name.endswith(("_seconds", "_bytes"))


def documented(heading: str) -> list[str]:
    """The codes in the table under a heading of the page on results."""
    section = (SCHEMAS / "README.md").read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([a-z_]+)` \| .", section, re.MULTILINE)


def test_reasons_are_the_same_in_the_model_the_metrics_the_schemas_and_the_docs(metrics: Metrics) -> None:
    rejected = json.loads((SCHEMAS / "rejected.json").read_text())["properties"]
    dead = json.loads((SCHEMAS / "dead-letter.json").read_text())["properties"]
    assert labels(metrics, "attachments", "reason") == {"none", *Reason}
    assert rejected["reason"]["examples"] == list(Reason)
    assert labels(metrics, "dead_letters", "reason") == set(DeadReason)
    assert dead["dlq.reason"]["examples"] == list(DeadReason)
    assert labels(metrics, "condition", "condition") == set(Condition)
    assert documented("Why an attachment is rejected") == list(Reason)
    assert documented("Dead letters") == list(DeadReason)


def test_every_kind_of_noise_is_counted_under_its_name(metrics: Metrics) -> None:
    assert labels(metrics, "noise_dropped", "kind") == {*get_args(NoiseKind), "not_looked_up"}


def test_every_series_with_a_closed_label_exists_before_anything_happened(metrics: Metrics) -> None:
    empty = {name for name, family in families(metrics).items() if not family.samples}
    assert empty == PER_PARTITION | OF_LAG | OF_DEAD_LETTERS | OF_RULES | NOT_KNOWN_YET


def test_series_of_a_partition_go_with_it(metrics: Metrics) -> None:
    before = {name: len(family.samples) for name, family in families(metrics).items()}
    tell = reporter(metrics)
    for partition in (0, 7):
        tell.stands(partition, Standing(3, 3, 3.0, 3, 3, 3.0))
        metrics.lag("tasks", partition, 3, None)
    tell.left(7)
    metrics.forget_lag("tasks", 7)
    assert {name: labels(metrics, name, "partition") for name in PER_PARTITION | OF_LAG | OF_DEAD_LETTERS} == {
        name: {"0"} for name in PER_PARTITION | OF_LAG | OF_DEAD_LETTERS
    }
    tell.left(0)
    metrics.forget_lag("tasks", 0)
    tell.left(0)
    assert {name: len(family.samples) for name, family in families(metrics).items()} == before


def test_a_histogram_is_as_the_library_s_own(metrics: Metrics) -> None:
    bounds, values = (0.5, 1, 2.5), (0.0, 0.5, 0.6, 1.0, 2.6, 9.0)
    registry = CollectorRegistry()
    theirs = prometheus_client.Histogram("a_seconds", "text", buckets=bounds, registry=registry)
    ours = Histogram[str]("b_seconds", "text", bounds, registry)
    for one in values:
        theirs.observe(one)
        ours.of[""].observe(one)
    text = generate_latest(registry).decode()
    of_theirs, of_ours = (
        [line.replace(f"{name}_seconds", "x") for line in text.splitlines() if f"{name}_seconds" in line]
        for name in "ab"
    )
    assert of_theirs == of_ours


def value(metrics: Metrics, name: str, **of: str) -> float | None:
    return metrics.registry.get_sample_value(f"attachment_consumer_{name}", of)


def test_a_verdict_is_counted_by_its_reason_with_the_size_as_counted(metrics: Metrics) -> None:
    metrics.answered(Accepted(Facts(size=2_000), "x"))
    metrics.answered(Rejected(Reason.EMPTY, "x", Facts(size=0)))
    metrics.answered(Rejected(Reason.TOO_LARGE, "x"))
    assert value(metrics, "attachments_total", verdict="accepted", reason="none") == 1
    assert value(metrics, "attachments_total", verdict="rejected", reason="empty") == 1
    assert value(metrics, "attachment_bytes_count") == 2
    assert value(metrics, "attachment_bytes_sum") == 2_000


@pytest.mark.parametrize(
    ("status", "label"),
    [(200, "2xx"), (302, "3xx"), (418, "4xx"), (503, "5xx"), (None, "none")]
    + [(named, str(named)) for named in (400, 401, 403, 404, 409, 429)],
)
def test_statuses_of_the_api_are_counted_in_a_closed_set(metrics: Metrics, status: int | None, label: str) -> None:
    assert status_label(status) == label
    metrics.api_call("message", status)
    assert value(metrics, "api_calls_total", call="message", status=label) == 1


def test_a_misspelt_label_is_an_error_and_not_a_new_series(metrics: Metrics) -> None:
    with pytest.raises(KeyError):
        metrics.noise_dropped["hartbeat"].inc()  # type: ignore[index] # what this test is about
