"""What the first loop makes of one record."""

from __future__ import annotations

from typing import Any

import orjson

from consumer.intake import TaskRecord, tasks_of
from consumer.model import Headers, Source, Task
from consumer.wire.tasks import decode_task

AT = Source("events", 3, 120, 1_795_460_000_000)
TASKS = Source("tasks", 0, 0, 0)
LIMIT = 1_000_000


def made(value: bytes | None, key: bytes | None = None, headers: Headers = (), limit: int = LIMIT) -> list[TaskRecord]:
    dropped: list[Any] = []
    return list(tasks_of(value, key, headers, AT, limit, dropped.append))


def read(record: TaskRecord) -> Task:
    return decode_task(record.value, record.headers, TASKS)


def test_a_record_goes_on_with_its_bytes_its_key_and_its_headers_nulls_included() -> None:
    value = orjson.dumps({"conversationId": "c-1"})
    headers: Headers = (("h", None), ("h", b"\xff"), ("task.replay", b"forged"))
    (record,) = made(value, b"key", headers)
    assert record.key == b"c-1"
    assert read(record) == Task(AT, value, b"key", headers)
