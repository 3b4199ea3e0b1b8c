"""What the log says of each answer."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from prometheus_client import CollectorRegistry

from consumer.model import DeadLetter, Decision, Rejected
from consumer.telemetry.metrics import Metrics
from tests.reports import reporter
from tests.wire.test_results import dead_letters, decisions

ONE_LOG = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)


@ONE_LOG
@given(decision=decisions)
def test_a_verdict_is_one_line_for_debugging_with_ids_reason_and_times(
    decision: Decision, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    with caplog.at_level(logging.INFO, "consumer"):
        reporter().answered(decision)
    assert caplog.records == []
    with caplog.at_level(logging.DEBUG, "consumer"):
        reporter().answered(decision)
    (line,) = caplog.records
    told = vars(line)
    assert (line.levelname, told["attachment_id"]) == ("DEBUG", decision.attachment.attachment_id)
    rejected = isinstance(decision.verdict, Rejected)
    assert (told["verdict"], told["reason"] is not None) == ("rejected" if rejected else "accepted", rejected)
    assert told["decided_at"] == decision.decided_at.isoformat(timespec="milliseconds")


NOW = datetime.now(UTC).replace(microsecond=0)
EVENT, RECORD, TASK = (NOW - timedelta(minutes=minutes) for minutes in (30, 20, 10))
LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("event", "record", "since"),
    [(EVENT, RECORD, EVENT), (None, RECORD, RECORD), (LATER, RECORD, RECORD), (None, None, TASK), (LATER, LATER, TASK)],
)
@settings(max_examples=1)
@given(decision=decisions)
def test_each_verdict_is_timed_from_its_event_or_else_from_its_record(
    event: datetime | None, record: datetime | None, since: datetime, decision: Decision
) -> None:
    timestamp_ms = int(record.timestamp() * 1_000) if record else -1
    timed = replace(
        decision,
        event_time=event,
        source=replace(decision.source, timestamp_ms=timestamp_ms),
        attachment=replace(decision.attachment, announced_at=TASK),
        decided_at=NOW,
    )
    assert timed.waited_since == since
    metrics = Metrics(CollectorRegistry())
    reporter(metrics).answered(timed)
    (waited_s,) = [
        sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "attachment_consumer_event_to_answer_seconds_sum"
    ]
    assert waited_s >= (NOW - since).total_seconds()


@ONE_LOG
@given(letter=dead_letters)
def test_a_dead_letter_is_a_warning_that_names_its_record_and_no_conversation(
    letter: DeadLetter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    reporter().answered(letter)
    (line,) = caplog.records
    told = vars(line)
    assert (line.levelname, told["reason"], told["detail"]) == ("WARNING", letter.reason.value, letter.detail)
    assert (told["topic"], told["offset"]) == (letter.source.topic, letter.source.offset)
    assert "conversation_id" not in told
