"""Ids that Genesys does not know: the letter is the announcement's, and what comes to be later is judged."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import orjson
import pytest

from consumer.identity import announced_attachment_identity, announcement_identity
from consumer.model import Message, Replay
from tests.judge.home import CONVERSATION, Home, at_home, attachment, event, message

M1 = message("m1", attachment("a1"), attachment("a2"))
FORGED = event(["a1", "a2"])
BARE = orjson.dumps({"conversationId": CONVERSATION})
ALONE = orjson.dumps({"messages": [{"id": "m1"}]})
LETTER = announcement_identity(CONVERSATION, "m1")


def superseded(home: Home) -> list[Replay | None]:
    home.commit()
    return [answer.decision.supersedes for answer in home.published if answer.decision is not None]


async def comes_to_be(home: Home, *messages: Message) -> None:
    home.genesys.messages = {one.message_id: one for one in messages}
    home.genesys.conversations = dict.fromkeys(home.genesys.messages, CONVERSATION)


@pytest.mark.parametrize("true", [FORGED, BARE, ALONE], ids=["a snapshot", "its conversation", "its id"])
async def test_ids_that_were_announced_before_they_exist_are_judged_once_and_name_the_dead_letter(true: bytes) -> None:
    async with at_home() as home:
        for _ in range(3):
            await home.take(FORGED)
        assert home.letters == [("not_found", "m1", 1)]
        await comes_to_be(home, M1)
        for _ in range(3):
            await home.take(true)
        assert (home.verdicts, home.letters) == (["a1", "a2"], [("not_found", "m1", 1)])
        assert superseded(home) == [Replay(LETTER, 1)] * 2


@pytest.mark.parametrize("true", [FORGED, BARE, ALONE], ids=["a snapshot", "its conversation", "its id"])
async def test_a_conversation_that_was_announced_before_it_exists_is_looked_at_once_it_does(true: bytes) -> None:
    async with at_home() as home:
        home.genesys.unknown = {CONVERSATION}
        for _ in range(2):
            await home.take(BARE)
        assert home.letters == [("not_found", CONVERSATION, 1)]
        home.genesys.unknown.clear()
        await comes_to_be(home, M1)
        for _ in range(2):
            await home.take(true)
        assert (home.verdicts, len(home.letters)) == (["a1", "a2"], 1)
        assert superseded(home) == [Replay(announcement_identity(CONVERSATION), 1)] * 2


async def test_a_message_that_was_announced_alone_keeps_its_dead_letter_when_it_moves_home() -> None:
    async with at_home(partitions=64) as home:
        stranger = next(s for s in map("00000000-0000-4000-8000-{:012}".format, range(20)) if not home.owns(s))
        await home.take(ALONE)
        assert home.letters == [("not_found", "m1", 1)]
        home.genesys.conversations = {"m1": stranger}
        await home.take(ALONE)
        home.commit()
        (moved,) = home.moved
        assert dict(moved.headers)["task.given-up"] == f"{announcement_identity('', 'm1').hex()} 1".encode()


async def test_a_replay_of_the_announcement_asks_anew_and_is_the_next_letter_or_the_verdict() -> None:
    async with at_home() as home:
        await home.take(FORGED)
        await home.take(FORGED, replay=home.replay())
        assert home.letters == [("not_found", "m1", 1), ("not_found", "m1", 2)]
        await comes_to_be(home, M1)
        last = home.replay()
        await home.take(FORGED, replay=last)
        assert home.verdicts == ["a1", "a2"]
        assert superseded(home) == [last] * 2


async def test_what_another_task_found_meanwhile_is_given_no_letter() -> None:
    """Both asked while it was not there; the second one's question came later."""
    stale = anyio.Event()

    async def wait_for_the_other(call: int) -> None:
        if call == 4:
            known, home.genesys.messages = home.genesys.messages, {}
            await stale.wait()
            home.genesys.messages = known

    async with at_home() as home, anyio.create_task_group() as group:
        home.genesys.before = wait_for_the_other
        group.start_soon(home.take, FORGED)
        await anyio.wait_all_tasks_blocked()
        await comes_to_be(home, M1)
        await home.take(FORGED)
        assert home.verdicts == ["a1", "a2"]
        home.genesys.before = fails_for_good
        stale.set()
    assert home.letters == []


async def fails_for_good(call: int) -> None:
    raise AssertionError("what is answered is not asked for")


