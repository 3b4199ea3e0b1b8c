"""Who waits for Kafka: when that is told, of what, and when it is over."""

from __future__ import annotations

from consumer.kafka.waiting import TOLD_AFTER_S, Waiting
from consumer.model import Condition
from tests.reports import Recorder


def made() -> tuple[Waiting, Recorder, list[float]]:
    clock, recorder = [1_000.0], Recorder()
    return Waiting(Condition.PARTITION_WAITS, "partition 3", recorder, lambda: clock[0]), recorder, clock


def test_a_long_wait_is_told_once_with_its_step_and_ends_when_something_worked() -> None:
    waiting, recorder, clock = made()
    waiting.begin("initialising its producer")
    clock[0] += TOLD_AFTER_S - 0.1
    waiting.look()
    assert not recorder.holding
    clock[0] += 0.1
    waiting.look()
    waiting.look()
    assert recorder.holding == {
        (Condition.PARTITION_WAITS, "partition 3"): "partition 3: waiting for Kafka for more than 15 s: "
        "initialising its producer"
    }
    assert len(recorder.of("begin")) == 1
    waiting.over()
    assert not recorder.holding


def test_the_time_runs_on_over_steps_and_failures_and_names_the_step_of_now() -> None:
    waiting, recorder, clock = made()
    waiting.begin("its writes are not acknowledged")
    clock[0] += TOLD_AFTER_S - 1
    waiting.begin("initialising its producer")
    clock[0] += 1
    waiting.look()
    assert "initialising its producer" in next(iter(recorder.holding.values()))


def test_what_works_in_time_is_never_told() -> None:
    waiting, recorder, clock = made()
    for _ in range(5):
        waiting.begin("its writes are not acknowledged")
        clock[0] += TOLD_AFTER_S - 1
        waiting.look()
        waiting.over()
    assert not recorder.told


def test_a_failure_is_told_at_once_and_stays_until_something_worked() -> None:
    waiting, recorder, clock = made()
    waiting.failed("partition 3 can't commit")
    clock[0] += 100
    waiting.begin("initialising its producer")
    waiting.look()
    assert list(recorder.holding.values()) == ["partition 3 can't commit"]
    waiting.over()
    assert not recorder.holding
