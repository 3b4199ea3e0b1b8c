"""What keeps the service from taking tasks, and what the operator and Prometheus hear of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry

from consumer.attempts import Gates
from consumer.errors import Refused, Unavailable
from consumer.model import AWAY, REFUSED, Condition, Dependency, Effect
from consumer.service.conditions import FOREIGN_LIMIT, FOREIGN_S, MOST_TOLD, Conditions
from consumer.telemetry.labels import Confined
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import Reporter

CEILING = 3
NOW = 1_800_000_000.0


class House:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = metrics = Metrics(self.registry)
        self.now = NOW
        self.conditions = Conditions(metrics, CEILING, now=lambda: self.now)
        reporter = Reporter(metrics, self.conditions)
        self.gates = Gates(failures=2, probe_s=1, probe_max_s=30, probes={}, reports=reporter, now=lambda: NOW)

    @property
    def holding(self) -> dict[Condition, str]:
        return {held.condition: held.detail for held in self.conditions.held}

    def takes_tasks(self) -> bool:
        return self.conditions.takes_tasks

    def takes_events(self) -> bool:
        return self.conditions.takes_events

    def metric(self, name: str, labels: Mapping[str, str]) -> float | None:
        return self.registry.get_sample_value(f"attachment_consumer_{name}", dict(labels))


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.parametrize("condition", Condition)
def test_each_condition_is_told_by_gauge_time_and_two_lines_of_the_log(
    house: House, condition: Condition, caplog: pytest.LogCaptureFixture
) -> None:
    labels = {"condition": condition.value}
    assert house.metric("condition", labels) == 0
    with caplog.at_level(logging.WARNING):
        house.conditions.begin(condition, "in detail")
        house.conditions.begin(condition, "in detail")
        assert house.metric("condition", labels) == 1
        assert house.metric("condition_since_timestamp_seconds", labels) == NOW
        house.now += 90
        house.conditions.end(condition)
        house.conditions.end(condition)
    assert house.metric("condition", labels) == 0
    assert house.metric("condition_since_timestamp_seconds", labels) == 0
    assert caplog.messages == [condition.told.sentence, f"no longer: {condition.told.sentence}"]
    assert caplog.records[0].detail == "in detail"  # type: ignore[attr-defined]
    assert caplog.records[1].seconds == 90  # type: ignore[attr-defined]


def test_what_holds_as_the_process_ends_is_told_as_no_end_of_an_outage(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        house.conditions.begin(Condition.KAFKA_AWAY)
        house.conditions.begin(Condition.DRAINING)
        house.conditions.over()
    assert [one.split(": ")[0] for one in caplog.messages[2:]] == ["still, as the process ends", "no longer"]
    assert house.conditions.held == []


@pytest.mark.parametrize("condition", Condition)
def test_each_condition_stops_what_it_says(house: House, condition: Condition) -> None:
    house.conditions.begin(condition)
    assert house.takes_tasks() == condition.told.takes_tasks
    assert house.conditions.stopped == (condition.told.effect is Effect.STOPS)
    assert house.conditions.waiting == (condition.told.effect is Effect.WAITS)
    house.conditions.end(condition)
    assert house.takes_tasks() and not house.conditions.stopped and not house.conditions.waiting


@pytest.mark.parametrize("condition", Condition)
def test_each_condition_has_a_sentence_and_a_remedy(condition: Condition) -> None:
    for text in (condition.told.sentence, condition.told.remedy):
        assert text[0].isupper()
        assert text.endswith(".")


def test_each_dependency_with_a_gate_has_a_condition_for_being_away_and_one_for_refusing() -> None:
    assert AWAY.keys() == REFUSED.keys() == set(Dependency) - {Dependency.KAFKA}
    assert not set(AWAY.values()) & set(REFUSED.values())


def test_another_detail_is_news_and_begins_nothing_anew(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.conditions.begin(Condition.API_REFUSED, "conversation:message:view")
    house.now += 5
    house.conditions.begin(Condition.API_REFUSED, "messaging:message:view")
    (held,) = house.conditions.held
    assert (held.detail, held.since) == ("messaging:message:view", NOW)
    assert len(caplog.messages) == 2


def test_details_that_take_turns_are_told_once_each_and_a_few_of_many(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    begin, end = house.conditions.begin, house.conditions.end
    for number in range(1_000):
        begin(Condition.STILL_FAILING, ("a web page", "too few bytes")[number % 2], "files")
    assert [vars(line)["detail"] for line in caplog.records] == ["a web page", "too few bytes"]
    assert house.holding[Condition.STILL_FAILING] == "too few bytes"
    for number in range(1_000):
        begin(Condition.STILL_FAILING, f"until {number}", "files")
    assert len(caplog.records) == MOST_TOLD
    assert house.holding[Condition.STILL_FAILING] == "until 999"
    end(Condition.STILL_FAILING, "files")
    caplog.clear()
    begin(Condition.STILL_FAILING, "a web page", "files")
    assert len(caplog.records) == 1


def test_a_condition_holds_for_each_partition_by_itself(house: House) -> None:
    house.conditions.begin(Condition.PARTITION_WAITS, about="partition 1")
    house.conditions.begin(Condition.PARTITION_WAITS, about="partition 2")
    house.conditions.end(Condition.PARTITION_WAITS, "partition 1")
    assert [held.about for held in house.conditions.held] == ["partition 2"]
    assert house.metric("condition", {"condition": "partition_waits"}) == 1
    assert house.takes_tasks(), "the other partitions go on"


def test_bugs_in_a_row_stop_the_intake_for_good_and_say_so(house: House) -> None:
    for bug in (True, True, False, True, True):
        house.conditions.judged(bug)
    assert house.takes_tasks()
    house.conditions.judged(True)
    assert not house.takes_tasks()
    assert not house.takes_events()
    assert house.holding == {Condition.BUGS: "3 in a row"}

    house.conditions.judged(False)  # one that was still running
    assert not house.takes_tasks()


def test_events_of_another_organisation_stop_the_intake_until_genesys_knows_one(house: House) -> None:
    for _ in range(FOREIGN_LIMIT - 1):
        house.conditions.foreign(True)
    house.conditions.foreign(False)
    assert house.takes_events()
    for _ in range(FOREIGN_LIMIT):
        house.conditions.foreign(True)
    assert not house.takes_tasks()
    assert not house.takes_events()
    assert list(house.holding) == [Condition.FOREIGN_TOPIC]
    house.conditions.foreign(False)
    assert house.takes_tasks()
    assert house.takes_events()
    assert house.holding == {}


def test_while_the_topic_is_another_s_each_loop_tries_every_30_seconds() -> None:
    clock = [0.0]
    conditions = Conditions(Metrics(CollectorRegistry()), 3, now=lambda: clock[0])
    for _ in range(FOREIGN_LIMIT):
        conditions.foreign(True)
    tried = []
    for second in range(95):
        clock[0] = float(second)
        tried += [(second, "tasks")] if conditions.takes_tasks else []
        tried += [(second, "events")] if conditions.takes_events else []
        conditions.foreign(True)
    assert tried == [(at, loop) for at in (30, 60, 90) for loop in ("tasks", "events")]


def test_events_of_another_organisation_now_and_then_are_no_wrong_topic() -> None:
    clock = [0.0]
    conditions = Conditions(Metrics(CollectorRegistry()), 3, now=lambda: clock[0])
    for number in range(100):
        clock[0] = number * FOREIGN_S / (FOREIGN_LIMIT - 2)
        conditions.foreign(True)
    assert conditions.held == []


def test_a_closed_gate_stops_the_intake_of_tasks_alone(house: House) -> None:
    gate = house.gates[Dependency.API]
    gate.failed(Unavailable(Dependency.API, "away"))
    assert house.takes_tasks()
    gate.failed(Unavailable(Dependency.API, "away"))

    assert not house.takes_tasks()
    assert house.takes_events()
    assert house.holding == {Condition.API_AWAY: "away"}
    assert not house.conditions.stopped, "it is waited out, and nobody has to mend anything here"

    gate.answered()
    assert house.takes_tasks()
    assert house.holding == {}


def test_what_refuses_us_is_told_in_its_words_until_it_does_no_more(house: House) -> None:
    gate = house.gates[Dependency.LOGIN]
    gate.failed(Refused(Dependency.LOGIN, "a wrong secret"))
    assert house.holding == {Condition.LOGIN_REFUSED: "a wrong secret"}
    gate.failed(Unavailable(Dependency.LOGIN, "away"))
    assert house.holding == {Condition.LOGIN_AWAY: "away"}
    gate.failed(Refused(Dependency.LOGIN, "a wrong secret"))
    gate.answered()
    assert house.holding == {}


@pytest.mark.parametrize("by", ["full", "seccomp", "none"])
def test_what_holds_workers_in_is_one_of_three_and_nothing_is_a_condition(by: Confined) -> None:
    house = House()
    Reporter(house.metrics, house.conditions).confined(by, None)
    assert {kind: gauge._value.get() for kind, gauge in house.metrics.workers_confined.items()} == {
        kind: float(kind == by) for kind in ("full", "seccomp", "none")
    }
    assert (Condition.CONFINEMENT_OFF in house.holding) == (by == "none")
