"""Slots as those see them who wait for one."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from consumer.turns import LONG, SHORT, Slots, Turn


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Work:
    able: bool = True
    cost: float = 0.1
    told: list[str] = field(default_factory=list)

    def spent(self) -> float:
        return self.cost

    def put_aside(self) -> bool:
        self.told.append("aside")
        return self.able

    def go_on(self) -> None:
        self.told.append("on")

    def start_again(self) -> None:
        self.told.append("again")


async def test_a_slot_that_is_free_is_taken_at_once() -> None:
    slots = Slots(1, clock=Clock())
    with anyio.CancelScope() as scope:
        scope.cancel()  # nothing is awaited
        turn = await slots.take("a")
    assert (slots.taken, slots.waiting) == (1, 0)
    slots.give_back(turn, 1.0)
    slots.give_back(turn, 1.0)
    assert slots.taken == 0


async def test_those_who_wait_come_in_turn_and_who_is_cancelled_leaves_the_place_to_others() -> None:
    slots, began = Slots(1, clock=Clock()), list[str]()

    async def work(conversation: str, name: str) -> None:
        turn = await slots.take(conversation)
        began.append(name)
        slots.give_back(turn, 1.0)

    first = await slots.take("a")
    async with anyio.create_task_group() as group:
        async with anyio.create_task_group() as cancelled:
            cancelled.start_soon(work, "b", "cancelled")
            await anyio.wait_all_tasks_blocked()
            for number in range(3):
                group.start_soon(work, "a", f"a{number}")
            group.start_soon(work, "b", "b")
            await anyio.wait_all_tasks_blocked()
            cancelled.cancel_scope.cancel()
        slots.give_back(first, 1.0)
    assert began == ["b", "a0", "a1", "a2"]
    assert (slots.taken, slots.waiting) == (0, 0)


async def test_who_is_cancelled_in_the_moment_of_its_turn_gives_it_back() -> None:
    slots = Slots(1, clock=Clock())

    async def work() -> None:
        turn = await slots.take("b")
        try:
            await anyio.sleep_forever()
        finally:
            slots.give_back(turn, 0.0)

    first = await slots.take("a")
    async with anyio.create_task_group() as group:
        group.start_soon(work)
        await anyio.wait_all_tasks_blocked()
        slots.give_back(first, 1.0)
        assert slots.taken == 1
        group.cancel_scope.cancel()
    assert slots.taken == 0


async def test_what_is_over_does_not_grow_any_more() -> None:
    slots = Slots(1, clock=Clock())
    turn = await slots.take("a")
    slots.give_back(turn, 1.0)
    slots.grown(turn, LONG, Work())
    assert (slots.taken, slots._grown) == (0, {})


async def test_what_has_grown_is_put_aside_and_goes_on() -> None:
    slots, work = Slots(1, aside=1, clock=Clock()), Work()
    long = await slots.take("a")
    slots.grown(long, LONG, work)
    short = await slots.take("b")
    assert work.told == ["aside"]
    assert slots.waiting == 1
    slots.give_back(short, 0.1)
    assert work.told == ["aside", "on"]
    slots.give_back(long, 0.2)
    assert (slots.taken, slots.waiting) == (0, 0)


async def test_who_makes_room_for_another_s_file_does_not_take_it_back_for_its_own_next_one() -> None:
    """The other one had a little more until now: less than it would weigh with one more that runs."""
    slots, work, began = Slots(1, aside=1, clock=Clock()), Work(), list[str]()
    for conversation in ("b", "c"):
        slots.give_back(await slots.take(conversation), 0.5)
    long = await slots.take("a", LONG)
    work.cost = 0.45
    slots.grown(long, LONG, work)

    async def short(conversation: str) -> None:
        await slots.take(conversation)
        began.append(conversation)

    async with anyio.create_task_group() as group:
        for conversation in ("a", "b"):
            group.start_soon(short, conversation)
            await anyio.wait_all_tasks_blocked()
        assert (began, work.told) == (["b"], ["aside"])
        group.cancel_scope.cancel()


async def test_what_can_t_be_put_aside_ends_first() -> None:
    slots, work, began = Slots(1, aside=1, clock=Clock()), Work(able=False), list[Turn]()
    long = await slots.take("a")
    slots.grown(long, LONG, work)

    async def short() -> None:
        began.append(await slots.take("b"))

    async with anyio.create_task_group() as group:
        group.start_soon(short)
        await anyio.wait_all_tasks_blocked()
        assert (began, work.told) == ([], ["aside"])
        slots.give_back(long, 0.2)
    assert len(began) == 1


async def test_what_begins_again_waits_for_its_turn_once_more_and_may_have_ended_meanwhile() -> None:
    slots, works = Slots(1, aside=1, clock=Clock()), [Work(), Work()]
    slots._queue._typical_long = 100.0
    first = await slots.take("a")
    slots.grown(first, LONG, works[0])
    second = await slots.take("b")
    slots.grown(second, LONG, works[1])
    short = await slots.take("c", SHORT)
    assert [work.told for work in works] == [["aside"], ["again"]]
    slots.give_back(short, 0.1)
    assert works[0].told == ["aside", "on"]
    slots.give_back(first, 1.0)
    await slots.again(second)  # it runs by now
    slots.give_back(second, 1.0)
    assert (slots.taken, slots.waiting, slots._come, slots._grown) == (0, 0, {}, {})
