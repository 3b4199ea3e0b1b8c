"""The task that a test works for: the next test works for none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from consumer.model.resting import TASK, Counted


@contextmanager
def as_task(task: Counted) -> Iterator[None]:
    token = TASK.set(task)
    try:
        yield
    finally:
        TASK.reset(token)
