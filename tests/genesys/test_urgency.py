"""Which questions can wait, without a clock; and that those let others pass, and still get their turn."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from itertools import count

import anyio
import anyio.lowlevel
import pytest

from consumer.genesys.holds import RateLimit
from consumer.genesys.limiter import APART_S, Limiter
from consumer.genesys.pace import Pace
from consumer.genesys.urgency import REMEMBERED, Urgency
from consumer.model.resting import marked
from tests.ill import clock
from tests.reports import Recorder

A_SECOND, TOGETHER = 4.0, 40.0


def waits(urgency: Urgency, about: str, now: float = 0.0, call: str = "messages") -> bool:
    return urgency.can_wait(call, about, now, per_second=A_SECOND, together=TOGETHER)


def crowd(urgency: Urgency, now: float = 0.0, many: int = 100) -> int:
    """How many of so many that nobody has asked for are at once."""
    return sum(not waits(urgency, f"{now} {number}", now) for number in range(many))


def test_of_a_crowd_a_quarter_of_what_may_begin_together_is_at_once_and_then_a_quarter_of_the_pace() -> None:
    urgency = Urgency(0.0)
    assert [crowd(urgency, now) for now in (0.0, 0.0, 3.0, 1_000.0)] == [10, 0, 3, 10]


def test_what_was_there_is_asked_for_at_once_and_what_was_not_can_wait_until_it_is() -> None:
    urgency = Urgency(0.0)
    assert not waits(urgency, "known")
    urgency.answered("messages", "known", there=True)
    urgency.answered("conversation", "unknown", there=False)
    assert waits(urgency, "unknown", 1_000.0), "though nothing else is asked for"
    crowd(urgency, 1_000.0)
    assert not waits(urgency, "known", 1_000.0)
    assert waits(urgency, "unknown", 1_000.0)
    urgency.answered("messages", "unknown", there=True)
    assert not waits(urgency, "unknown", 1_000.0)


@pytest.mark.parametrize(("call", "about"), [("download", "c-1"), ("media", "c-1"), ("messages", "")])
def test_what_is_no_question_about_what_may_be_missing_never_waits_and_takes_no_place(call: str, about: str) -> None:
    urgency = Urgency(0.0)
    assert not any(waits(urgency, about, call=call) for _ in range(100))
    urgency.answered(call, about, there=False)
    assert not waits(urgency, about, call=call)
    assert (urgency.left_share, crowd(urgency)) == (0.0, 10)


def test_half_of_the_bucket_is_left_to_others_while_nothing_is_there_and_nothing_while_all_is() -> None:
    urgency = Urgency(0.0)
    assert urgency.left_share == 0.0
    for number in range(100):
        urgency.answered("messages", f"x{number}", there=False)
    assert urgency.left_share == pytest.approx(0.5, abs=0.01)
    for number in range(100):
        urgency.answered("messages", f"c{number}", there=True)
    assert urgency.left_share == pytest.approx(0.0, abs=0.01)


def test_the_latest_answers_are_remembered_and_no_more() -> None:
    urgency = Urgency(0.0)
    for number in range(REMEMBERED + 10):
        urgency.answered("messages", f"x{number}", there=False)
    crowd(urgency)
    urgency.answered("messages", "x10", there=False)
    urgency.answered("messages", "y", there=False)
    assert len(urgency._there) == REMEMBERED
    assert waits(urgency, "x10", 1_000.0)
    assert not waits(urgency, "x0", 1_000.0)


def test_a_call_that_leaves_something_waits_until_there_is_more() -> None:
    pace = Pace(300, 0.0)
    assert pace.wait_s(0.0, 0.5) == 0.0
    for _ in range(20):
        assert pace.take(0.0) == 0.0
    assert pace.wait_s(0.0) == 0.0
    assert pace.wait_s(0.0, 0.5) == pytest.approx(6 / 4)
    assert Pace(1, 0.0).wait_s(0.0, 0.5) == 0.0, "a full bucket is all that there can be"


# ---- the calls


class Asking:
    """Of a limiter; each call is answered `after_s`. `begun`: whose calls, in their order."""

    def __init__(self, per_minute: int, after_s: float = 0.0) -> None:
        loop = asyncio.get_running_loop()
        self.limiter = Limiter(per_minute, now=loop.time, reports=Recorder())
        self.begun: list[str] = []
        self.after_s = after_s

    async def ask(self, about: str, call: str = "messages", there: bool = True) -> None:
        begun = await self.limiter.turn(call, about, about)
        self.begun.append(about)
        if self.after_s:
            await anyio.sleep(self.after_s)
        self.limiter.answered(call, begun, {}, good=True)
        self.limiter.told(call, about, there=there)


def test_who_comes_after_a_crowd_passes_it_and_the_crowd_loses_nothing() -> None:
    async def main() -> None:
        asking, began = Asking(300), asyncio.get_running_loop().time()
        async with anyio.create_task_group() as group:
            for number in range(100):
                group.start_soon(asking.ask, f"crowd {number}")
            await anyio.sleep(5)
            before = len(asking.begun)
            await asking.ask("later")
            assert len(asking.begun) <= before + 2
        assert asyncio.get_running_loop().time() - began == pytest.approx((101 - 30) / 4, abs=0.1)

    clock.run(main)


def test_a_crowd_of_what_is_not_there_leaves_calls_that_begin_at_once() -> None:
    async def main() -> None:
        asking, loop = Asking(300), asyncio.get_running_loop()
        async with anyio.create_task_group() as group:
            for number in range(100):
                group.start_soon(asking.ask, f"crowd {number}", "messages", False)
            await anyio.sleep(10)
            began = loop.time()
            for _ in range(10):
                await asking.ask("shown", "download")
            assert loop.time() == began
            group.cancel_scope.cancel()

    clock.run(main)


def test_what_can_wait_gets_a_tenth_beside_calls_that_would_take_all() -> None:
    async def main() -> None:
        asking, numbers = Asking(300), count()

        async def greedy() -> None:
            while True:
                await asking.ask(f"shown {next(numbers)}", "download")

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(greedy)
            for number in range(100):
                group.start_soon(asking.ask, f"crowd {number}")
            await anyio.sleep(60)
            before = len(asking.begun)
            await anyio.sleep(60)
            later = asking.begun[before:]
            group.cancel_scope.cancel()
        assert len(later) == pytest.approx(240, abs=2)
        assert 0.08 <= sum(one.startswith("crowd") for one in later) / len(later) <= 0.12

    clock.run(main)


def test_what_can_wait_and_is_held_by_a_limit_takes_no_place_from_others() -> None:
    async def main() -> None:
        asking = Asking(300)
        asking.limiter.told("messages", "x", there=False)
        asking.limiter.told("conversation", "y", there=False)
        learnt = RateLimit("conversations/x")
        asking.limiter.limited("messages", learnt, 3_600.0)
        await anyio.sleep(301)  # a try of another name teaches whom the limit concerns
        await asking.ask("z", "conversation")
        async with anyio.create_task_group() as group:
            group.start_soon(asking.ask, "x")
            await anyio.sleep(1)
            await asking.ask("y", "conversation", False)
            group.cancel_scope.cancel()
        assert asking.begun == ["z", "y"]

    clock.run(main)


def test_who_can_wait_and_is_cancelled_leaves_the_place_to_others() -> None:
    async def main() -> None:
        asking = Asking(300)
        for number in range(60):
            await asking.ask(f"x{number}", there=False)
        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(asking.ask, f"x{number}", "messages", False)
            await anyio.sleep(0.01)
            group.cancel_scope.cancel()
        await asking.ask("x3", there=False)
        assert len(asking.begun) == 61

    clock.run(main)


# ---- the event loop


async def repeat(asking: Asking, about: str) -> None:
    with marked(again=True, line=nullcontext):
        await asking.ask(about, "media")


def test_thousands_that_go_on_together_leave_the_calls_to_who_comes_for_the_first_time() -> None:
    async def main() -> None:
        asking, loop = Asking(60_000, after_s=0.1), asyncio.get_running_loop()
        async with anyio.create_task_group() as group:
            for number in range(5_000):
                group.start_soon(repeat, asking, f"waited {number}")
            await anyio.sleep(1)
            for number in range(10):
                began = loop.time()
                await asking.ask(f"new {number}")
                assert loop.time() == pytest.approx(began + 0.1), "it begins at once"
                assert asking.limiter.under_way <= 4
            group.cancel_scope.cancel()

    clock.run(main)


def test_they_come_one_after_the_other_however_fast_they_are_answered_and_all_of_them() -> None:
    async def main() -> None:
        asking, began = Asking(60_000), asyncio.get_running_loop().time()
        async with anyio.create_task_group() as group:
            for number in range(300):
                group.start_soon(repeat, asking, f"waited {number}")
        assert len(asking.begun) == 300
        assert asyncio.get_running_loop().time() - began == pytest.approx(299 * APART_S, rel=0.1)

    clock.run(main)


def test_what_has_waited_and_was_there_does_not_wait_for_a_crowd_of_what_nobody_knows() -> None:
    async def main() -> None:
        asking, loop = Asking(300), asyncio.get_running_loop()
        async with anyio.create_task_group() as group:
            for number in range(1_000):
                group.start_soon(asking.ask, f"crowd {number}", "messages", False)
            await anyio.sleep(10)
            began = loop.time()
            await repeat(asking, "an upload")
            assert loop.time() - began <= 1.0
            group.cancel_scope.cancel()

    clock.run(main)


async def test_the_later_the_event_loop_is_the_further_apart_they_come() -> None:
    now, begun = [0.0], list[float]()

    async def late(seconds: float) -> None:
        now[0] += seconds + 0.05
        await anyio.lowlevel.checkpoint()

    limiter = Limiter(60_000, now=lambda: now[0], sleep=late, reports=Recorder())

    async def ask(number: int) -> None:
        with marked(again=True, line=nullcontext):
            call = await limiter.turn("media", f"waited {number}")
        begun.append(call.at)
        limiter.answered("media", call, {}, good=True)

    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(ask, number)
    assert begun[-1] - begun[1] >= 8 * (APART_S + 4 * 0.05)
