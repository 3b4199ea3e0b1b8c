"""What goes out: results and dead letters, held against the published schemas."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from consumer.model import (
    Accepted,
    Attachment,
    DeadLetter,
    DeadReason,
    Decision,
    Facts,
    Finding,
    Headers,
    Reason,
    Rejected,
    Replay,
    Settled,
    Source,
    Verdict,
)
from consumer.wire.results import LARGEST_RESULT, Outgoing, Output, encode_dead_letter, encode_result

SCHEMAS = Path(__file__).parents[2] / "schemas"
AT = datetime(2026, 11, 23, 9, 30, 0, 120_000, tzinfo=UTC)
SOURCE = Source("genesys.conversations.events", 3, 120_417, 1_795_460_000_000)
FACTS = Facts(size=5, sha256="ab" * 32, detected_type="application/pdf", detectors={"libmagic": "5.44"})
SIGNED = "https://files.example/x?X-Amz-Signature=s3cret"

foreign_text = st.text(st.characters(), max_size=600)  # lone surrogates included, as json.loads lets them in
sources = st.builds(
    Source, st.just("events"), st.integers(0, 99), st.integers(0, 2**62), st.integers(-1, 2**50), st.just("[2]")
)
facts = st.builds(
    Facts,
    size=st.integers(0, 2**40),
    sha256=st.just("ab" * 32),
    extension_type=st.none() | foreign_text,
    detected_type=foreign_text,
    findings=st.lists(st.builds(Finding, st.sampled_from(Reason), foreign_text), max_size=40).map(tuple),
    flags=st.lists(foreign_text, max_size=40).map(tuple),
    scanned=st.booleans(),
    detectors=st.dictionaries(foreign_text, foreign_text, max_size=40),
)
attachments = st.builds(
    Attachment,
    foreign_text.filter(bool),
    foreign_text.filter(bool),
    st.none() | foreign_text,
    st.just("id:1"),
    name=st.none() | foreign_text,
    declared_type=st.none() | foreign_text,
    declared_size=st.none() | st.integers(-(2**62), 2**62),
    url=st.just(SIGNED),
)
verdicts = st.builds(Accepted, facts, foreign_text.filter(bool)) | st.builds(
    Rejected, st.sampled_from(Reason), foreign_text, facts | st.just(Facts())
)
decisions = st.builds(
    Decision,
    attachments,
    verdicts,
    sources,
    event_time=st.none() | st.datetimes(timezones=st.just(UTC)),
    decided_at=st.datetimes(timezones=st.just(UTC)),
    attempts=st.integers(0, 100),
    policy_version=foreign_text,
    replay=st.none() | st.builds(Replay, st.binary(min_size=16, max_size=16), st.integers(1, 9)),
)
dead_letters = st.builds(
    DeadLetter,
    identity=st.binary(min_size=16, max_size=16),
    generation=st.integers(1, 9),
    reason=st.sampled_from(DeadReason),
    detail=foreign_text,
    stage=st.sampled_from(["decode", "metadata", "inspect"]),
    attempts=st.integers(0, 100),
    source=sources,
    first_at=st.datetimes(timezones=st.just(UTC)),
    last_at=st.datetimes(timezones=st.just(UTC)),
    key=st.none() | st.binary(max_size=3_000),
    value=st.none() | st.binary(max_size=3_000),
    headers=st.lists(
        st.tuples(st.sampled_from(["a", "dlq.reason", "dlq.id"]), st.none() | st.binary(max_size=900)), max_size=4
    ).map(tuple),
    conversation_id=st.none() | foreign_text,
    message_id=st.none() | foreign_text,
    attachment_id=st.none() | foreign_text,
    left_out=st.frozensets(st.sampled_from(["headers", "key"])),
    settled=st.none()
    | st.builds(
        Settled,
        call=st.sampled_from(["messages", "download", "file"]),
        meaning=st.sampled_from(["answered", "refused", "not_genesys"]),
        code=st.sampled_from(["", "not.found", "503"]),
        correlation_id=st.sampled_from(["", "ca138a93-3198"]),
    ),
)


def schema(output: Output) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / f"{output}.json").read_text())
    return loaded


def assert_valid(output: Output, document: object) -> None:
    """Against the open schema that readers get, and against its strict twin: nothing goes out that it does not name."""
    strict_validator(output).validate(document)


@cache
def strict_validator(output: Output) -> Draft202012Validator:
    strict = {**schema(output), "unevaluatedProperties": False}
    return Draft202012Validator(strict, format_checker=Draft202012Validator.FORMAT_CHECKER)


def decision(verdict: Verdict, *, name: str | None = "a.pdf", replay: Replay | None = None) -> Decision:
    attachment = Attachment("c-1", "m-1", "a-1", "id:a-1", name=name, url=SIGNED)
    return Decision(attachment, verdict, SOURCE, AT, AT, attempts=1, policy_version="1", replay=replay)


def dead_letter(value: bytes | None = b"{}", headers: Headers = ()) -> DeadLetter:
    return DeadLetter(
        b"\x01" * 16, 1, DeadReason.NOT_FOUND, "gone", "metadata", 8, SOURCE, AT, AT, b"key", value, headers, "c-1"
    )


def body(outgoing: Outgoing) -> dict[str, Any]:
    assert outgoing.value is not None
    loaded: dict[str, Any] = json.loads(outgoing.value)
    return loaded


def last_of_each(outgoing: Outgoing) -> dict[str, bytes]:
    return {name: content or b"" for name, content in outgoing.headers}


@given(decisions)
def test_every_result_fits_its_schema_and_a_fixed_size(given_decision: Decision) -> None:
    outgoing = encode_result(given_decision)
    assert_valid(outgoing.output, body(outgoing))
    assert outgoing.value is not None
    assert outgoing.size <= LARGEST_RESULT
    assert b"s3cret" not in outgoing.value
    assert all(b"s3cret" not in content for content in last_of_each(outgoing).values())


def test_the_largest_result_there_can_be_is_within_the_promise() -> None:
    wide = "\U0001f4a5" * 3_000  # four bytes each
    long = Facts(
        2**63,
        "ab" * 32,
        wide,
        wide,
        tuple(Finding(Reason.EMBEDDED_EXECUTABLE, wide) for _ in range(99)),
        tuple(wide for _ in range(99)),
        True,
        {f"{number}{wide}": wide for number in range(99)},
    )
    attachment = Attachment(wide[:256], wide[:256], wide, "id:1", name=wide, declared_type=wide, declared_size=2**63)
    source = Source("t" * 249, 2**31, 2**63, 0, "[999999]")
    for verdict in (Accepted(long, wide), Rejected(Reason.EMBEDDED_EXECUTABLE, wide, long)):
        outgoing = encode_result(Decision(attachment, verdict, source, AT, AT, 99, wide, Replay(b"\x01" * 16, 2**31)))
        assert LARGEST_RESULT // 2 < outgoing.size <= LARGEST_RESULT


def test_a_result_tells_the_attachment_the_verdict_and_where_it_came_from() -> None:
    told = body(encode_result(decision(Accepted(FACTS, "s3://files/x"))))
    assert (told["conversationId"], told["messageId"], told["attachmentId"]) == ("c-1", "m-1", "a-1")
    assert (told["verdict"], told["reason"], told["storageUri"]) == ("accepted", None, "s3://files/x")
    assert told["source"] == {"topic": SOURCE.topic, "partition": 3, "offset": 120_417, "path": None}
    assert (told["eventTime"], told["sha256"], told["size"]) == ("2026-11-23T09:30:00.120Z", "ab" * 32, 5)
    assert told["detectors"] == {"libmagic": "5.44"}


def test_a_rejection_carries_its_code_and_a_sentence_and_no_storage_uri() -> None:
    outgoing = encode_result(decision(Rejected(Reason.EMPTY, "The file holds no bytes.")))
    told = body(outgoing)
    assert outgoing.output is Output.REJECTED
    assert (told["reason"], told["detail"], told["storageUri"]) == ("empty", "The file holds no bytes.", None)


def test_the_key_of_a_result_is_the_conversation() -> None:
    assert encode_result(decision(Accepted(FACTS, "x"))).key == b"c-1"


def test_a_name_that_would_steer_a_terminal_goes_out_escaped() -> None:
    told = body(encode_result(decision(Accepted(FACTS, "x"), name="a\u202efdp.exe\x1b[2J")))
    assert told["name"] == "a\\u202efdp.exe\\x1b[2J"


def test_headers_are_a_cloudevent_whose_id_is_the_same_for_every_repeat() -> None:
    first = encode_result(decision(Rejected(Reason.EMPTY, "x")))
    headers = last_of_each(first)
    assert headers["ce_id"].decode() == body(first)["id"]
    assert headers["ce_type"] == b"genesys.attachment.rejected.v1"
    assert headers["ce_dataschema"].decode() == schema(Output.REJECTED)["$id"]
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_subject"] == b"conversations/c-1/messages/m-1"
    assert headers["content-type"] == b"application/json"
    assert encode_result(decision(Accepted(FACTS, "x"))).headers[1] == first.headers[1]


def test_an_answer_to_a_replay_says_so_and_does_not_look_like_a_repeat() -> None:
    outgoing = encode_result(decision(Accepted(FACTS, "x"), replay=Replay(b"\x02" * 16, 1)))
    assert body(outgoing)["replayOf"] == {"id": "02" * 16, "generation": 1}
    assert last_of_each(outgoing)["ce_id"].decode() == body(outgoing)["id"] + "-1"


@given(dead_letters, st.integers(30_000, 60_000))
def test_the_headers_of_every_dead_letter_fit_their_schema(dead: DeadLetter, max_bytes: int) -> None:
    outgoing = encode_dead_letter(dead, max_bytes=max_bytes)
    ours = {name: content.decode() for name, content in last_of_each(outgoing).items() if name.startswith("dlq.")}
    assert_valid(Output.DEAD_LETTER, ours)
    assert outgoing.size <= max_bytes


def test_a_dead_letter_is_the_original_record_with_our_headers_behind_its_own() -> None:
    original = (("trace", b"\xff"), ("dlq.reason", b"forged"), ("null", None), ("dlq.id", None))
    outgoing = encode_dead_letter(dead_letter(b"\x00\xffnot json", original), max_bytes=10_000)
    assert (outgoing.key, outgoing.value, outgoing.headers[:4]) == (b"key", b"\x00\xffnot json", original)
    assert outgoing.headers[4][0] == "dlq.id"
    assert last_of_each(outgoing)["dlq.reason"] == b"not_found"


@pytest.mark.parametrize(
    ("value", "headers", "omitted"),
    [
        (b"x" * 3_000, (("h", b"x" * 3_000),), set()),
        (b"x" * 9_000, (("h", b"x" * 3_000),), {"value"}),
        (b"x" * 9_000, (("h", b"x" * 9_000),), {"value", "headers"}),
    ],
)
def test_what_its_topic_does_not_take_is_left_out_of_a_dead_letter_by_name(
    value: bytes, headers: Headers, omitted: set[str]
) -> None:
    outgoing = encode_dead_letter(dead_letter(value, headers), max_bytes=9_000)
    told = last_of_each(outgoing)
    assert {part for part in ("value", "headers", "key") if told[f"dlq.{part}-omitted"] == b"true"} == omitted
    assert outgoing.value == (None if "value" in omitted else value)
    assert outgoing.size <= 9_000
    assert (told["dlq.value-bytes"], len(told["dlq.value-sha256"])) == (str(len(value)).encode(), 64)


def test_a_value_that_its_task_could_not_carry_is_said_to_be_left_out() -> None:
    told = last_of_each(encode_dead_letter(replace(dead_letter(None), value_sha256="cd" * 32), max_bytes=9_000))
    assert (told["dlq.value-omitted"], told["dlq.value-sha256"]) == (b"true", b"cd" * 32)


def test_what_its_task_could_not_carry_is_said_to_be_left_out() -> None:
    bare = replace(dead_letter(), key=None, left_out=frozenset({"headers"}))
    told = last_of_each(encode_dead_letter(bare, max_bytes=9_000))
    assert (told["dlq.headers-omitted"], told["dlq.key-omitted"], told["dlq.value-omitted"]) == (
        b"true",
        b"false",
        b"false",
    )


def test_a_record_without_value_is_not_said_to_have_lost_one() -> None:
    told = last_of_each(encode_dead_letter(dead_letter(None), max_bytes=100))
    assert (told["dlq.value-omitted"], told["dlq.value-sha256"]) == (b"false", b"")


@pytest.mark.parametrize("output", Output)
def test_each_schema_is_a_schema_with_valid_examples(output: Output) -> None:
    published = schema(output)
    Draft202012Validator.check_schema(published)
    assert published["$id"] == f"urn:attachment-consumer:schema:{output}:1"
    assert published["examples"]
    for example in published["examples"]:
        assert_valid(output, example)


@pytest.mark.parametrize("output", Output)
def test_the_schemas_are_open_so_that_fields_can_be_added(output: Output) -> None:
    published = schema(output)
    Draft202012Validator(published).validate({**published["examples"][0], "addedLater": 1})
