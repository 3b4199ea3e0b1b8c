"""Who is given up where too many wait for what may never come."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import anyio
import pytest

from consumer.attempts import Crowd
from consumer.attempts.crowd import OF_ONE_TASK, Waiter
from tests.present import as_task


@dataclass(eq=False)
class Sized:
    size: int

    def works(self, more: int) -> None:
        """Nobody counts here."""


class Waiting:
    """A crowd of those who wait, in their order; each may be given up."""

    def __init__(self) -> None:
        self.crowd = Crowd()
        self.given_up: list[str] = []

    async def wait(self, name: str, of: str, task: Sized, shown: bool = False) -> None:
        with as_task(task), self.crowd.waiting(of, waiter := Waiter(), shown=shown):
            await anyio.sleep_forever()
        assert waiter.given_up
        self.given_up.append(name)


@pytest.fixture
async def waiting() -> Waiting:
    return Waiting()


async def thinned(waiting: Waiting, among: list[tuple[str, str, Sized, bool]], times: int, of_bytes: bool) -> list[str]:
    async with anyio.create_task_group() as group:
        for one in among:
            group.start_soon(waiting.wait, *one)
            await anyio.wait_all_tasks_blocked()
        for _ in range(times):
            waiting.crowd.thin(of_bytes)
            await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    return waiting.given_up


HONEST = ("honest", "conversation h", Sized(2_000), False)


def flood(of: str, many: int, size: int, shown: bool = False) -> list[tuple[str, str, Sized, bool]]:
    """`of` with a brace for the number, or one for all."""
    return [(f"flood {number}", of.format(number), Sized(size), shown) for number in range(many)]


@pytest.mark.parametrize("of", ["conversation f", "conversation h", "conversation f{}"])
async def test_who_takes_the_bytes_is_given_up_and_not_a_small_one_that_waited_longest(
    waiting: Waiting, of: str
) -> None:
    given_up = await thinned(waiting, [HONEST, *flood(of, 10, 1_000_000)], 10, of_bytes=True)
    assert given_up == [f"flood {number}" for number in range(10)]


async def test_where_they_are_too_many_those_of_the_conversation_with_most_are_given_up_oldest_first(
    waiting: Waiting,
) -> None:
    given_up = await thinned(waiting, [HONEST, *flood("conversation f", 10, 300)], 9, of_bytes=False)
    assert given_up == [f"flood {number}" for number in range(9)]


@pytest.mark.parametrize("of_bytes", [False, True])
async def test_what_genesys_shows_in_part_is_given_up_after_as_much_of_what_it_does_not_know(
    waiting: Waiting, of_bytes: bool
) -> None:
    shown = ("shown in part", "conversation h", Sized(2_000), True)
    given_up = await thinned(waiting, [shown, *flood("conversation f{}", 10, 300)], 10, of_bytes)
    assert given_up == [f"flood {number}" for number in range(10)]


async def test_a_task_takes_its_bytes_once_however_many_of_its_parts_wait(waiting: Waiting) -> None:
    task = Sized(2_000)
    parts = [(f"part {number}", "conversation h", task, False) for number in range(10)]
    given_up = await thinned(waiting, [*parts, *flood("conversation f{}", 2, 3_000)], 2, of_bytes=True)
    assert given_up == ["flood 0", "flood 1"]


async def test_nobody_is_given_up_where_others_take_most_of_the_room(waiting: Waiting) -> None:
    """As where a flood waits for its first questions: to give up the few others would not help."""
    crowd = waiting.crowd
    assert not crowd.takes_most(0, of_bytes=True)
    waits = asyncio.get_running_loop().create_task(waiting.wait(*HONEST))
    await anyio.wait_all_tasks_blocked()
    assert crowd.takes_most(4_000, of_bytes=True)
    assert not crowd.takes_most(4_001, of_bytes=True)
    assert crowd.takes_most(2, of_bytes=False)
    assert not crowd.takes_most(3, of_bytes=False)
    waits.cancel()


async def test_of_one_task_only_so_many_parts_wait(waiting: Waiting) -> None:
    """Else one event that names thousands of ids holds as many coroutines."""
    task = Sized(1_000)
    parts = [(f"part {number}", "conversation h", task, False) for number in range(OF_ONE_TASK + 10)]
    given_up = await thinned(waiting, [*parts, HONEST], 0, of_bytes=False)
    assert given_up == [f"part {number}" for number in range(OF_ONE_TASK, OF_ONE_TASK + 10)]


async def test_of_all_tasks_only_so_many_parts_wait(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.attempts.crowd.OF_ALL", 10)
    given_up = await thinned(waiting, [HONEST, *flood("conversation f", 12, 300)], 0, of_bytes=False)
    assert given_up == ["flood 0", "flood 1", "flood 2"]
