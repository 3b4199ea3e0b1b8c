"""What the first loop makes of one record."""

from __future__ import annotations

import hashlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.model import Headers, Source, Task
from consumer.wire.splitting import TaskRecord, tasks_of, untouched
from consumer.wire.tasks import decode_task

AT = Source("events", 3, 120, 1_795_460_000_000)
TASKS = Source("tasks", 0, 0, 0)
LIMIT = 1_000_000
SMALLEST = 16 * 1024  # that the check at start lets a tasks topic take


def made(value: bytes | None, key: bytes | None = None, headers: Headers = (), limit: int = LIMIT) -> list[TaskRecord]:
    return tasks_of(value, key, headers, AT, limit, lambda kind: None)


def read(record: TaskRecord) -> Task:
    return decode_task(record.value, record.headers, TASKS)


def test_a_record_goes_on_with_its_bytes_its_key_and_its_headers_nulls_included() -> None:
    value = orjson.dumps({"conversationId": "c-1"})
    headers: Headers = (("h", None), ("h", b"\xff"), ("task.replay", b"forged"))
    (record,) = made(value, b"key", headers)
    assert record.key == b"c-1"
    assert read(record) == Task(AT, value, b"key", headers)


def array_of(count: int) -> bytes:
    return orjson.dumps([{"conversationId": f"c-{number}"} for number in range(count)])


def test_each_element_of_an_array_carries_the_key_and_the_headers_of_its_record() -> None:
    tasks = [read(record) for record in made(array_of(100), b"key", (("h", b"x"), ("h", None)))]
    assert [task.source.path for task in tasks] == [f"[{number}]" for number in range(100)]
    assert {(task.key, task.headers, task.left_out) for task in tasks} == {
        (b"key", (("h", b"x"), ("h", None)), frozenset())
    }


@pytest.mark.parametrize("key", [b"k" * 900_000, b"k"])
def test_an_array_does_not_multiply_a_large_header_or_key(key: bytes) -> None:
    headers: Headers = (("h", b"x" * (900_001 - len(key))),)
    records = made(array_of(5_000), key, headers)
    assert len(records) == 5_000
    assert sum(record.size for record in records) < 4_000_000
    task = read(records[4_999])
    assert (task.value, task.key, task.headers) == (b'{"conversationId":"c-4999"}', None, ())
    assert task.left_out == {"headers", "key"}


def test_headers_that_are_too_large_cost_an_event_no_verdict() -> None:
    value = orjson.dumps({"conversationId": "c-1"})
    (record,) = made(value, None, (("h", b"x" * LIMIT),))
    task = read(record)
    assert (record.key, task.value, task.headers, task.left_out) == (b"c-1", value, (), frozenset({"headers"}))


@pytest.mark.parametrize(
    ("headers", "left_out"), [((("h", b"x"),), set()), ((("h", b"x" * LIMIT),), {"headers", "key"})]
)
def test_of_a_value_that_is_too_large_the_hash_goes_on(headers: Headers, left_out: set[str]) -> None:
    value = orjson.dumps({"conversationId": "c-1", "note": "x" * LIMIT})
    (record,) = made(value, b"key", headers)
    task = read(record)
    assert (task.value, task.value_sha256) == (None, hashlib.sha256(value).hexdigest())
    assert task.left_out == left_out
    assert task.headers == (() if left_out else headers)


@given(
    st.integers(0, 50),
    st.none() | st.integers(0, 40_000),
    st.lists(st.none() | st.integers(0, 40_000), max_size=3),
    st.integers(0, 40_000),
)
def test_every_task_fits_its_topic_and_all_copies_together_are_bounded(
    count: int, key_bytes: int | None, header_bytes: list[int | None], note_bytes: int
) -> None:
    value = orjson.dumps([{"conversationId": f"c-{number}", "note": "x" * note_bytes} for number in range(count)])
    key = None if key_bytes is None else b"k" * key_bytes
    headers: Headers = tuple(("h", None if size is None else b"x" * size) for size in header_bytes)
    records = made(value, key, headers, SMALLEST)
    assert len(records) == count
    assert all(record.size <= SMALLEST for record in records)
    assert sum(record.size for record in records) <= len(value) + SMALLEST + 500 * count


@pytest.mark.parametrize("value", [b"{}", None, b"x" * LIMIT], ids=["small", "none", "large"])
def test_a_record_that_goes_on_as_it_is_keeps_its_place_and_its_bytes_or_their_hash(value: bytes | None) -> None:
    record = untouched(value, AT, LIMIT)
    task = read(record)
    assert (record.key, task.source) == (b"events/3/120", AT)
    assert task.value == value if value != b"x" * LIMIT else task.value_sha256 == hashlib.sha256(value).hexdigest()
