"""What stops the intake of tasks, and what the operator and Prometheus hear of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry

from consumer.attempts import Gates
from consumer.errors import Refused, Unavailable
from consumer.model import Dependency
from consumer.service.conditions import FOREIGN_LIMIT, Conditions
from consumer.service.health import Health
from consumer.telemetry.metrics import Metrics

CEILING = 3
NOW = 1_800_000_000.0


class House:
    def __init__(self) -> None:
        self.health, self.registry = Health(), CollectorRegistry()
        self.conditions = Conditions(self.health, Metrics(self.registry), CEILING)
        self.gates = Gates(
            failures=2, probe_s=1, probe_max_s=30, probes={}, now=lambda: NOW, on_change=self.conditions.gate_changed
        )
        self.conditions.watch(self.gates)

    def metric(self, name: str, labels: Mapping[str, str]) -> float | None:
        return self.registry.get_sample_value(f"attachment_consumer_{name}", dict(labels))


@pytest.fixture
def house() -> House:
    return House()


def test_bugs_in_a_row_stop_the_intake_for_good_and_say_so(house: House) -> None:
    for bug in (True, True, False, True, True):
        house.conditions.judged(bug)
    assert house.conditions.may_take()
    house.conditions.judged(True)
    assert not house.conditions.may_take()
    assert house.health.refusals == ["3 tasks in a row failed by a bug of this service: see the log"]
    assert house.metric("intake_stopped", {"cause": "bugs"}) == 1

    house.conditions.judged(False)  # one that was still running
    assert not house.conditions.may_take()


def test_events_of_another_organisation_in_a_row_stop_the_intake_for_good(house: House) -> None:
    for _ in range(FOREIGN_LIMIT - 1):
        house.conditions.foreign(True)
    house.conditions.foreign(False)
    assert house.conditions.may_take()
    for _ in range(FOREIGN_LIMIT):
        house.conditions.foreign(True)
    house.conditions.foreign(False)
    assert not house.conditions.may_take()
    assert "another Genesys organisation" in house.health.refusals[0]
    assert house.metric("intake_stopped", {"cause": "organization"}) == 1


def test_a_closed_gate_stops_the_intake_and_is_told_with_its_time(house: House) -> None:
    gate, labels = house.gates[Dependency.API], {"dependency": "api"}
    gate.failed(Unavailable(Dependency.API, "away"))
    assert house.conditions.may_take()
    gate.failed(Unavailable(Dependency.API, "away"))

    assert not house.conditions.may_take()
    assert house.health.closed_gates == {Dependency.API: NOW}
    assert house.health.refusals == [], "it is waited out, and nobody has to mend anything here"
    assert (house.metric("gate_closed", labels), house.metric("gate_closed_since_timestamp_seconds", labels)) == (
        1,
        NOW,
    )

    gate.answered()
    assert house.conditions.may_take()
    assert house.health.closed_gates == {}
    assert (house.metric("gate_closed", labels), house.metric("gate_closed_since_timestamp_seconds", labels)) == (0, 0)


def test_what_refuses_us_is_told_in_its_words_until_it_does_no_more(house: House) -> None:
    gate = house.gates[Dependency.LOGIN]
    gate.failed(Refused(Dependency.LOGIN, "a wrong secret"))
    assert house.health.refusals == ["a wrong secret"]
    gate.failed(Unavailable(Dependency.LOGIN, "away"))
    assert house.health.refusals == []
    gate.failed(Refused(Dependency.LOGIN, "a wrong secret"))
    gate.answered()
    assert house.health.refusals == []


def test_each_partition_and_loop_has_a_hindrance_of_its_own(house: House) -> None:
    house.conditions.hinder("intake", "no topic")
    house.conditions.hinder(("partition", 1), "no producer")
    house.conditions.hinder("intake", None)
    assert house.health.refusals == ["no producer"]
    assert house.conditions.may_take(), "the other partitions go on"
