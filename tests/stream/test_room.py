"""How many tasks may be in flight and how many may rest, whose turn it is, and how often a fuller process commits."""

from __future__ import annotations

from typing import Any, cast

import pytest
from anyio import create_task_group, wait_all_tasks_blocked
from hypothesis import given
from hypothesis import strategies as st

from consumer.model import Condition
from consumer.model.resting import resting, works
from consumer.settings.model import KafkaSettings, LimitSettings, TopicSettings
from consumer.stream.room import SMALLEST_SHARE, Room, Seat
from tests.present import as_task
from tests.reports import Recorder
from tests.stream.harness import NamesJudge, make_stream

NOBODY = KafkaSettings(bootstrap_servers="127.0.0.1:9")


@pytest.mark.parametrize(
    ("partitions", "taken", "load", "tick_s"),
    [
        (1, 0, 0, 0.1),
        (12, 0, 0, 0.12),
        (12, 30, 0, 0.12),
        (12, 50, 0, 0.2),
        (12, 100, 0, 1),
        (12, 300, 0, 1),
        (50, 30, 0, 0.5),
        (50, 100, 0, 1),
        (12, 10, 1, 1),
        (12, 0, 0.5, 0.2),
        (12, 50, 0.2, 0.2),
    ],
)
def test_who_has_more_partitions_or_more_to_do_commits_less_often(
    partitions: int, taken: int, load: float, tick_s: float
) -> None:
    limits = LimitSettings(tasks=100)
    stream = make_stream(NamesJudge(), NOBODY, TopicSettings(), limits=limits, load=lambda: load)
    stream.assignments = cast("dict[int, Any]", dict.fromkeys(range(partitions)))
    for number in range(taken):
        stream.room.started(b"%d" % number, 1)
    assert stream.tick_s() == pytest.approx(tick_s, abs=0.01)


class SomeWait:
    """A crowd of so many."""

    def __init__(self, there: int = 0) -> None:
        self.there = there
        self.thinned: list[bool] = []  # whether of bytes

    def takes_most(self, resting: int, of_bytes: bool) -> bool:
        return bool(self.there)

    def thin(self, of_bytes: bool) -> None:
        self.there -= bool(self.there)
        self.thinned.append(of_bytes)


def room_of(tasks: int, resting: int, crowd: SomeWait, reports: Recorder | None = None) -> Room:
    return Room(LimitSettings(tasks=tasks, resting=resting), crowd, reports or Recorder())


def some(room: Room, count: int) -> list[Seat]:
    """One each of so many conversations."""
    return [room.started(b"%d" % number, 100) for number in range(count)]


def test_a_task_that_only_waits_takes_no_room_of_those_in_flight() -> None:
    room = room_of(2, 10, SomeWait())
    first, second = some(room, 2)
    assert (room.tasks, room.taken_bytes) == (0, 200)
    with as_task(first), resting():
        assert (room.tasks, room.resting, room.taken_bytes) == (1, 1, 100)
        third = room.started(b"c", 100)
        assert room.tasks == 0
    assert (room.tasks, room.resting, room.taken) == (0, 0, 1.5)
    for seat in (first, second, third):
        room.ended(seat)
    assert (room.tasks, room.taken_bytes) == (2, 0)


def test_a_task_rests_once_all_its_parts_do_and_leaves_as_it_stood() -> None:
    room = room_of(1, 10, SomeWait())
    (seat,) = some(room, 1)
    with as_task(seat):
        works(1)
        with resting():
            assert room.resting == 0
            with resting():
                assert room.resting == 1
            assert room.resting == 0
        works(-1)
        with resting():
            room.ended(seat)
            assert (room.resting, room.tasks) == (0, 1)
    assert (room.resting, room.tasks) == (0, 1)


def test_beyond_the_bound_one_is_given_up_for_each_and_where_none_may_be_the_intake_waits_and_that_is_told() -> None:
    crowd, reports = SomeWait(1), Recorder()
    room = room_of(6, 2, crowd, reports)
    seats = some(room, 6)
    for seat in seats[:3]:
        seat.works(-1)
    room.look()
    assert (crowd.there, room.tasks, room.resting) == (0, 0, 3)
    assert (Condition.TOO_MANY_REST, "") in reports.holding
    crowd.there = 1
    room.look()
    assert room.tasks == 3
    assert not reports.holding
    crowd.there = 0
    room.ended(seats[0])
    assert room.tasks == 3


def test_bytes_of_what_rests_have_a_bound_as_well() -> None:
    room = Room(LimitSettings(resting_bytes=1024 * 1024), SomeWait(), Recorder())
    seat = room.started(b"large", 1024 * 1024 + 1)
    seat.works(-1)
    assert room.is_full
    seat.works(1)
    assert not room.is_full


def test_it_is_said_whether_those_that_rest_are_too_many_or_hold_too_many_bytes() -> None:
    crowd = SomeWait(100)
    room = Room(LimitSettings(resting=2, resting_bytes=1024 * 1024), crowd, Recorder())
    room.started(b"large", 1024 * 1024 + 1).works(-1)
    assert crowd.thinned == [True]
    for seat in some(room, 2):
        seat.works(-1)
    assert crowd.thinned == [True, True, False]


async def test_a_conversation_has_its_share_and_what_is_beyond_it_begins_in_order_once_another_waits_or_ends() -> None:
    room = room_of(4 * SMALLEST_SHARE, 1_000, SomeWait())
    begun: list[int] = []

    async def begin(number: int, seat: Seat) -> None:
        await seat.begin()
        begun.append(number)

    seats = [room.started(b"many files", 1) for _ in range(SMALLEST_SHARE + 3)]
    assert (room.resting, room.tasks) == (3, 3 * SMALLEST_SHARE)
    async with create_task_group() as group:
        for number, seat in enumerate(seats):
            group.start_soon(begin, number, seat)
        await wait_all_tasks_blocked()
        assert begun == list(range(SMALLEST_SHARE))
        room.started(b"another", 1)
        assert room.tasks == 3 * SMALLEST_SHARE - 1, "it begins at once"
        room.ended(seats[SMALLEST_SHARE])  # its partition moves away before its turn comes
        seats[0].works(-1)
        seats[1].works(-1)
        seats[0].works(1)
        await wait_all_tasks_blocked()
        assert begun[SMALLEST_SHARE:] == [SMALLEST_SHARE + 1, SMALLEST_SHARE + 2]
        assert room.resting == 1
        group.cancel_scope.cancel()


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(["rest", "go on", "end"])), max_size=60))
def test_what_is_counted_is_what_is_there(steps: list[tuple[int, str]]) -> None:
    room = room_of(200, 1_000, SomeWait())
    seats = dict(enumerate(room.started(b"same" if number % 5 else b"other", 10) for number in range(100)))
    for number, step in steps:
        seat = seats.get(number)
        if seat is None:
            continue
        if step == "end":
            room.ended(seats.pop(number))
        elif seat.state.name == ("FLIES" if step == "rest" else "RESTS"):
            seat.works(-1 if step == "rest" else 1)
        states = [one.state.name for one in seats.values()]
        assert room.tasks == 200 - states.count("FLIES")
        assert room.resting == len(states) - states.count("FLIES")
        assert room.taken_bytes == 10 * states.count("FLIES")
        of_same = sum(one.state.name == "FLIES" for one in seats.values() if one.of == b"same")
        assert of_same >= SMALLEST_SHARE or all(one.state.name != "QUEUES" for one in seats.values())
    for seat in seats.values():
        room.ended(seat)
    assert (room.tasks, room.resting, room.taken_bytes) == (200, 0, 0)
