"""The plan: the same for the same numbers, complete in its expectations, and as mixed as it promises."""

import base64
import hashlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.identity import announcement_identity
from consumer.model import DeadReason, Direction, Reason
from consumer.sandbox.cases import CASES, NOT_CAUSED, ExpectedOutcome
from consumer.sandbox.expectation import Expectation
from consumer.sandbox.traffic import Traffic, plan_traffic
from tests.quick import examples

NOW = datetime(2026, 2, 3, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return plan_traffic(600, 11, NOW)


def test_the_same_numbers_give_the_same_records_and_answers(traffic: Traffic) -> None:
    again = plan_traffic(600, 11, NOW)
    assert again.records == traffic.records
    assert again.expectation == traffic.expectation


def test_another_moment_changes_no_id_no_place_and_no_answer(traffic: Traffic) -> None:
    later = plan_traffic(600, 11, datetime(2027, 1, 1, tzinfo=UTC))
    assert later.expectation == traffic.expectation
    assert [(record.key, record.slot) for record in later.records] == [(r.key, r.slot) for r in traffic.records]


def test_another_seed_shares_no_id(traffic: Traffic) -> None:
    other = plan_traffic(600, 12, NOW)
    ours = {answer.id for answer in traffic.expectation.answers}
    assert ours.isdisjoint(answer.id for answer in other.expectation.answers)


@given(st.integers(1, 120), st.integers(0, 2**16))
@settings(max_examples=examples(25), deadline=None)
def test_there_are_as_many_events_as_asked_for(events: int, seed: int) -> None:
    planned = plan_traffic(events, seed, NOW)
    assert sum(record.events for record in planned.records) == events
    assert planned.expectation.events == events


def test_every_reason_is_caused_or_said_to_be_out_of_reach(traffic: Traffic) -> None:
    caused = {answer.reason for answer in traffic.expectation.answers if answer.reason}
    assert caused | {reason.value for reason in NOT_CAUSED} == {one.value for one in (*Reason, *DeadReason)}
    assert caused.isdisjoint(reason.value for reason in NOT_CAUSED)


def test_every_case_is_in_the_traffic(traffic: Traffic) -> None:
    served = {file.case.name for _, file in traffic.world.files.values()}
    assert served == {case.name for case in CASES}


def test_every_inbound_file_is_expected_once(traffic: Traffic) -> None:
    answers = Counter(answer.id for answer in traffic.expectation.answers if not answer.id.startswith("sha256:"))
    assert set(answers.values()) == {1}
    for message, file in traffic.world.files.values():
        answered = file.identity(message.conversation_id, message.message_id).hex() in answers
        silent = file.case.answer.outcome is ExpectedOutcome.UNANSWERED or message.direction is Direction.OUTBOUND
        covered = announcement_identity(message.conversation_id, message.message_id).hex() in answers
        assert answered != (silent or covered)


OBJECT_IN_BASE64 = "eyJ"  # begins with an opening brace and a quotation mark


def strings_of(value: Any) -> set[str]:
    """Every string in a JSON value, those inside JSON strings and base64 too."""
    if isinstance(value, dict):
        return set().union(*map(strings_of, value.values()), value)
    if isinstance(value, list):
        return set().union(*map(strings_of, value)) if value else set()
    if isinstance(value, str) and value[:1] in "{[" and value[1:]:
        return strings_of(orjson.loads(value))
    if isinstance(value, str) and value.startswith(OBJECT_IN_BASE64):
        return strings_of(orjson.loads(base64.b64decode(value)))
    return {value} if isinstance(value, str) else set()


def test_every_expected_answer_is_caused_by_a_record(traffic: Traffic) -> None:
    named: set[str] = set()
    hashes = set()
    for record in traffic.records:
        hashes.add("sha256:" + hashlib.sha256(record.value or b"").hexdigest())
        try:
            named |= strings_of(orjson.loads(record.value or b""))
        except (orjson.JSONDecodeError, RecursionError):
            continue
    for answer in traffic.expectation.answers:
        if answer.id.startswith("sha256:"):
            assert answer.id in hashes
        else:
            assert {answer.conversation_id, answer.message_id} & named


def test_repeats_come_in_other_partitions_under_other_keys_and_in_arrays(traffic: Traffic) -> None:
    slots: dict[bytes, set[int]] = {}
    for record in traffic.records:
        if record.key and len(record.key) == 36:
            slots.setdefault(record.key, set()).add(record.slot)
    assert sum(len(found) > 1 for found in slots.values()) > 5
    assert sum((record.key or b"").startswith(b"agent-") for record in traffic.records) > 5
    assert sum(record.events > 1 for record in traffic.records) > 3


def test_unjudgeable_records_differ_so_that_each_can_be_told_apart(traffic: Traffic) -> None:
    strange = [answer.id for answer in traffic.expectation.answers if answer.id.startswith("sha256:")]
    assert len(strange) == len(set(strange)) > 10


def test_nothing_that_takes_long_is_sent_last(traffic: Traffic) -> None:
    slow = {answer.conversation_id for answer in traffic.expectation.answers if answer.reason == "unavailable"}
    first_sent: dict[str, int] = {}
    for position, record in enumerate(traffic.records):
        for conversation in slow:
            if conversation and conversation.encode() in (record.value or b""):
                first_sent.setdefault(conversation, position)
    assert first_sent.keys() == slow
    assert max(first_sent.values()) < len(traffic.records) / 2


def test_expectations_survive_a_file(traffic: Traffic, tmp_path: Path) -> None:
    traffic.expectation.write(tmp_path / "expected.json")
    assert Expectation.read(tmp_path / "expected.json") == traffic.expectation


def test_a_foreign_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"answers": [{"id": "x"}]}')
    with pytest.raises(ValueError, match="is not a file of expected answers"):
        Expectation.read(tmp_path / "other.json")


def test_an_antivirus_changes_the_answer_for_the_test_signature() -> None:
    found = plan_traffic(600, 11, NOW, antivirus=True).expectation.answers
    assert {answer.reason for answer in found if answer.case == "test_signature"} == {Reason.INFECTED}


@pytest.mark.parametrize(("events", "seed"), [(20, 12), (40, 11), (300, 1)])
def test_some_good_files_of_conversations_of_their_own_come_last_and_once(events: int, seed: int) -> None:
    planned = plan_traffic(events, seed, NOW)
    assert planned.last
    at_the_end = [record.key for record in planned.records[planned.first :]]
    assert at_the_end == [conversation.encode() for conversation in planned.last]
    before = b"".join(record.value or b"" for record in planned.records[: planned.first])
    assert not any(conversation.encode() in before for conversation in planned.last)
    expected = [one for one in planned.expectation.answers if one.conversation_id in planned.last]
    assert [one.outcome for one in expected] == [ExpectedOutcome.ACCEPTED] * len(planned.last)
