"""How full a process is and what it could still take: the pure parts, and the gauges that tell it."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from consumer.inspection.readers.table import FORMATS
from consumer.telemetry.kinds import kind_of
from consumer.telemetry.labels import Limit
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.spare import Spare

LOOKS = st.lists(
    st.tuples(
        st.floats(0.01, 30), st.integers(0, 10_000), st.dictionaries(st.sampled_from(["cpu", "rate"]), st.floats(0, 2))
    ),
    max_size=50,
)


def looked(times: int, answered: int, **shares: float) -> Spare:
    spare = Spare()
    for _ in range(times):
        spare.note(1.0, answered, shares)  # type: ignore[arg-type] # names of limits
    return spare


def test_what_is_left_is_what_the_same_cost_again_leaves_room_for() -> None:
    room = looked(600, 10, cpu=0.25, workers=0.8).room
    assert room["cpu"] == pytest.approx(30, rel=0.01)
    assert room["workers"] == pytest.approx(2.5, rel=0.01)


def test_a_full_limit_leaves_no_room() -> None:
    assert looked(600, 10, calls=1.0).room["calls"] == pytest.approx(0, abs=0.01)


def test_what_is_not_used_limits_nothing_and_before_the_first_attachment_nothing_is_known() -> None:
    assert looked(600, 10, scans=0.0).room == {}
    assert looked(600, 0, cpu=0.5).room == {}


def test_a_quiet_hour_later_the_last_cost_still_counts_and_all_is_free() -> None:
    spare = looked(600, 10, cpu=0.5)
    for _ in range(3_600):
        spare.note(1.0, 0, {"cpu": 0.02})
    assert spare.room["cpu"] == pytest.approx(20, rel=0.05)


def test_what_idling_costs_is_no_cost_of_the_few_that_come() -> None:
    spare = Spare()
    for second in range(3_600):
        one = second % 60 == 0
        spare.note(1.0, int(one), {"cpu": 0.025 if one else 0.02})
    assert spare.room["cpu"] == pytest.approx(0.98 / 0.005, rel=0.1)


def test_a_minute_later_an_idle_process_has_the_same_room_however_uneven_idling_is() -> None:
    noise = random.Random(14)
    spare = looked(600, 10, cpu=0.5, workers=0.25)
    seen = []
    for second in range(1_800):
        canary = second % 60 == 30
        spare.note(1.0, 0, {"cpu": noise.uniform(0, 0.04), "workers": 0.5 if canary else 0.0})
        seen.append(spare.room)
    for limit in ("cpu", "workers"):
        after = [room[limit] for room in seen[120:]]
        assert max(after) / min(after) < 1.02
    assert seen[-1]["cpu"] == pytest.approx(0.98 / 0.05, rel=0.01)


def test_what_keeps_a_process_busy_without_an_answer_is_taken_within_a_minute() -> None:
    spare = looked(600, 10, cpu=0.5)
    for _ in range(600):
        spare.note(1.0, 0, {"cpu": 0.02})
    for _ in range(60):
        spare.note(1.0, 0, {"cpu": 0.9})
    assert spare.room["cpu"] == pytest.approx(0.1 / 0.05, rel=0.05)


def test_what_waits_for_hours_for_others_is_no_cost_of_what_comes_after_it() -> None:
    spare = looked(600, 10, cpu=0.5, tasks=0.1)
    before = spare.room["tasks"]
    for _ in range(7_200):
        spare.note(1.0, 0, {"cpu": 0.0, "tasks": 0.1})
    for _ in range(60):
        spare.note(1.0, 10, {"cpu": 0.5, "tasks": 0.1})
    assert spare.room["tasks"] == pytest.approx(before, rel=0.05)


@given(LOOKS)
def test_room_is_a_number_whatever_was_seen(looks: list[tuple[float, int, dict[Limit, float]]]) -> None:
    spare = Spare()
    for seconds, answered, shares in looks:
        spare.note(seconds, answered, shares)
        assert all(math.isfinite(value) and value >= 0 for value in spare.room.values())


def test_each_type_that_is_known_has_a_kind() -> None:
    kinds = {row.name: kind_of(row.name) for row in FORMATS}
    assert kinds["application/pdf"] == "pdf"
    assert kinds["application/vnd.openxmlformats-officedocument.wordprocessingml.document"] == "word"
    assert kinds["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"] == "sheet"
    assert kinds["application/vnd.openxmlformats-officedocument.presentationml.presentation"] == "slides"
    assert kinds["application/vnd.ms-word.document.macroenabled.12"] == "word"
    assert kinds["application/vnd.ms-excel.sheet.binary.macroenabled.12"] == "sheet"
    assert kinds["message/rfc822"] == "mail"
    assert kinds["application/x-7z-compressed"] == kinds["application/gzip"] == "archive"
    assert kinds["application/x-msdownload"] == "other"
    assert kind_of(None) == "unknown"
    assert {kind_of(row.name) for row in FORMATS if row.name.startswith("image/")} == {"image"}


def test_what_is_taken_is_asked_for_by_whoever_looks() -> None:
    metrics = Metrics(CollectorRegistry())
    taken = [3]
    metrics.usage.slots("downloads", 64, lambda: taken[0])
    metrics.usage.memory("files", 1_000, lambda: taken[0] * 100)
    taken[0] = 5

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"attachment_consumer_{name}", labels)

    assert (value("slots", of="downloads"), value("slots_taken", of="downloads")) == (64, 5)
    assert (value("memory_budget_bytes", of="files"), value("memory_bytes", of="files")) == (1_000, 500)


def test_what_could_still_be_taken_is_gone_where_it_is_not_known() -> None:
    metrics = Metrics(CollectorRegistry())
    for room in ({"cpu": 3.0}, {"calls": 2.0}):
        metrics.usage.spare(room)  # type: ignore[arg-type] # names of limits
    (family,) = [f for f in metrics.registry.collect() if f.name == "attachment_consumer_spare_attachments_per_second"]
    assert [(sample.labels["limit"], sample.value) for sample in family.samples] == [("calls", 2.0)]


def test_a_stage_counts_what_is_in_it_and_how_long_that_was() -> None:
    metrics = Metrics(CollectorRegistry())

    def value(name: str) -> float | None:
        return metrics.registry.get_sample_value(f"attachment_consumer_{name}", {"stage": "scan"})

    with metrics.stages.timed("scan"), metrics.stages.timed("scan"):
        assert value("in_stage") == 2
    with pytest.raises(RuntimeError), metrics.stages.timed("scan"):
        raise RuntimeError
    assert (value("in_stage"), value("stage_seconds_count")) == (0, 3)
