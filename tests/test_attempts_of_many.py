"""Many that wait: which of them are given up, and what tells those who serve them that they have waited."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import anyio
import pytest

from consumer.errors import Doubtful, NotYet, Refused, Throttled, Unavailable
from consumer.model import DeadReason, Dependency, Reason
from consumer.model.heard import Asked
from consumer.model.resting import AGAIN, LINE
from tests.test_attempts import API, FILES, Step, World, away


async def test_what_waits_for_a_host_or_an_unknown_id_is_given_up_where_too_much_waits_and_gets_no_verdict() -> None:
    world = World()
    waits = replace(world.patience, sleep=forever)
    outcomes: list[str] = []

    async def work(failure: Refused | Unavailable, conversation: str) -> None:
        try:
            await waits.attempts(nullcontext, conversation)(Step(*[failure] * 3))
        except Unavailable as given_up:
            assert (isinstance(given_up, NotYet) and given_up.dead is DeadReason.NOT_FOUND) or given_up.host
            assert not isinstance(given_up, Doubtful)
            assert "LIMITS__RESTING" in given_up.detail
            outcomes.append(conversation)

    unknown = [NotYet(API, "not there", dead=DeadReason.NOT_FOUND) for _ in range(5)]
    away_host = Doubtful("away", final=Reason.HTML_PAGE, asked=Asked("away.example", "/f"), host="away.example")
    async with anyio.create_task_group() as group:
        for number, failure in enumerate(unknown):
            group.start_soon(work, failure, "many" if number else "one")
            await anyio.wait_all_tasks_blocked()
        group.start_soon(work, away_host, "host")
        failures: tuple[Refused | Unavailable, ...] = (
            NotYet(API, "its upload is not finished"),
            NotYet(API, "gone", final=Reason.NO_LONGER_AVAILABLE),
            Throttled(API, "slower"),
            Refused(API, "forbidden"),
            away(Dependency.STORAGE),
        )
        for other in failures:
            group.start_soon(work, other, "never")
        await anyio.wait_all_tasks_blocked()
        while waits.crowd.takes_most(0, of_bytes=False):
            waits.crowd.thin()
            waits.crowd.thin()  # one after the other
            await anyio.wait_all_tasks_blocked()
        assert outcomes[:3] == ["many"] * 3
        assert sorted(outcomes) == ["host", *["many"] * 4, "one"]
        group.cancel_scope.cancel()


async def forever(seconds: float) -> None:
    await anyio.sleep_forever()


async def test_what_is_done_again_after_a_wait_says_so_and_what_is_done_first_does_not() -> None:
    world, said = World(), list[bool]()

    async def upload() -> str:
        said.append(AGAIN.get())
        if len(said) < 3:
            raise NotYet(API, "not uploaded")
        return "there"

    assert await world.patience.attempts(nullcontext)(upload, API) == "there"
    assert said == [False, True, True]
    assert not AGAIN.get()


async def test_what_is_given_up_while_it_waits_in_a_line_does_not_wait_for_another_attempt() -> None:
    world = World()
    waits = replace(world.patience, sleep=forever)

    async def in_line() -> None:
        with LINE.get()("host away.example"):
            await anyio.sleep_forever()
        raise Unavailable(FILES, "many wait for its host", host="away.example")

    async def thin() -> None:
        await anyio.wait_all_tasks_blocked()
        waits.crowd.thin()

    async with anyio.create_task_group() as group:
        group.start_soon(thin)
        with anyio.fail_after(30), pytest.raises(Unavailable, match="LIMITS__RESTING"):
            await waits.attempts(nullcontext)(in_line)
    assert not waits.crowd.takes_most(0, of_bytes=False)