@pytest.mark.parametrize("given_up", [FORGED, BARE, ALONE], ids=["a snapshot", "its conversation", "its id"])
async def test_what_was_given_up_is_asked_for_as_often_as_what_was_not(given_up: bytes) -> None:
    """The true event of what was announced too early may as well come before the API shows it."""
    async with at_home() as home:
        home.genesys.unknown = {CONVERSATION}
        await home.take(given_up)
        calls, waited, letters = home.genesys.calls, home.backoffs, home.letters

        async def shown_at_last(call: int) -> None:
            if call == 2 * calls:
                home.genesys.unknown.clear()
                await comes_to_be(home, M1)

        home.genesys.before = shown_at_last
        await home.take(given_up)
        assert home.verdicts == ["a1", "a2"]
        assert (len(home.backoffs), home.letters) == (2 * len(waited), letters)
        assert home.open_letters == 0
        assert home.open_letters == 0


# ---- attachments that are announced before Genesys shows them

SHOWN = message("m1", attachment("a1"))
EARLY = event(["a1", "a2"])
EARLY_LETTER = announced_attachment_identity(CONVERSATION, "m1", "id:a2")


@pytest.mark.parametrize("true", [EARLY, BARE, ALONE, event(["a2"])], ids=["the same", "bare", "its id", "alone"])
async def test_an_attachment_that_was_announced_too_early_is_judged_once_and_names_the_dead_letter(true: bytes) -> None:
    async with at_home(SHOWN) as home:
        for _ in range(3):
            await home.take(EARLY)
        assert (home.verdicts, home.letters) == (["a1"], [("not_found", "a2", 1)])
        assert home.open_letters == 1
        await comes_to_be(home, M1)
        for _ in range(3):
            await home.take(true)
        assert (home.verdicts, home.letters) == (["a1", "a2"], [("not_found", "a2", 1)])
        assert superseded(home) == [None, Replay(EARLY_LETTER, 1)]
        assert home.open_letters == 0


async def test_an_attachment_that_was_announced_by_its_link_too_early_names_the_dead_letter_as_well() -> None:
    link = "https://api.mypurecloud.com/api/v2/downloads/a2"
    raw = orjson.loads(EARLY)
    raw["participants"][0]["messages"][0]["messages"][0]["media"][1] = {"url": link}
    linked = orjson.dumps(raw)
    async with at_home(SHOWN) as home:
        for _ in range(2):
            await home.take(linked)
        assert (home.verdicts, len(home.letters)) == (["a1"], 1)
        await comes_to_be(home, message("m1", attachment("a1"), attachment("a2", url=link)))
        for _ in range(2):
            await home.take(linked)
        assert (home.verdicts, len(home.letters)) == (["a1", "a2"], 1)
        (nothing, letter) = superseded(home)
        assert nothing is None
        assert letter == Replay(announced_attachment_identity(CONVERSATION, "m1", "download:a2"), 1)
        assert home.open_letters == 0


async def test_more_attachments_than_genesys_shows_are_judged_whatever_announces_them_later() -> None:
    counted = {"type": "Text", "content": [{"contentType": "Attachment"}] * 2}
    raw = orjson.loads(event(["a1"]))
    raw["participants"][0]["messages"][0]["messages"][0]["messageMetadata"] = counted
    async with at_home(SHOWN) as home:
        await home.take(orjson.dumps(raw))
        assert (home.verdicts, home.letters) == (["a1"], [("not_found", "m1", 1)])
        await comes_to_be(home, M1)
        named = orjson.dumps({"conversationId": CONVERSATION, "messageId": "m1"})
        await home.take(named)
        assert home.verdicts == ["a1", "a2"]
        calls = home.genesys.calls
        await home.take(named)
        assert home.genesys.calls == calls, "all of it is answered"
        assert home.open_letters == 0


COUNTED = orjson.loads(event(["a1"]))
COUNTED["participants"][0]["messages"][0]["messages"][0]["messageMetadata"] = {
    "type": "Text",
    "content": [{"contentType": "Attachment"}] * 2,
}


@pytest.mark.parametrize("early", [EARLY, orjson.dumps(COUNTED)], ids=["named", "counted"])
async def test_an_attachment_that_was_given_up_is_asked_for_as_often_as_one_that_was_not(early: bytes) -> None:
    async with at_home(SHOWN) as home:
        await home.take(early)
        calls, waited, letters = home.genesys.calls, home.backoffs, home.letters

        async def shown_at_last(call: int) -> None:
            if call == 2 * calls:
                await comes_to_be(home, M1)

        home.genesys.before = shown_at_last
        await home.take(early)
        assert home.verdicts == ["a1", "a2"]
        assert (len(home.backoffs), home.letters) == (2 * len(waited), letters)


