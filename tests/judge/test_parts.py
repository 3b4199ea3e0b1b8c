"""What of a task goes on side by side."""

from __future__ import annotations

import anyio
import pytest

from consumer.judge.parts import AT_ONCE, together
from consumer.model.resting import TASK
from tests.reports import Busy


@pytest.mark.parametrize("many", [1, 2, AT_ONCE + 500])
async def test_all_parts_are_done_so_many_at_once_and_the_task_works_while_one_of_them_does(many: int) -> None:
    TASK.set(seat := Busy(1))
    begun, done, most, may_end = 0, 0, 0, anyio.Event()

    async def part() -> None:
        nonlocal begun, done, most
        begun += 1
        most = max(most, begun - done)
        await may_end.wait()
        done += 1

    async with anyio.create_task_group() as group:
        group.start_soon(together, [part] * many)
        await anyio.wait_all_tasks_blocked()
        assert begun == seat.parts == min(many, AT_ONCE)
        may_end.set()
    assert (begun, done, most, seat.parts) == (many, many, min(many, AT_ONCE), 1)
