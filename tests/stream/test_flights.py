"""Inspections that tasks share, and how a drain ends them."""

from __future__ import annotations

import contextlib

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import TaskGroup
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.judge.answers import Answer, Inspection, mark
from consumer.model.resting import Resting
from consumer.stream.flights import Flights
from tests.quick import examples


class Landing:
    def __init__(self) -> None:
        self.answers: list[bytes] = []

    def __call__(self, answer: Answer | None) -> None:
        assert answer is not None
        self.answers.append(answer.entry.identity)


def until(event: anyio.Event, identity: bytes, *, rests: bool = False) -> Inspection:
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


class Joined:
    """One call of `join` in a task of its own, and whether it came back."""

    def __init__(self, group: TaskGroup, flights: Flights, number: int, work: Inspection, landing: Landing) -> None:
        self._back = False
        self._scope = anyio.CancelScope()
        group.start_soon(self._run, flights, number, work, landing)

    async def _run(self, flights: Flights, number: int, work: Inspection, landing: Landing) -> None:
        with self._scope:
            await flights.join(identity(number), work, landing)
            self._back = True

    def came_back(self) -> bool:
        return self._back

    def cancel(self) -> None:
        self._scope.cancel()


async def test_who_names_the_same_joins_the_flight_and_hears_when_it_landed() -> None:
    finish, landing, flights = anyio.Event(), Landing(), Flights()
    async with anyio.create_task_group() as group:
        first = Joined(group, flights, 1, until(finish, identity(1)), landing)
        await anyio.wait_all_tasks_blocked()
        second = Joined(group, flights, 1, until(anyio.Event(), identity(1)), landing)
        await anyio.wait_all_tasks_blocked()
        assert not first.came_back()
        assert not second.came_back()
        finish.set()
        await anyio.wait_all_tasks_blocked()
        assert first.came_back()
        assert second.came_back()

    assert landing.answers == [identity(1)]
    assert len(flights) == 0


async def test_after_a_landing_the_next_one_begins_anew() -> None:
    done, landing, flights = anyio.Event(), Landing(), Flights()
    done.set()
    for _ in range(2):
        await flights.join(identity(1), until(done, identity(1)), landing)

    assert landing.answers == [identity(1)] * 2


@pytest.mark.parametrize("fails", [False, True])
async def test_who_joined_a_flight_whose_task_ended_without_an_answer_may_fly_anew(fails: bool) -> None:
    stop, done, landing, flights = anyio.Event(), anyio.Event(), Landing(), Flights()
    done.set()

    async def broken(resting: Resting) -> Answer:
        await stop.wait()
        raise RuntimeError

    async def asks_first() -> None:
        with contextlib.suppress(RuntimeError):
            await flights.join(identity(1), broken, landing)

    async with anyio.create_task_group() as group, anyio.create_task_group() as firsts:
        firsts.start_soon(asks_first)
        await anyio.wait_all_tasks_blocked()
        second = Joined(group, flights, 1, until(done, identity(1)), landing)
        await anyio.wait_all_tasks_blocked()
        if fails:
            stop.set()
        else:
            firsts.cancel_scope.cancel()

    assert second.came_back(), "it came back without an answer: whoever waits asks again"
    assert landing.answers == []
    await flights.join(identity(1), until(done, identity(1)), landing)
    assert landing.answers == [identity(1)]


async def test_a_drain_cancels_what_rests_at_once_and_waits_for_what_runs() -> None:
    finish, landing, flights = anyio.Event(), Landing(), Flights()
    async with anyio.create_task_group() as group:
        resting = Joined(group, flights, 1, until(anyio.Event(), identity(1), rests=True), landing)
        running = Joined(group, flights, 2, until(finish, identity(2)), landing)
        await anyio.wait_all_tasks_blocked()
        late = Joined(group, flights, 1, until(anyio.Event(), identity(1)), landing)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(flights.drain, 60)
        await anyio.wait_all_tasks_blocked()
        assert len(flights) == 1
        finish.set()
        await anyio.wait_all_tasks_blocked()
        assert running.came_back()
        assert not resting.came_back(), "nothing is heard of it: its task belongs to the next owner"
        assert late.came_back(), "it asks whether there is an answer, and then begins nothing"
        group.cancel_scope.cancel()

    assert landing.answers == [identity(2)]


async def test_what_begins_to_rest_during_a_drain_is_cancelled_too() -> None:
    enough = anyio.Event()

    async def work(resting: Resting) -> Answer:
        await enough.wait()
        with resting():
            await anyio.sleep_forever()
        return mark(identity(1))

    landing, flights = Landing(), Flights()
    async with anyio.create_task_group() as group:
        joined = Joined(group, flights, 1, work, landing)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(flights.drain, 60)
        await anyio.wait_all_tasks_blocked()
        enough.set()
        while len(flights):
            await anyio.lowlevel.checkpoint()
        assert not joined.came_back()
        joined.cancel()

    assert landing.answers == []


async def test_a_drain_ends_what_runs_too_long_and_begins_nothing() -> None:
    landing, flights = Landing(), Flights()
    async with anyio.create_task_group() as group:
        long = Joined(group, flights, 1, until(anyio.Event(), identity(1)), landing)
        await anyio.wait_all_tasks_blocked()
        await flights.drain(0.01)
        never = Joined(group, flights, 2, until(anyio.Event(), identity(2)), landing)
        await anyio.wait_all_tasks_blocked()
        assert len(flights) == 0
        assert not never.came_back()
        assert not long.came_back()
        group.cancel_scope.cancel()

    assert landing.answers == []


@settings(max_examples=examples(50), deadline=None)
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
        landing, flights = Landing(), Flights()
        flying: dict[int, tuple[anyio.Event, list[Joined]]] = {}
        landed = 0
        async with anyio.create_task_group() as group:
            for action, number, rests in script:
                if action == "join":
                    finish = anyio.Event()
                    joined = Joined(group, flights, number, until(finish, identity(number), rests=rests), landing)
                    flying.setdefault(number, (finish, []))[1].append(joined)
                elif number in flying:
                    finish, waiting = flying.pop(number)
                    finish.set()
                    await anyio.wait_all_tasks_blocked()
                    assert all(joined.came_back() for joined in waiting)
                    landed += 1
                await anyio.wait_all_tasks_blocked()
                assert len(flights) == len(flying)
                assert len(landing.answers) == landed
            group.cancel_scope.cancel()

    anyio.run(play)
