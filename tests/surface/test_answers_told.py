"""What the log says of each answer."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, given, settings

from consumer.model import DeadLetter, Decision, Rejected
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
