"""A record of the tasks topic reads back as the task that was written, whatever the original record carried."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.errors import Malformed
from consumer.model import Headers, Replay, Source, Task
from consumer.wire.fields import ID
from consumer.wire.tasks import CARRIED, CONVERSATION, MOVES, REPLAY, SOURCE, decode_task, encode_task, unproven
from tests.wire.test_results import sources

AT = Source("tasks", 1, 7, 1_795_460_000_000)
FURTHER = ["source-key", "value-sha256", "left-out", "replay", "conversation", "moves"]
OURS = [SOURCE, *(f"task.{name}" for name in FURTHER)]

names = st.sampled_from([*OURS, *(CARRIED + name for name in OURS), "dlq.id", "h", ""])
headers = st.lists(st.tuples(names, st.none() | st.binary(max_size=20)), max_size=6).map(tuple)
tasks = st.builds(
    Task,
    sources,
    st.none() | st.binary(max_size=50),
    key=st.none() | st.binary(max_size=50),
    headers=headers,
    value_sha256=st.none() | st.just("ab" * 32),
    left_out=st.frozensets(st.sampled_from(["headers", "key"])),
    replay=st.none() | st.builds(Replay, st.binary(min_size=16, max_size=16), st.integers(1, 9)),
    conversation_id=st.none() | st.from_regex(ID, fullmatch=True).filter(lambda text: ".." not in text),
    moves=st.integers(0, 9),
    tried=st.frozensets(st.binary(min_size=16, max_size=16), max_size=3),
)


@given(tasks)
def test_a_task_reads_back_as_it_was_written(task: Task) -> None:
    assert decode_task(task.value, encode_task(task), AT) == replace(task, taken_ms=AT.timestamp_ms)


@given(tasks)
def test_what_does_not_verify_tells_where_it_came_from_and_nothing_that_changes_what_is_judged(task: Task) -> None:
    """A new field of a task is one or the other."""
    where = ("source", "value", "key", "headers", "value_sha256", "left_out", "taken_ms")
    bare = decode_task(task.value, unproven(encode_task(task)), replace(AT, timestamp_ms=task.taken_ms))
    for field in fields(Task):
        expected = getattr(task, field.name) if field.name in where else field.default
        assert getattr(bare, field.name) == expected, field.name


@given(st.none() | st.binary(max_size=50), headers)
def test_whatever_else_is_in_the_topic_is_a_task_or_malformed(value: bytes | None, foreign: Headers) -> None:
    try:
        task = decode_task(value, foreign, AT)
    except Malformed:
        return
    assert task.value == value


ABSURD = [
    ((SOURCE, b"events 0 1 99999999999999999999999 "),),
    ((SOURCE, b"events 0 99999999999999999999999 1 "),),
    ((SOURCE, b"events 0 1 1"), (CONVERSATION, b"../../etc/passwd")),
    ((SOURCE, b"events 0 1 1"), (MOVES, b"99999999999999999999999")),
    ((SOURCE, b"events 0 1 1"), (REPLAY, b"zz 1")),
]


@pytest.mark.parametrize("foreign", ABSURD)
def test_headers_that_we_never_write_are_malformed(foreign: Headers) -> None:
    with pytest.raises(Malformed):
        decode_task(b"{}", foreign, AT)


@pytest.mark.parametrize("timestamp_ms", [-1, 0, 2**62, 253_402_300_800_000])
def test_a_timestamp_that_is_no_time_tells_none(timestamp_ms: int) -> None:
    assert Source("events", 0, 1, timestamp_ms).time is None


@pytest.mark.parametrize("foreign", [(), ((SOURCE, None),), ((SOURCE, b"events"),), (("h", None),)])
def test_a_record_that_does_not_say_where_it_came_from_is_malformed(foreign: Headers) -> None:
    with pytest.raises(Malformed):
        decode_task(b"{}", foreign, AT)
