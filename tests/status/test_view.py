"""What is shown is computed from two looks, and every number of it is one."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from consumer.model import Accepted, Condition, Facts
from consumer.service.status.readings import Look, Readings, quantile
from consumer.service.status.shown import KindCost
from consumer.service.status.view import view_of
from consumer.service.status.words import number, size, span
from consumer.telemetry.labels import Standing
from consumer.telemetry.metrics import Metrics
from tests.status.seen import Told, numbers


def test_rates_are_means_of_what_happened_between_two_looks() -> None:
    told = Told()
    before = told.look(at=1_000.0)
    told.works()
    view = view_of([told.look(at=1_030.0)], {"one:9464": before})
    counts = {(one.verdict, one.reason): (one.per_s, one.total) for one in view.counts}
    assert view.over_s == 30
    assert counts["accepted", ""] == (3.0, 90.0)
    assert counts["rejected", "empty"] == counts["rejected", ""]
    assert counts["dead letters", "not_found"] == pytest.approx((1 / 30, 1.0))
    assert ("rejected", "malformed") not in counts
    assert view.calls_per_attachment == pytest.approx(90 / 91)
    assert view.half_within_s == pytest.approx(0.75)
    assert (view.open_letters, round(view.oldest_letter_s)) == (1, 7_200)


@pytest.mark.parametrize(("files_bytes", "told"), [(67, None), (999_999, None), (2_000_000, 0.1)])
def test_what_a_megabyte_costs_is_told_once_one_was_examined(files_bytes: int, told: float | None) -> None:
    assert KindCost("image", files_bytes, 0.2).cpu_s_per_mb == told


def test_how_many_dead_letters_are_open_is_not_known_before_a_ledger_is_read() -> None:
    told = Told()
    assert view_of([told.look()], {}).open_letters is None
    told.reporter.stands(0, Standing(0, 0, None, 0, 0, None))
    assert view_of([told.look()], {}).open_letters == 0


def test_a_process_that_began_anew_in_between_counts_from_its_start() -> None:
    told, fresh = Told(), Told()
    told.works()
    before = told.look(at=1_000.0)
    assert before.readings is not None
    started: dict[str, Any] = {"process_start_time_seconds": (({}, 1_005.0),)}
    fresh.metrics.answered(Accepted(Facts(size=1), "x"))
    now = fresh.look(at=1_015.0)
    assert now.readings is not None
    now = replace(now, readings=Readings({**now.readings.samples, **started}))
    (accepted,) = [one for one in view_of([now], {"one:9464": before}).counts if one.verdict == "accepted"]
    assert accepted.per_s == pytest.approx(0.1)


def test_processes_are_added_up_and_each_is_told_by_itself() -> None:
    one, other = Told(), Told()
    one.works()
    other.works()
    gone = Look("three:9464", 1_030.0, None, "it did not take the connection")
    view = view_of([one.look("one:9464", 1_030.0), other.look("two:9464", 1_030.0), gone], {})
    assert [(p.name, p.state) for p in view.processes] == [
        ("one:9464", "ready"), ("two:9464", "ready"), ("three:9464", "away"),
    ]  # fmt: skip
    assert next(one.total for one in view.counts if one.verdict == "accepted") == 180
    assert {p.process for p in view.partitions} == {"one:9464", "two:9464"}
    assert view.processes[0].spare_per_s == 3.5
    assert view.processes[0].spare_by == "the API's rate limit"


def test_partitions_are_told_with_lag_and_window_tasks_first() -> None:
    told = Told()
    told.works()
    view = view_of([told.look()], {})
    tasks, events = view.partitions
    assert (tasks.loop, tasks.partition, tasks.lag, round(tasks.waits_s or 0)) == ("tasks", 0, 12, 110)
    assert (tasks.uncommitted, tasks.window, tasks.outbox_bytes) == (40, 16_384, 2_000)
    assert (events.loop, events.partition, events.lag, events.waits_s) == ("events", 3, 0, 0)


def test_limits_are_told_with_what_is_taken() -> None:
    limits = {one.what: (one.taken, one.most) for one in view_of([Told().look()], {}).limits}
    assert limits["downloads at once"] == (48.0, 64.0)
    assert limits["memory of files"] == (12e6, 256e6)
    assert limits["API calls a minute"] == (180.0, 300.0)
    assert "antivirus scans" not in limits


def test_a_condition_is_told_with_its_remedy_and_by_the_gauge_alone_where_nothing_tells_its_detail() -> None:
    told = Told()
    told.works()
    told.hindered()
    with_details = view_of([told.look()], {}).conditions
    assert [(one.condition, one.effect, one.detail) for one in with_details] == [
        ("kafka_away", "waits", "no broker answers"),
        ("host_not_allowed", "warns", "files.customer.example"),
    ]
    assert with_details[0].remedy == Condition.KAFKA_AWAY.told.remedy
    (first, _) = view_of([replace(told.look(), ready={})], {}).conditions
    assert (first.condition, first.detail, first.sentence) == ("kafka_away", "", "Kafka does not answer.")
    assert first.since is not None


def test_a_condition_of_a_later_release_is_shown_as_it_tells_it() -> None:
    ready = {"state": "ready", "conditions": [{"condition": "new", "sentence": "It is new.", "remedy": "Wait."}]}
    (held,) = view_of([replace(Told().look(), ready=ready)], {}).conditions
    assert (held.condition, held.sentence, held.remedy) == ("new", "It is new.", "Wait.")


@pytest.mark.parametrize("seconds", [0.0, 30.0])
@pytest.mark.parametrize("begun", [False, True])
def test_no_number_is_none_whatever_happened_or_did_not(seconds: float, begun: bool) -> None:
    told = Told()
    before = told.look(at=1_000.0)
    if begun:
        told.works()
    document = asdict(view_of([told.look(at=1_000.0 + seconds)], {"one:9464": before}))
    assert all(map(math.isfinite, numbers(document)))


def test_metrics_that_are_no_numbers_are_left_out() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.intake_held_back.set(float("nan"))
    metrics.ready_partitions.set(float("inf"))
    readings = Readings.of(metrics.registry.collect())
    assert readings.value("intake_held_back") is None
    assert readings.value("ready_partitions") is None


@given(st.lists(st.floats(0, 200), min_size=1, max_size=60), st.floats(0.01, 1))
def test_a_quantile_lies_where_prometheus_would_see_it(values: list[float], share: float) -> None:
    bounds = [1.0, 5.0, 25.0, 100.0]
    buckets = {str(bound): float(sum(value <= bound for value in values)) for bound in bounds}
    found = quantile(share, buckets | {"+Inf": float(len(values))})
    assert found is not None
    exact = sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]
    upper = next((bound for bound in bounds if bound >= exact), bounds[-1])
    lower = max((bound for bound in [0.0, *bounds] if bound < upper), default=0.0)
    assert lower <= found <= upper


def test_a_quantile_of_nothing_is_not_known() -> None:
    assert quantile(0.5, {"1.0": 0.0, "+Inf": 0.0}) is None
    assert quantile(0.5, {}) is None


def test_numbers_are_written_as_people_read_them() -> None:
    assert [number(value) for value in (0, 0.001, 0.42, 3.14159, 9.99, 42.4, 9_999.4, 1_234_567)] == [
        "0", "<0.01", "0.42", "3.1", "10", "42", "9999", "1\u202f234\u202f567",
    ]  # fmt: skip
    assert [span(value) for value in (None, 0.0, 0.25, 70.0, 240.0, 7_300.0, 900_000.0)] == [
        "–", "0 s", "0.25 s", "70 s", "4 min", "2 h", "10 d",
    ]  # fmt: skip
    assert [size(value) for value in (0, 812, 3_140_000, 5e13)] == ["0 B", "812 B", "3.1 MB", "50\u202f000 GB"]
