"""What waits costs no slot: however many of a kind wait, everybody else is taken, and judged at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import anyio
import pytest
from anyio.abc import TaskGroup

from consumer.attempts import Attempts
from consumer.errors import Doubtful, NotYet, Refused, Throttled, Unavailable
from consumer.model import Dependency, Reason
from consumer.model.heard import Asked
from consumer.settings.model import LimitSettings
from tests.judge.home import CONVERSATION, Home, at_home, attachment, event, message

Tasks = list[tuple[str, bytes]]

MANY, RESTING = 240, 120
LIMITS = LimitSettings(tasks=80, resting=RESTING)
PHOTO = (CONVERSATION, event(["photo"], "m-photo"))
HERE = message("m-photo", attachment("photo", "m-photo"))


def other(number: int) -> str:
    return str(UUID(int=number + 1))


def unknown_of_one() -> Tasks:
    return [(other(0), event(["file"], f"u{number}", other(0))) for number in range(MANY)]


def unknown_of_many() -> Tasks:
    return [(other(number), event(["file"], f"u{number}", other(number))) for number in range(MANY)]


def that_wait() -> Tasks:
    """Messages that are there, whose files wait."""
    return [(CONVERSATION, event([f"w{number}"], f"m{number}")) for number in range(MANY)]


@asynccontextmanager
async def waiting(tasks: Tasks, failure: Exception | None = None) -> AsyncIterator[tuple[Home, TaskGroup]]:
    """Taken as the stream takes them, as long as there is room; each fails so, and no time passes."""
    there = [message(f"m{number}", attachment(f"w{number}", f"m{number}")) for number in range(MANY)]

    async def inspect(name: str | None, attempts: Attempts) -> None:
        async def step() -> None:
            if failure is not None and name != "photo":
                raise failure

        await attempts(step)

    async with at_home(HERE, *there, limits=LIMITS) as home, anyio.create_task_group() as group:
        home.waits, home.inspecting.before = anyio.Event(), inspect
        coming = list(reversed(tasks))
        while coming and home.room.tasks:
            home.poll(group, [coming.pop() for _ in range(min(home.room.tasks, len(coming)))])
            await anyio.wait_all_tasks_blocked()
        assert bool(coming) is (home.room.tasks == 0), "for those who may be given up the intake never stops"
        yield home, group
        group.cancel_scope.cancel()


@pytest.mark.parametrize("tasks", [unknown_of_one, unknown_of_many])
async def test_of_too_many_unknown_ids_the_oldest_are_dead_letters_and_a_photo_is_judged_at_once(
    tasks: Callable[[], Tasks],
) -> None:
    async with waiting(tasks()) as (home, group):
        assert home.room.resting == RESTING
        dead = [name for _, name, _ in home.letters]
        assert len(dead) == MANY - RESTING
        assert sorted(dead) == sorted(f"u{number}" for number in range(MANY - RESTING))
        assert {reason for reason, _, _ in home.letters} == {"not_found"}
        calls = home.genesys.calls
        home.poll(group, [PHOTO])
        await anyio.wait_all_tasks_blocked()
        assert home.verdicts == ["photo"]
        assert home.genesys.calls == calls + 1


AWAY = Unavailable(Dependency.FILES, "away", host="away.example")
PAGE = Doubtful("a page", final=Reason.HTML_PAGE, asked=Asked("away.example", "/f"), host="away.example")


@pytest.mark.parametrize("failure", [AWAY, PAGE], ids=["away", "page"])
async def test_of_too_many_that_wait_for_a_host_the_oldest_are_dead_letters(
    failure: Exception,
) -> None:
    async with waiting(that_wait(), failure) as (home, group):
        assert home.room.resting == RESTING
        assert {reason for reason, _, _ in home.letters} == {"host_unavailable"}
        assert [name for _, name, _ in home.letters] == [f"w{number}" for number in range(MANY - RESTING)]
        home.poll(group, [PHOTO])
        await anyio.wait_all_tasks_blocked()
        assert home.verdicts == ["photo"]


UPLOAD = NotYet(Dependency.API, "its upload is not finished")
GONE = NotYet(Dependency.API, "gone", final=Reason.NO_LONGER_AVAILABLE)
SLOWER = Throttled(Dependency.API, "slower")
FORBIDDEN = Refused(Dependency.API, "forbidden")
FULL = Unavailable(Dependency.STORAGE, "full")


@pytest.mark.parametrize("failure", [UPLOAD, GONE, SLOWER, FORBIDDEN, FULL], ids=lambda failure: failure.detail)
async def test_what_waits_for_genesys_or_for_us_is_no_dead_letter_and_beyond_the_bound_no_task_is_taken(
    failure: Exception,
) -> None:
    async with waiting(that_wait(), failure) as (home, _):
        assert home.room.tasks == 0
        assert RESTING < home.room.resting <= RESTING + LIMITS.tasks
        assert home.letters == []
        assert home.verdicts == []


async def test_who_joined_another_s_inspection_rests() -> None:
    async with waiting([(CONVERSATION, event(["photo"], "m-photo"))] * MANY) as (home, _):
        assert home.verdicts == ["photo"]
    begun = anyio.Event()

    async def hold(name: str | None, attempts: Attempts) -> None:
        await begun.wait()

    async with at_home(HERE, limits=LIMITS) as home, anyio.create_task_group() as group:
        home.inspecting.before = hold
        home.poll(group, [PHOTO] * 50)
        await anyio.wait_all_tasks_blocked()
        assert (home.room.tasks, home.room.resting) == (LIMITS.tasks - 1, 49)
        begun.set()
        await anyio.wait_all_tasks_blocked()
        assert home.verdicts == ["photo"]
        assert (home.room.tasks, home.room.resting) == (LIMITS.tasks, 0)
