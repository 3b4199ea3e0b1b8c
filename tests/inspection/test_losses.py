"""When it is told that the template is ended again and again, and when that it is no longer."""

from __future__ import annotations

import os
import signal

import pytest

from consumer.inspection.workers.losses import MANY, WITHIN_S, Losses
from consumer.inspection.workers.pool import Bounds, Workers
from tests.inspection.tally import Tally


def told(tally: Tally) -> list[str | None]:
    return tally.of("workers_last")


def test_one_now_and_then_is_a_line_of_the_log_and_no_state(caplog: pytest.LogCaptureFixture) -> None:
    tally, clock = Tally(), [0.0]
    losses = Losses(tally, now=lambda: clock[0])
    for _ in range(10):
        losses.note(-signal.SIGKILL)
        losses.look()
        clock[0] += WITHIN_S / (MANY - 1) + 1
    assert told(tally) == []
    assert [message.rpartition(": ")[2] for message in caplog.messages] == ["signal 9"] * 10


def test_many_are_a_state_until_none_has_come_for_long() -> None:
    tally, clock = Tally(), [0.0]
    losses = Losses(tally, now=lambda: clock[0])
    for number in range(MANY):
        clock[0] = float(number)
        losses.note(1)
    assert told(tally) == ["exit code 1"]
    for clock[0] in (WITHIN_S, MANY + WITHIN_S, 2 * WITHIN_S):
        losses.look()
    assert told(tally) == ["exit code 1", None]


async def test_another_one_and_its_workers_are_there_before_a_file_needs_them() -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=20.0), reports=tally) as workers:
        supply = workers._supply
        killed = await supply.template()
        warm = len(supply._warm)
        os.kill(killed.pid, signal.SIGKILL)
        killed._process.wait()
        await supply.look()
        assert await supply.template() is not killed
        assert len(supply._warm) == warm
        for worker in supply._warm:
            await worker.ready()
