"""Inspections that tasks share, and how a drain ends them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.judge.answers import Answer, Resting, mark
from consumer.stream.flights import Flights

Work = Callable[[Resting], Awaitable[Answer]]


class Landing:
    def __init__(self) -> None:
        self.answers: list[bytes] = []

    def __call__(self, answer: Answer) -> None:
        self.answers.append(answer.entry.identity)


def until(event: anyio.Event, identity: bytes, *, rests: bool = False) -> Work:
    async def work(resting: Resting) -> Answer:
        if rests:
            with resting():
                await event.wait()
        else:
            await event.wait()
        return mark(identity)

    return work


def identity(number: int) -> bytes:
    return bytes([number]) * 16


async def test_who_names_the_same_joins_the_flight_and_hears_when_it_landed() -> None:
    finish, landing = anyio.Event(), Landing()
    async with anyio.create_task_group() as group:
        flights = Flights(group)
        first = flights.join(identity(1), until(finish, identity(1)), landing)
        assert flights.join(identity(1), until(anyio.Event(), identity(1)), landing) is first
        await anyio.wait_all_tasks_blocked()
        assert not first.is_set()
        finish.set()
        await first.wait()

    assert landing.answers == [identity(1)]
    assert len(flights) == 0


async def test_after_a_landing_the_next_one_begins_anew() -> None:
    done, landing = anyio.Event(), Landing()
    done.set()
    async with anyio.create_task_group() as group:
        flights = Flights(group)
        for _ in range(2):
            await flights.join(identity(1), until(done, identity(1)), landing).wait()
            await anyio.wait_all_tasks_blocked()

    assert landing.answers == [identity(1)] * 2


async def test_a_drain_cancels_what_rests_at_once_and_waits_for_what_runs() -> None:
    finish, landing = anyio.Event(), Landing()
    async with anyio.create_task_group() as group:
        flights = Flights(group)
        resting = flights.join(identity(1), until(anyio.Event(), identity(1), rests=True), landing)
        running = flights.join(identity(2), until(finish, identity(2)), landing)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(flights.drain, 60)
        await anyio.wait_all_tasks_blocked()
        assert len(flights) == 1
        finish.set()
        await running.wait()

    assert landing.answers == [identity(2)]
    assert not resting.is_set(), "nothing is heard of it: its task belongs to the next owner"


async def test_what_begins_to_rest_during_a_drain_is_cancelled_too() -> None:
    enough = anyio.Event()

    async def work(resting: Resting) -> Answer:
        await enough.wait()
        with resting():
            await anyio.sleep_forever()
        return mark(identity(1))

    landing = Landing()
    async with anyio.create_task_group() as group:
        flights = Flights(group)
        flights.join(identity(1), work, landing)
        group.start_soon(flights.drain, 60)
        await anyio.wait_all_tasks_blocked()
        enough.set()

    assert landing.answers == []


async def test_a_drain_ends_what_runs_too_long_and_begins_nothing() -> None:
    landing = Landing()
    async with anyio.create_task_group() as group:
        flights = Flights(group)
        flights.join(identity(1), until(anyio.Event(), identity(1)), landing)
        await flights.drain(0.01)
        never = flights.join(identity(2), until(anyio.Event(), identity(2)), landing)
        await anyio.wait_all_tasks_blocked()
        assert len(flights) == 0
        assert not never.is_set()

    assert landing.answers == []


@settings(max_examples=50, deadline=None)
@given(
    script=st.lists(
        st.one_of(
            st.tuples(st.just("join"), st.integers(0, 3), st.booleans()),
            st.tuples(st.just("finish"), st.integers(0, 3), st.just(False)),
        ),
        max_size=25,
    )
)
def test_one_flight_for_each_identity_and_one_landing_for_each_flight(script: list[tuple[str, int, bool]]) -> None:
    async def play() -> None:
        landing = Landing()
        flying: dict[int, tuple[anyio.Event, anyio.Event]] = {}
        landed = 0
        async with anyio.create_task_group() as group:
            flights = Flights(group)
            for action, number, rests in script:
                if action == "join":
                    finish = anyio.Event()
                    event = flights.join(identity(number), until(finish, identity(number), rests=rests), landing)
                    assert flying.setdefault(number, (finish, event))[1] is event
                elif number in flying:
                    finish, event = flying.pop(number)
                    finish.set()
                    await event.wait()
                    landed += 1
                await anyio.wait_all_tasks_blocked()
                assert len(flights) == len(flying)
                assert len(landing.answers) == landed
            group.cancel_scope.cancel()

    anyio.run(play)