async def test_who_comes_late_to_what_another_waits_for_has_all_his_time() -> None:
    """The other one, be it forged, had used up most of its own."""
    async with at_home(SHOWN) as home, anyio.create_task_group() as group:
        waits: list[anyio.Event] = []

        async def ask_when_let(call: int) -> None:
            waits.append(anyio.Event())
            await waits[-1].wait()

        home.genesys.before = ask_when_let
        group.start_soon(home.take, EARLY)
        for _ in range(3):
            await anyio.wait_all_tasks_blocked()
            waits[-1].set()
        await anyio.wait_all_tasks_blocked()
        (last_of_the_first,) = (wait for wait in waits if not wait.is_set())
        group.start_soon(home.take, EARLY)
        await anyio.wait_all_tasks_blocked()
        if waits[-1] is not last_of_the_first:
            waits[-1].set()  # it asked for the message, which does not show the attachment yet
        await anyio.wait_all_tasks_blocked()
        last_of_the_first.set()
        await anyio.wait_all_tasks_blocked()
        assert home.letters == [("not_found", "a2", 1)]
        await comes_to_be(home, M1)
        home.genesys.before = fails_never
        for wait in waits:
            wait.set()
        await anyio.wait_all_tasks_blocked()
        assert (home.verdicts, len(home.letters)) == (["a1", "a2"], 1)


async def fails_never(call: int) -> None:
    await anyio.lowlevel.checkpoint()


async def test_an_attachment_that_comes_to_be_when_its_message_is_dead_is_answered_by_that() -> None:
    async with at_home(SHOWN) as home, anyio.create_task_group() as group:
        waits = anyio.Event()

        async def wait(call: int) -> None:
            if call == 3:
                await waits.wait()

        home.genesys.before = wait
        group.start_soon(home.take, EARLY)
        await anyio.wait_all_tasks_blocked()
        home.genesys.forbidden = {"m1"}
        await home.take(event(["a3"]))
        assert ("forbidden", "m1", 1) in home.letters
        home.genesys.forbidden = set()
        await comes_to_be(home, M1)
        waits.set()
        await anyio.wait_all_tasks_blocked()
        assert (home.verdicts, len(home.letters)) == (["a1"], 1)


async def test_two_events_that_announce_an_attachment_too_early_get_one_letter_together() -> None:
    async with at_home(SHOWN) as home, anyio.create_task_group() as group:
        home.waits = anyio.Event()
        for _ in range(2):
            group.start_soon(home.take, EARLY)
        await anyio.wait_all_tasks_blocked()
        home.waits.set()
        await anyio.wait_all_tasks_blocked()
        assert home.letters == [("not_found", "a2", 1)]


async def test_a_replay_of_an_attachment_s_announcement_asks_anew() -> None:
    async with at_home(SHOWN) as home:
        await home.take(EARLY)
        await home.take(EARLY, replay=home.replay())
        assert home.letters == [("not_found", "a2", 1), ("not_found", "a2", 2)]
        await comes_to_be(home, M1)
        last = home.replay()
        await home.take(EARLY, replay=last)
        assert home.verdicts == ["a1", "a2"]
        assert superseded(home) == [None, last]


# ---- how often what nobody knows is asked for


async def test_the_last_question_comes_in_time_however_few_repeats_their_share_allowed() -> None:
    async with at_home() as home:
        home.per_minute = 1
        await home.take(event(["x1"], message="x"))
        assert home.genesys.calls == 3, "the first, one repeat, the last"
        await home.take(event(["y1"], message="y", conversation="22222222-2222-4222-8222-222222222222"))
        assert home.genesys.calls == 5, "the first and the last"
        assert sum(home.waited) == pytest.approx(14, abs=0.5), "over_s, twice"
        assert [reason for reason, *_ in home.letters] == ["not_found"] * 2


async def test_what_repeats_find_decides_how_many_there_may_be() -> None:
    async def comes_after(call: int) -> None:
        if call == 2:
            await comes_to_be(home, M1)

    async with at_home() as home:
        home.per_minute = 60_000
        await home.take(event(["x1"], message="x"))
        assert home.repeats.pace == 40.0
        home.genesys.before, home.genesys.calls = comes_after, 0
        await home.take(FORGED)
        assert home.verdicts == ["a1", "a2"]
        assert home.repeats.pace == pytest.approx(40 + 0.1 * (6_000 - 40))


async def test_what_was_given_up_waits_no_longer_for_its_first_question_than_for_all_of_them() -> None:
    """Else thousands of them would hold back their partition for hours."""
    async with at_home() as home:
        await home.take(FORGED)
        home.per_minute = 1
        with home.repeats.waiting("c-other", 0) as place:
            home.repeats.take(place, sum(home.waited))
        calls, before = home.genesys.calls, sum(home.waited)
        await home.take(FORGED)
        assert home.genesys.calls == calls + 1, "the last question, which is free"
        assert sum(home.waited) - before == pytest.approx(7, abs=0.5), "over_s"
        assert home.letters == [("not_found", "m1", 1)]
