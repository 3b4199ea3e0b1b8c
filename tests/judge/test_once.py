"""What one partition gives as the answer of one attachment, when several tasks ask for it at once."""

from __future__ import annotations

import itertools
from dataclasses import replace

import anyio
import pytest

from consumer.attempts import Attempts
from consumer.errors import NotJudged
from consumer.judge.answers import Answer, mark
from consumer.model import DeadReason
from consumer.model.resting import Resting
from tests.judge.home import Home, at_home, attachment, event, message


async def test_what_has_a_verdict_is_worked_on_by_nobody() -> None:
    """Whoever asked a moment before the verdict came, and comes only now."""
    begun = 0

    async def work(resting: Resting) -> Answer:
        nonlocal begun
        begun += 1
        return mark(b"a" * 16)

    async with at_home() as home:
        await home.assignment.once(b"a" * 16, b"m" * 16, work)
        home.commit()
        await home.assignment.once(b"a" * 16, b"m" * 16, work)

    assert begun == 1


async def test_a_replay_that_finds_an_inspection_of_before_its_message_s_death_begins_a_new_one() -> None:
    finish = anyio.Event()

    async def hold(name: str | None, attempt: Attempts) -> None:
        await finish.wait()

    async def forbidden(call: int) -> None:
        if call == 2:
            raise NotJudged(DeadReason.FORBIDDEN, "not this message")

    async with at_home(message("m1", attachment("a1"))) as home:
        home.inspecting.before, home.genesys.before = hold, forbidden
        async with anyio.create_task_group() as group:
            group.start_soon(home.take, event(["a1"]))
            await anyio.wait_all_tasks_blocked()
            await home.take(event(["a1"]))
            assert home.letters == [("forbidden", "m1", 1)]
            group.start_soon(_replay, home)
            await anyio.wait_all_tasks_blocked()
            finish.set()
        await home.take(event(["a1"]))

        assert home.verdicts == ["a1"]
        assert home.inspecting.begun == {"a1": 2}
        assert all(a.decision.replay is not None for a in home.published if a.decision is not None)


async def _replay(home: Home) -> None:
    await home.take(event(["a1"]), replay=home.replay())


CONVERSATION, MESSAGE = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10", "5c1f9f8d0a4b6a0f2f1c0f1f3a9d7e21"
FILE = "2f7bf00a-0fc2-4d6a-9b56-92238191433e"


@pytest.mark.parametrize("shown", [FILE, FILE.upper()], ids=["lower", "upper"])  # phones write their own in upper case
async def test_an_attachment_has_one_answer_in_whatever_case_its_guids_are_written(shown: str) -> None:
    there = replace(attachment(shown, MESSAGE), conversation_id=CONVERSATION)
    async with at_home(replace(message(MESSAGE, there), conversation_id=CONVERSATION)) as home:
        for first, second, third in itertools.product((str.upper, str.lower), repeat=3):
            await home.take(event([first(FILE)], second(MESSAGE), third(CONVERSATION)))
        assert home.verdicts == [shown]
        assert home.letters == []


async def test_ids_that_are_no_guids_differ_by_their_case() -> None:
    one, other = "wamid.A", "wamid.a"
    async with at_home(message(one, attachment("a1", one)), message(other, attachment("a1", other))) as home:
        await home.take(event(["a1"], one))
        await home.take(event(["a1"], other))
        assert home.verdicts == ["a1", "a1"]
