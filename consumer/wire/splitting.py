"""One record of the input, as the tasks that it becomes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from consumer.model import Event, Headers, Source, Task
from consumer.wire.events import Noise
from consumer.wire.remembered import decoded
from consumer.wire.results import record_size
from consumer.wire.tasks import encode_task, encoded_at, key_of, unreadable_key


class TaskRecord(NamedTuple):
    key: bytes
    value: bytes | None
    headers: Headers

    @property
    def size(self) -> int:
        return record_size(self.key, self.value, self.headers)


def tasks_of(
    value: bytes | None, key: bytes | None, headers: Headers, at: Source, max_bytes: int, dropped: Callable[[Any], None]
) -> list[TaskRecord]:
    """The tasks of one input record, each at most `max_bytes` as its topic counts; `dropped` is told each noise.

    Key and headers go with each element of an array, unless all those copies would be larger than a single task may be.
    """
    items = decoded(value)
    whole = Task(at, value, key, headers)
    if record_size(key, None, headers) * len(items) > max_bytes:
        whole = _bare(whole)
    shared = encode_task(whole)
    room = max_bytes - record_size(None, None, shared) - 1  # and a path adds its length and a blank
    unreadable = unreadable_key(at)
    records = []
    for item in items:
        if isinstance(item, Noise):
            dropped(item.kind)
            continue
        own = key_of(item) if isinstance(item, Event) else unreadable + item.path.encode()
        if len(own) + len(item.value) + len(item.path) <= room:
            records.append(TaskRecord(own, item.value, encoded_at(item.path, shared)))
        else:
            task = replace(whole, source=replace(at, path=item.path), value=item.value)
            records.append(_fitting(task, own, max_bytes))
    return records


def untouched(value: bytes | None, at: Source, max_bytes: int) -> TaskRecord:
    """The record as one task, for the second loop to take apart, where an error becomes a dead letter."""
    return _fitting(Task(at, value, left_out=frozenset({"headers", "key"})), unreadable_key(at), max_bytes)


def _fitting(task: Task, key: bytes, max_bytes: int) -> TaskRecord:
    for smaller in _shrinking(task):
        record = TaskRecord(key, smaller.value, encode_task(smaller))
        if record.size <= max_bytes:
            break
    return record


def _shrinking(task: Task) -> Iterator[Task]:
    """Only the value is judged, so it is the last thing but its hash that is given up."""
    yield task
    yield _bare(task)
    yield _hashed(task)
    yield _hashed(_bare(task))


def _bare(task: Task) -> Task:
    had = {"headers": bool(task.headers), "key": task.key is not None}
    left_out = task.left_out | {part for part in had if had[part]}
    return replace(task, key=None, headers=(), left_out=left_out)


def _hashed(task: Task) -> Task:
    return replace(task, value=None, value_sha256=hashlib.sha256(task.value or b"").hexdigest())
