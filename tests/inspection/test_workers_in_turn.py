"""Real worker processes, and whose file is next: by what became of them, never by how long it took."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import anyio
import anyio.lowlevel
import pytest

from consumer.inspection.workers.pool import FORK_S, Bounds, Workers
from consumer.model import Attachment, Facts
from consumer.model.units import MIB
from consumer.turns import SHORT_FILE
from consumer.turns.queue import WASTE_SHARE
from tests.inspection.files import MemoryBody, attachment
from tests.inspection.planted import plant, planted
from tests.inspection.tally import Tally

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no other kernel tells what a process has cost")

LONG = "[max(range(30_000_000))] and Seen('text/csv')"  # some 0.7 s
WAITS = "channel().recvmsg(1)"  # without an answer, until its deadline


def of(conversation: str) -> Attachment:
    return replace(attachment(), conversation_id=conversation)


class Examined:
    """Files in the order in which their examination ended, each of a conversation of its own."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.ended: list[str] = []
        self.facts: dict[str, Facts] = {}

    async def plant(self, name: str, expression: str) -> None:
        with plant(expression) as body:
            self.facts[name] = await self.workers.examine(body, of(name))
        self.ended.append(name)

    async def text(self, name: str) -> None:
        with MemoryBody(b"text") as body:
            self.facts[name] = await self.workers.examine(body, of(name))
        self.ended.append(name)

    async def grown(self, count: int) -> None:
        """Until so many have taken longer than files of their size do."""
        await self._until(lambda: len(self.workers._slots._grown) == count)

    async def _until(self, what: Callable[[], bool]) -> None:
        with anyio.fail_after(60):
            while not what():  # noqa: ASYNC110 # no event of theirs
                await anyio.sleep(0.002)


async def test_a_file_that_takes_long_stands_still_while_a_short_one_is_examined_and_goes_on() -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=60.0, cpu_s=60.0), command=planted(), reports=tally) as workers:
        files = Examined(workers)
        async with anyio.create_task_group() as group:
            group.start_soon(files.plant, "long", LONG)
            await files.grown(1)
            for number in range(3):
                await files.text(f"short {number}")
    assert files.ended == ["short 0", "short 1", "short 2", "long"]
    assert files.facts["long"].detected_type == "text/csv"
    assert not tally.ended


async def test_the_next_file_has_its_turn_as_soon_as_a_worker_has_answered() -> None:
    """Not when the task of the one before has woken, which may be long after in a loop that is busy."""
    woken: list[str] = []
    async with Workers(1, bounds=Bounds(), command=planted(), reports=Tally()) as workers:
        worker = workers._supply._warm[-1]
        await worker.ready()
        worker.stop()
        with MemoryBody(b"text") as first, MemoryBody(b"text") as second:

            async def examine(name: str, body: MemoryBody) -> None:
                await workers.examine(body, of(name))
                woken.append(name)

            async with anyio.create_task_group() as group:
                group.start_soon(examine, "first", first)
                await anyio.wait_all_tasks_blocked()
                group.start_soon(examine, "second", second)
                await anyio.wait_all_tasks_blocked()
                assert (workers.busy, workers._slots.waiting) == (1, 1)
                worker.go_on()
                while workers._slots.waiting:  # the turn itself
                    await anyio.lowlevel.checkpoint()
                assert not woken, "its turn began in the step in which the answer came"
    assert woken == ["first", "second"]


async def test_a_large_file_lets_small_ones_pass_that_came_later() -> None:
    async with Workers(1, bounds=Bounds(deadline_s=60.0), command=planted(), reports=Tally()) as workers:
        worker, files = workers._supply._warm[-1], Examined(workers)
        await worker.ready()
        worker.stop()

        async def large() -> None:
            with MemoryBody(b"text " * MIB) as body:
                await workers.examine(body, of("large"))
            files.ended.append("large")

        async with anyio.create_task_group() as group:
            for begins in (lambda: files.text("first"), large, lambda: files.text("small")):
                group.start_soon(begins)
                await anyio.wait_all_tasks_blocked()
            worker.go_on()
    assert files.ended == ["first", "small", "large"]


@pytest.mark.parametrize("size", [0, MIB, 2 * MIB, SHORT_FILE])
def test_one_that_uses_all_it_may_can_begin_again_for_others_whatever_its_size(size: int) -> None:
    """Where nothing more can stand still it would else keep them waiting to its end."""
    bounds, a_look_late = Bounds(), 0.002
    assert bounds.short_s(size) + a_look_late + FORK_S <= WASTE_SHARE * bounds.budget_s(size)


