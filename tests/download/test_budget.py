import random

import anyio
import pytest
from anyio import wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from consumer.download.budget import Budget, Reservation


async def test_never_hands_out_more_than_the_total_and_everybody_gets_a_turn() -> None:
    budget = Budget(100)
    generator = random.Random(7)
    served = 0

    async def use(size: int, steps: int) -> None:
        nonlocal served
        reservation = await budget.reserve(size, "c-1")
        assert budget.reserved <= budget.total
        for _ in range(steps):
            await checkpoint()
        reservation.give_back()
        served += 1

    async with anyio.create_task_group() as group:
        for _ in range(500):
            group.start_soon(use, generator.randint(0, 100), generator.randint(0, 5))
    assert (served, budget.reserved, budget.waiting) == (500, 0, 0)


async def test_a_large_body_is_not_overtaken_by_small_ones() -> None:
    budget = Budget(100)
    reservation = await budget.reserve(60, "c-1")
    order: list[int] = []

    async def use(size: int) -> None:
        await budget.reserve(size, "c-1")
        order.append(size)

    async with anyio.create_task_group() as group:
        group.start_soon(use, 90)
        await wait_all_tasks_blocked()
        group.start_soon(use, 10)
        await wait_all_tasks_blocked()
        assert order == []
        reservation.give_back()
    assert order == [90, 10]


async def test_another_conversation_s_body_does_not_wait_behind_all_of_one() -> None:
    budget = Budget(100)
    order: list[str] = []

    async def use(conversation: str) -> None:
        with await budget.reserve(60, conversation):
            order.append(conversation)
            await checkpoint()

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(use, "flood")
        while not order:
            await checkpoint()
        group.start_soon(use, "other")
    assert order.index("other") <= 2


async def test_one_that_gives_up_waiting_frees_the_way_for_the_next() -> None:
    budget = Budget(100)
    reservation = await budget.reserve(60, "c-1")
    got: list[Reservation] = []

    async def use(size: int) -> None:
        got.append(await budget.reserve(size, "c-1"))

    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as impatient:
            group.start_soon(use, 90)
            await wait_all_tasks_blocked()
            impatient.cancel()
        async with anyio.create_task_group() as leaving:
            leaving.start_soon(use, 80)
            await wait_all_tasks_blocked()
            leaving.cancel_scope.cancel()
        reservation.give_back()
    assert budget.reserved == 90
    got[0].give_back()
    assert (budget.reserved, budget.waiting) == (0, 0)


async def test_giving_back_twice_counts_once() -> None:
    budget = Budget(100)
    first = await budget.reserve(50, "c-1")
    await budget.reserve(50, "c-1")
    first.give_back()
    first.give_back()
    assert budget.reserved == 50


async def test_more_than_the_whole_budget_is_refused_at_once() -> None:
    with pytest.raises(ValueError):
        await Budget(100).reserve(101, "c-1")


async def test_a_body_smaller_than_reserved_leaves_the_rest_to_others() -> None:
    budget = Budget(100)
    with await budget.reserve(100, "c-1") as reservation:
        reservation.shrink_to(30)
        await budget.reserve(70, "c-1")
        give_back = reservation.keep()
    assert budget.reserved == 100
    give_back()
    assert budget.reserved == 70


async def test_what_is_not_kept_is_given_back_at_the_end_of_the_block() -> None:
    budget = Budget(100)
    with pytest.raises(RuntimeError), await budget.reserve(100, "c-1"):
        raise RuntimeError
    assert budget.reserved == 0


async def test_one_that_leaves_the_head_of_the_queue_lets_a_small_one_in_at_once() -> None:
    budget = Budget(100)
    await budget.reserve(60, "c-1")
    async with anyio.create_task_group() as group, anyio.create_task_group() as impatient:
        impatient.start_soon(budget.reserve, 90, "c-1")
        await wait_all_tasks_blocked()
        group.start_soon(budget.reserve, 40, "c-1")
        await wait_all_tasks_blocked()
        impatient.cancel_scope.cancel()
    assert (budget.reserved, budget.waiting) == (100, 0)
