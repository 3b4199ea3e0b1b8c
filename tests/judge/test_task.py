"""One task, from its bytes until everything that it announces is answered: once, whatever else goes on."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import anyio
import orjson
import pytest

from consumer.attempts import Attempts
from consumer.errors import NotJudged
from consumer.kafka.limits import DEFAULT_BYTES
from consumer.model import DeadReason, Direction, Kind, Replay, Source
from consumer.wire.tasks import decode_task
from tests.judge.home import CONVERSATION, NOW, Home, at_home, attachment, event, message

BARE = orjson.dumps({"conversationId": CONVERSATION})
M1 = message("m1", attachment("a1"), attachment("a2"))


# ---- once


async def test_each_attachment_of_a_message_gets_a_verdict_and_a_repeat_costs_no_call() -> None:
    async with at_home(M1) as home:
        await home.take(event(["a1", "a2"]))
        assert home.verdicts == ["a1", "a2"]
        calls = home.genesys.calls
        await home.take(event(["a1", "a2"]))
        await home.take(event(["a2"]))

        assert home.verdicts == ["a1", "a2"]
        assert home.genesys.calls == calls
        assert len(home.reports.of("inspecting")) == 2


async def test_two_tasks_that_name_the_same_attachment_share_one_inspection() -> None:
    finish = anyio.Event()

    async def hold(name: str | None, attempt: Attempts) -> None:
        await finish.wait()

    async with at_home(M1) as home, anyio.create_task_group() as group:
        home.inspecting.before = hold
        group.start_soon(home.take, event(["a1"]))
        group.start_soon(home.take, event(["a1", "a2"]))
        group.start_soon(home.take, BARE)
        await anyio.wait_all_tasks_blocked()
        assert home.inspecting.begun == {"a1": 1, "a2": 1}
        assert home.verdicts == []
        finish.set()
        await anyio.wait_all_tasks_blocked()

        assert home.verdicts == ["a1", "a2"]
        assert home.inspecting.begun == {"a1": 1, "a2": 1}


async def test_an_answer_that_waits_for_its_commit_is_an_answer() -> None:
    async with at_home(M1) as home:
        await home.take(event(["a1"]))
        await home.take(BARE)

        assert home.inspecting.begun == {"a1": 1, "a2": 1}


async def test_an_attachment_that_comes_later_into_an_answered_message_is_judged() -> None:
    async with at_home(message("m1", attachment("a1"))) as home:
        await home.take(event(["a1"]))
        home.genesys.messages["m1"] = M1
        await home.take(event(["a1", "a2"]))

        assert home.verdicts == ["a1", "a2"]


# ---- what was announced settles only when it was found, or dead


async def test_an_announced_message_that_is_not_there_yet_is_waited_for() -> None:
    async with at_home() as home:

        async def appears(call: int) -> None:
            if call == 3:
                home.genesys.messages["m1"] = M1

        home.genesys.before = appears
        await home.take(event(["a1"]))

        assert home.verdicts == ["a1", "a2"]
        assert home.letters == []
        assert home.backoffs == [1, 2]


async def test_an_announced_message_that_never_comes_is_dead_once() -> None:
    async with at_home() as home:
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(home.take, event(["a1"]))
        await home.take(event(["a1"]))

        assert home.letters == [("not_found", "m1", 1)]
        assert home.verdicts == []


async def test_an_announced_attachment_that_never_comes_is_dead_and_the_others_are_judged() -> None:
    async with at_home(message("m1", attachment("a1"))) as home:
        await home.take(event(["a1", "late"]))
        await home.take(event(["a1", "late"]))

        assert home.letters == [("not_found", "late", 1)]
        assert home.verdicts == ["a1"]


async def test_an_announced_attachment_that_comes_late_is_judged() -> None:
    async with at_home(message("m1", attachment("a1"))) as home:

        async def appears(call: int) -> None:
            if call == 3:
                home.genesys.messages["m1"] = M1

        home.genesys.before = appears
        await home.take(event(["a1", "a2"]))

        assert home.verdicts == ["a1", "a2"]
        assert home.letters == []


@pytest.mark.parametrize("nameless", [{}, {"mediaType": "image/png"}, {"id": 5}])
async def test_what_an_event_names_by_neither_id_nor_link_takes_no_other_file_along(
    nameless: dict[str, object],
) -> None:
    link = "https://api-downloads.mypurecloud.com/api/v2/downloads/"
    shown = [attachment(name, url=link + name) for name in ("a1", "a2")]
    said = {"messageId": "m1", "messageMetadata": {"type": "Structured"}}
    for media in ([nameless], [{"id": "a1", "url": link + "a1"}, nameless]):
        told = {"id": CONVERSATION, "participants": [{"messages": [{"messages": [said | {"media": media}]}]}]}
        async with at_home(message("m1", *shown)) as home:
            await home.take(orjson.dumps(told))

            assert home.verdicts == ["a1", "a2"]
            assert home.letters == []
            assert not any(home.bugs)


LINK = "https://api-downloads.mypurecloud.com/api/v2/downloads/0f3a"
OTHERWISE = (
    LINK,
    LINK + "?contentDisposition=attachment",
    "https://api.mypurecloud.com/api/v2/downloads/0f3a",
    "https://apps.mypurecloud.com/platform/api/v2/downloads/0f3a",
)


@pytest.mark.parametrize("link", OTHERWISE)
@pytest.mark.parametrize("nameless", ["event", "API"])
async def test_a_download_is_the_same_however_its_link_is_written(link: str, nameless: str) -> None:
    shown = attachment("a1", url=LINK)
    told: dict[str, object] = {"url": link}
    if nameless == "API":
        told, shown = told | {"id": "a1"}, replace(shown, attachment_id=None, key="download:0f3a")
    raw = orjson.loads(event(["a1"]))
    raw["participants"][0]["messages"][0]["messages"][0]["media"] = [told]
    async with at_home(message("m1", shown)) as home:
        await home.take(orjson.dumps(raw))
        assert (len(home.verdicts), home.letters, home.waited) == (1, [], [])


async def test_a_file_that_events_name_by_its_link_alone_is_asked_for_once() -> None:
    raw = orjson.loads(event(["a1"]))
    raw["participants"][0]["messages"][0]["messages"][0]["media"] = [{"url": OTHERWISE[-1]}]
    async with at_home(message("m1", attachment("a1", url=LINK))) as home:
        for _ in range(3):
            await home.take(orjson.dumps(raw))
            assert (home.verdicts, home.letters, home.genesys.calls) == (["a1"], [], 1)


def counting(count: int, *named: str) -> bytes:
    """A conversation event whose message counts attachments, and describes only those that are named."""
    contents = [{"contentType": "Attachment"} for _ in range(count)]
    said = {"messageId": "m1", "messageMetadata": {"content": contents}, "media": [{"id": name} for name in named]}
    return orjson.dumps({"id": CONVERSATION, "participants": [{"messages": [{"messages": [said]}]}]})


@pytest.mark.parametrize("named", [[], ["a1"]])
async def test_attachments_that_an_event_only_counts_are_waited_for(named: list[str]) -> None:
    async with at_home(message("m1", attachment("a1"))) as home:

        async def appears(call: int) -> None:
            if call == 3:
                home.genesys.messages["m1"] = M1

        home.genesys.before = appears
        await home.take(counting(2, *named))

        assert home.verdicts == ["a1", "a2"]
        assert home.letters == []


async def test_a_file_that_genesys_names_by_nothing_yet_is_judged_once_it_has_a_name() -> None:
    nameless = replace(attachment("a1"), attachment_id=None, key=None, url=None)
    ids = orjson.dumps({"conversationId": CONVERSATION, "messageId": "m1"})
    async with at_home(message("m1", nameless)) as home:
        await home.take(ids)
        assert (home.verdicts, home.letters) == ([], [("not_found", "m1", 1)])
        home.genesys.messages["m1"] = M1
        await home.take(ids)
        assert home.verdicts == ["a1", "a2"]


async def test_a_count_that_is_never_reached_is_a_dead_letter_beside_the_verdicts() -> None:
    async with at_home(message("m1", attachment("a1"))) as home:
        for _ in range(2):
            await home.take(counting(2))

        assert home.verdicts == ["a1"]
        assert home.letters == [("not_found", "m1", 1)]


async def test_what_genesys_shows_no_more_since_its_message_was_removed_is_judged_as_removed() -> None:
    async with at_home(message("m1", removed=True)) as home:
        await home.take(counting(2, "a1", "a2"))

        assert home.verdicts == ["None"], "one answer: nobody can tell any more what was in it"
        assert all(a.decision.attachment.removed for a in home.published if a.decision)
        assert home.waited == []
        calls = home.genesys.calls
        await home.take(counting(2, "a1", *(f"made up {number}" for number in range(300))))
        await home.take(counting(9))
        assert (home.verdicts, home.letters, home.genesys.calls) == (["None"], [], calls)


async def test_what_was_answered_before_its_message_was_removed_is_answered_no_more_under_any_name() -> None:
    link = "https://api.mypurecloud.com/api/v2/downloads/a1"
    by_link = orjson.loads(event(["a1"]))
    by_link["participants"][0]["messages"][0]["messages"][0]["media"] = [{"url": link}]
    async with at_home(message("m1", attachment("a1", url=link))) as home:
        await home.take(event(["a1"]))
        home.genesys.messages = {"m1": message("m1", removed=True)}
        await home.take(orjson.dumps(by_link))
        await home.take(event([f"made up {number}" for number in range(300)]))
        assert (home.verdicts, home.letters) == (["a1"], [])


async def test_what_genesys_shows_of_a_removed_message_is_answered_one_by_one_and_the_rest_as_one() -> None:
    async with at_home(message("m1", attachment("a1", removed=True), removed=True)) as home:
        await home.take(event(["a1", "a2", "a3"]))
        assert home.verdicts == ["None", "a1"]
        await home.take(event(["a2", "a4"]))
        assert home.verdicts == ["None", "a1"]


async def test_what_is_named_and_not_shown_is_counted_once() -> None:
    async with at_home(message("m1", attachment("a1"))) as home:
        await home.take(counting(2, "a1", "late"))

        assert home.verdicts == ["a1"]
        assert home.letters == [("not_found", "late", 1)]


# ---- a dead message answers for all of its attachments that have no answer yet


async def dies(home: Home) -> None:
    """Genesys refuses the message, and so it is dead; until the next question."""
    home.genesys.forbidden = {"m1"}
    await home.take(event(["a1"]))
    home.genesys.forbidden.clear()
    assert home.letters == [("forbidden", "m1", 1)]


async def test_after_a_dead_message_no_event_that_names_its_attachments_costs_a_call() -> None:
    async with at_home() as home:
        await dies(home)
        home.genesys.messages["m1"] = M1
        calls = home.genesys.calls
        await home.take(event(["a1", "a2"]))

        assert home.genesys.calls == calls
        assert home.verdicts == []


async def test_a_dead_message_answers_for_its_attachments_when_the_whole_conversation_is_asked() -> None:
    async with at_home() as home:
        await dies(home)
        home.genesys.messages = {"m1": M1, "m2": message("m2", attachment("b1", "m2"))}
        await home.take(BARE)

        assert home.verdicts == ["b1"]
        assert home.letters == [("forbidden", "m1", 1)]


async def test_a_message_that_is_found_after_another_task_gave_it_up_stays_dead() -> None:
    """Both asked; the first one's last attempt failed while the second one's call was on its way."""
    answered = anyio.Event()

    async with at_home() as home, anyio.create_task_group() as group:

        async def late(call: int) -> None:
            if call == 1:
                await answered.wait()

        home.genesys.before = late
        group.start_soon(home.take, event(["a1"]))
        await anyio.wait_all_tasks_blocked()
        home.genesys.forbidden = {"m1"}
        await home.take(event(["a1"]))
        home.genesys.forbidden.clear()
        assert home.letters == [("forbidden", "m1", 1)]
        home.genesys.messages["m1"] = M1
        answered.set()
        await anyio.wait_all_tasks_blocked()

        assert home.verdicts == []
        assert home.letters == [("forbidden", "m1", 1)]


async def test_an_inspection_that_ends_after_its_message_died_is_no_second_answer() -> None:
    finish = anyio.Event()

    async def hold(name: str | None, attempt: Attempts) -> None:
        await finish.wait()

    async with at_home(M1) as home, anyio.create_task_group() as group:
        home.inspecting.before = hold
        group.start_soon(home.take, BARE)
        await anyio.wait_all_tasks_blocked()
        home.genesys.forbidden = {"m1"}
        await home.take(event(["a1", "a2", "a3"]))
        assert home.letters == [("forbidden", "m1", 1)]
        finish.set()
        await anyio.wait_all_tasks_blocked()

        assert home.verdicts == []


# ---- replays


async def forbidden(_: int) -> None:
    raise NotJudged(DeadReason.FORBIDDEN, "not this one")


async def test_a_replay_passes_the_answer_that_it_names_and_twice_changes_nothing() -> None:
    async with at_home() as home:
        await dies(home)
        replay = home.replay()
        home.genesys.messages["m1"] = M1
        for _ in range(2):
            await home.take(event(["a1", "a2"]), replay=replay)

        assert home.verdicts == ["a1", "a2"]
        assert home.letters == [("forbidden", "m1", 1)]
        assert {a.decision.replay for a in home.published if a.decision} == {replay}


async def test_a_replay_that_fails_again_is_of_the_next_generation_and_the_old_one_passes_no_more() -> None:
    async with at_home() as home:
        await dies(home)
        first = home.replay()
        home.genesys.forbidden = {"m1"}
        for _ in range(2):
            await home.take(event(["a1"]), replay=first)
        home.genesys.forbidden.clear()
        assert home.letters == [("forbidden", "m1", 1), ("forbidden", "m1", 2)]
        home.genesys.messages["m1"] = M1
        await home.take(event(["a1", "a2"]), replay=first)
        assert home.verdicts == []
        await home.take(event(["a1", "a2"]), replay=home.replay())

        assert home.verdicts == ["a1", "a2"]


async def test_a_replay_of_one_thing_passes_nothing_else() -> None:
    async with at_home() as home:
        await dies(home)
        home.genesys.messages["m1"] = M1
        await home.take(event(["a1"]), replay=Replay(b"somebody else's.", 1))

        assert home.verdicts == []


async def test_a_replay_after_which_nothing_is_unanswered_closes_its_dead_letter_whoever_it_named() -> None:
    """A conversation that could not be asked for has no verdict of its own: its dead answer is noted once more."""
    async with at_home() as home:
        answers, home.genesys.before = home.genesys.before, forbidden
        await home.take(BARE)
        replay = home.replay()
        assert home.open_letters == 1
        home.genesys.before = answers
        home.genesys.messages["m1"] = M1
        await home.take(BARE, replay=replay)

        assert home.verdicts == ["a1", "a2"]
        assert home.open_letters == 0
        assert len(home.letters) == 1


async def test_a_replay_that_fails_again_leaves_one_open() -> None:
    async with at_home() as home:
        await dies(home)
        await home.take(event(["a1"]), replay=home.replay())
        assert home.open_letters == 1


# ---- whose it is


async def test_a_task_of_another_partition_s_conversation_is_moved_and_not_judged() -> None:
    async with at_home(M1, partitions=64) as home:
        strangers = [f"00000000-0000-4000-8000-{n:012}" for n in range(20)]
        stranger = next(s for s in strangers if not home.assignment.owns(s))
        await home.take(event(["a1"], conversation=stranger))
        home.commit()

        assert [(m.key, m.value) for m in home.moved] == [(stranger.encode(), event(["a1"], conversation=stranger))]
        assert home.genesys.calls == 0


async def test_of_an_array_each_element_is_moved_or_dies_alone() -> None:
    async with at_home(M1, partitions=5) as home:
        strangers = [f"00000000-0000-4000-8000-{n:012}" for n in range(20)]
        one, other = [s for s in strangers if not home.assignment.owns(s)][:2]
        values = [event(["a1"], conversation=one), event(["a1", "a2"]), event(["a1"], conversation=other), b"1", b"2"]
        await home.take(b"[" + b",".join(values) + b"]")

        assert home.verdicts == ["a1", "a2"]
        assert [(a.letter.source.path, a.letter.value) for a in home.published if a.letter] == [
            ("[3]", b"1"),
            ("[4]", b"2"),
        ]
        assert [(m.key, m.value) for m in home.moved] == [(one.encode(), values[0]), (other.encode(), values[2])]
        sources = [decode_task(m.value, m.headers, Source("tasks", 0, 0, 0)).source for m in home.moved]
        assert [source.path for source in sources] == ["[0]", "[2]"]


async def test_a_task_that_keeps_moving_is_a_dead_letter() -> None:
    async with at_home(partitions=64) as home:
        strangers = [f"00000000-0000-4000-8000-{n:012}" for n in range(20)]
        stranger = next(s for s in strangers if not home.assignment.owns(s))
        await home.take(event(["a1"], conversation=stranger), moves=10)

        assert home.letters == [("unavailable", "bytes", 1)]
        assert home.moved == []


async def test_a_task_that_would_grow_too_large_on_its_way_is_a_dead_letter() -> None:
    async with at_home(partitions=64) as home:
        strangers = [f"00000000-0000-4000-8000-{n:012}" for n in range(20)]
        stranger = next(s for s in strangers if not home.assignment.owns(s))
        largest = event(["a1"], conversation=stranger).ljust(DEFAULT_BYTES - 500)
        await home.take(largest)
        assert (home.letters, [m.value for m in home.moved]) == ([], [largest])
        await home.take(largest + b" " * 300)
        assert (home.letters, len(home.moved)) == ([("unreadable", "bytes", 1)], 1)


async def test_an_event_that_names_only_a_message_is_judged_where_its_conversation_lives() -> None:
    async with at_home(M1) as home:
        home.genesys.conversations["m1"] = CONVERSATION
        await home.take(orjson.dumps({"messageId": "m1"}))

        assert home.verdicts == ["a1", "a2"]


# ---- what needs no answer


async def test_outbound_messages_links_and_what_lies_beyond_the_horizon_are_skipped_and_counted() -> None:
    old = NOW - timedelta(days=36)
    messages = [
        message("out", attachment("o1", "out"), direction=Direction.OUTBOUND),
        message("link", attachment("l1", "link", kind=Kind.LINK)),
        message("old", attachment("x1", "old"), time=old),
        message("new", attachment("n1", "new"), time=NOW - timedelta(days=34)),
    ]
    async with at_home(*messages) as home:
        await home.take(BARE)

        assert home.verdicts == ["n1"]
        assert home.letters == []
        assert home.skipped == {"outbound": 1, "link": 1, "beyond_horizon": 1}


@pytest.mark.parametrize("days", [[40], [-40], [0, 40, -40, 0]], ids=["fast", "slow", "jumping"])
async def test_no_clock_of_a_worker_decides_what_is_beyond_the_horizon_or_answered(days: list[int]) -> None:
    clock = itertools.cycle(NOW + timedelta(days=day) for day in days)
    messages = [
        message("old", attachment("x1", "old"), time=NOW - timedelta(days=36)),
        message("new", attachment("n1", "new"), time=NOW - timedelta(days=34)),
    ]
    async with at_home(*messages) as home:
        home.judge = replace(home.judge, now=lambda: next(clock))
        for _ in range(4):
            await home.take(BARE)
            assert home.verdicts == ["n1"]

        assert home.letters == []
        assert home.inspecting.begun == {"n1": 1}