@pytest.mark.parametrize("said", ["bytes(9)", "b'\\xff' * 8"])
async def test_a_worker_that_says_what_none_does_keeps_its_turn_until_it_is_ended(said: str) -> None:
    """Else one customer's files would run beside each other, and leave more workers each time."""
    tally, running = Tally(), list[int]()
    babble = f"[channel().send({said})] and [max(range(60_000_000))] and Seen('text/csv')"
    async with Workers(1, bounds=Bounds(), command=planted(), reports=tally) as workers:
        warm, files = len(workers._supply._warm), Examined(workers)
        template = await workers._supply.template()
        async with anyio.create_task_group() as group:
            for number in range(12):
                group.start_soon(files.plant, f"evil {number}", babble)

            def all_ended() -> bool:
                running.append(len(template._channels))
                return len(files.ended) == 12

            await files._until(all_ended)
        assert tally.ended == {"babble": 12}
        assert max(running) <= warm + 1, "the next one is warm before the last one is gone"
        assert len(workers._supply._warm) == warm


async def test_only_a_body_that_has_to_wait_for_a_worker_is_told_so() -> None:
    async with Workers(1, bounds=Bounds(deadline_s=60.0, cpu_s=60.0), command=planted(), reports=Tally()) as workers:
        with plant(LONG) as first, MemoryBody(b"text") as second:
            async with anyio.create_task_group() as group:
                group.start_soon(workers.examine, first, of("first"))
                await anyio.wait_all_tasks_blocked()
                group.start_soon(workers.examine, second, of("first"))
                await anyio.wait_all_tasks_blocked()
                assert (first.has_waited, second.has_waited) == (False, True)


async def test_what_waits_with_the_long_ones_keeps_nothing_from_being_fetched() -> None:
    """Since its conversation's latest file took long: it is as likely to wait for long as what has begun."""
    async with Workers(1, bounds=Bounds(deadline_s=60.0, cpu_s=60.0), command=planted(), reports=Tally()) as workers:
        files = Examined(workers)
        with MemoryBody(b"text") as second:
            async with anyio.create_task_group() as group:
                group.start_soon(files.plant, "it", LONG)
                await files.grown(1)
                assert second.kept
                group.start_soon(workers.examine, second, of("it"))
                await files._until(lambda: not second.kept)
                assert not files.ended


async def test_standing_still_counts_to_no_deadline() -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=6.0, cpu_s=60.0), command=planted(), reports=tally) as workers:
        files = Examined(workers)
        async with anyio.create_task_group() as group:
            group.start_soon(files.plant, "long", LONG)
            await files.grown(1)
            await files.plant("waits", WAITS)
    assert files.ended == ["waits", "long"]
    assert files.facts["long"].detected_type == "text/csv"
    assert tally.ended == {"babble": 1}


async def test_where_nothing_more_can_stand_still_the_one_that_has_done_least_begins_again() -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=60.0, cpu_s=60.0), command=planted(), reports=tally) as workers:
        workers._slots._queue._typical_long = 60.0  # else so little is not worth while
        files = Examined(workers)
        async with anyio.create_task_group() as group:
            group.start_soon(files.plant, "one", LONG)
            await files.grown(1)
            group.start_soon(files.plant, "two", LONG)
            await files.grown(2)
            await files.text("short")
    assert files.ended == ["short", "one", "two"]
    assert files.facts["one"].detected_type == files.facts["two"].detected_type == "text/csv"
    assert tally.ended == {"overtaken": 1}


async def test_a_file_that_stands_still_can_be_cancelled() -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=60.0, cpu_s=60.0), command=planted(), reports=tally) as workers:
        files = Examined(workers)
        async with anyio.create_task_group() as group:
            group.start_soon(files.plant, "long", LONG)
            await files.grown(1)
            group.start_soon(files.plant, "waits", WAITS)
            await files._until(lambda: workers._slots.waiting == 1)
            group.cancel_scope.cancel()
        assert (workers._slots.taken, workers._slots.waiting) == (0, 0)
        await files.text("next")
    assert set(tally.ended) == {"cancelled"}  # the other one may not have been given to a worker yet
