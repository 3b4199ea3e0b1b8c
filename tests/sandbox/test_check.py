"""The score finds what is missing, what came twice and what is not as it must be; and nothing else."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime

import orjson
import pytest

from consumer.identity import conversation_identity, message_identity
from consumer.model import DeadReason
from consumer.sandbox.cases import ExpectedOutcome
from consumer.sandbox.check import Score, Tally
from consumer.sandbox.expectation import Expectation, Expected, of_value
from consumer.sandbox.traffic import plan_traffic
from consumer.wire.results import Output

TALK, MESSAGE = "conversation-1", "message-1"


OFFSETS = itertools.count()


def file(number: int, outcome: ExpectedOutcome = ExpectedOutcome.ACCEPTED, reason: str | None = None) -> Expected:
    return Expected(f"{number:032x}", outcome, reason, f"case{number}", (), TALK, MESSAGE, f"a{number}")


def score_of(*answers: Expected) -> Score:
    return Score(Expectation(len(answers), 1, answers))


def result(score: Score, answer: Expected, **changes: object) -> None:
    body = {"id": answer.id, "verdict": answer.outcome.value, "reason": answer.reason, **changes}
    score.take(Output(str(body["verdict"])), orjson.dumps(body), (), f"t-0@{next(OFFSETS)}")


def dead(score: Score, identity: str, reason: str, value: bytes = b"{}", generation: int = 1) -> None:
    headers = (
        ("dlq.id", b"of the original record"),
        ("dlq.reason", None),
        ("dlq.id", identity.encode()),
        ("dlq.reason", reason.encode()),
        ("dlq.generation", str(generation).encode()),
        ("dlq.value-sha256", hashlib.sha256(value).hexdigest().encode()),
    )
    score.take(Output.DEAD_LETTER, value, headers, f"d-0@{next(OFFSETS)}")


def bad(tally: Tally) -> tuple[int, int, int]:
    return tally.missing, tally.duplicated, tally.wrong


def test_each_expected_answer_once_is_good() -> None:
    answers = (file(1), file(2, ExpectedOutcome.REJECTED, "too_large"), file(3, ExpectedOutcome.DEAD, "unavailable"))
    score = score_of(*answers)
    assert bad(score.tally()) == (3, 0, 0)
    result(score, answers[0])
    result(score, answers[1])
    dead(score, answers[2].id, "unavailable")
    tally = score.tally()
    assert tally.good
    assert (tally.published, tally.accepted, tally.rejected, tally.dead_lettered) == (3, 1, 1, 1)
    assert tally.by_reason == {"too_large": 1, "unavailable": 1}


def test_an_answer_that_came_twice_is_duplicated() -> None:
    score = score_of(file(1))
    result(score, file(1))
    result(score, file(1))
    assert bad(score.tally()) == (0, 1, 0)
    assert "case1" in score.tally().which["duplicated"][0]


def test_a_record_that_was_read_twice_is_one_answer() -> None:
    score = score_of(file(1))
    for _ in range(2):
        body = {"id": file(1).id, "verdict": "accepted", "reason": None}
        score.take(Output.ACCEPTED, orjson.dumps(body), (), "t-0@7")
    assert score.tally().good


def test_another_verdict_or_another_reason_is_wrong() -> None:
    score = score_of(file(1), file(2, ExpectedOutcome.REJECTED, "empty"))
    result(score, file(1), verdict="rejected", reason="macros")
    result(score, file(2, ExpectedOutcome.REJECTED, "too_large"))
    assert bad(score.tally()) == (0, 0, 2)
    assert "rejected macros" in score.tally().which["wrong"][0]


def test_a_verdict_and_a_dead_letter_for_one_file_are_duplicated_and_wrong() -> None:
    score = score_of(file(1))
    result(score, file(1))
    dead(score, file(1).id, "unavailable")
    assert bad(score.tally()) == (0, 1, 1)


def test_an_answer_that_nobody_asked_for_is_wrong() -> None:
    score = score_of(file(1))
    result(score, file(1))
    result(score, file(9))
    dead(score, "ff" * 16, "bug")
    assert bad(score.tally()) == (0, 0, 2)


@pytest.mark.parametrize("identity", [message_identity(TALK, MESSAGE), conversation_identity(TALK)])
def test_a_dead_message_answers_for_its_files_without_an_answer(identity: bytes) -> None:
    forbidden = [file(number, ExpectedOutcome.DEAD, "forbidden") for number in (1, 2)]
    score = score_of(*forbidden)
    dead(score, identity.hex(), "forbidden")
    assert score.tally().good
    dead(score, identity.hex(), "forbidden")
    assert bad(score.tally()) == (0, 1, 0)


def test_a_dead_message_for_files_that_had_to_be_judged_is_wrong_not_missing() -> None:
    score = score_of(file(1), file(2))
    dead(score, message_identity(TALK, MESSAGE).hex(), "unavailable")
    assert bad(score.tally()) == (0, 0, 2)


def test_a_dead_message_beside_answers_for_all_of_its_files_is_one_too_many() -> None:
    score = score_of(file(1))
    result(score, file(1))
    dead(score, message_identity(TALK, MESSAGE).hex(), "unavailable")
    assert bad(score.tally()) == (0, 0, 1)


def test_what_names_nothing_is_known_by_its_bytes() -> None:
    score = score_of(
        of_value(b"junk", DeadReason.UNREADABLE, "not_json"), of_value(b"", DeadReason.UNREADABLE, "empty")
    )
    dead(score, "00" * 16, "unreadable", b"junk")
    assert score.tally().missing == 1
    dead(score, "01" * 16, "unreadable", b"")
    assert score.tally().good


def test_equal_bytes_are_counted() -> None:
    score = score_of(*[of_value(b"junk", DeadReason.UNREADABLE, "not_json")] * 2)
    for expected in [(1, 0, 0), (0, 0, 0), (0, 1, 0)]:
        dead(score, "00" * 16, "unreadable", b"junk")
        assert bad(score.tally()) == expected


def test_what_an_operator_replayed_is_no_duplicate() -> None:
    lost = file(1, ExpectedOutcome.DEAD, "unavailable")
    score = score_of(lost)
    dead(score, lost.id, "unavailable")
    dead(score, lost.id, "unavailable", generation=2)
    result(score, file(1), replayOf={"id": lost.id, "generation": 1})
    assert score.tally().good
    assert score.replayed == 2


def test_a_whole_plan_answered_as_expected_is_good_and_each_loss_is_found() -> None:
    answers = plan_traffic(400, 3, datetime(2026, 2, 3, tzinfo=UTC)).expectation.answers
    for left_out in (None, 0, len(answers) // 2, len(answers) - 1):
        score = Score(Expectation(400, 3, answers))
        for number, answer in enumerate(answers):
            if number == left_out:
                continue
            if answer.id.startswith("sha256:"):
                headers = (("dlq.id", b"?"), ("dlq.reason", (answer.reason or "").encode()))
                score.take(Output.DEAD_LETTER, None, (*headers, ("dlq.value-sha256", answer.id[7:].encode())))
            elif answer.outcome is ExpectedOutcome.DEAD:
                dead(score, answer.id, answer.reason or "")
            else:
                result(score, answer)
        assert bad(score.tally()) == (int(left_out is not None), 0, 0)
