"""Events that name less than a message of a conversation: the conversation, messages alone, or a message in vain."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import anyio
import orjson
import pytest

from consumer.errors import NotJudged
from consumer.judge.answers import mark
from consumer.model import DeadReason, Direction, Message
from tests.judge.home import CONVERSATION, NOW, Home, at_home, attachment, event, message

BARE = orjson.dumps({"conversationId": CONVERSATION})
M1 = message("m1", attachment("a1"), attachment("a2"))
M2 = message("m2", attachment("b1", "m2"))


def skipped(home: Home) -> Counter[str]:
    return home.skipped


# ---- a conversation alone


async def test_a_bare_repeat_reads_no_message_that_is_answered() -> None:
    async with at_home(M1, M2) as home:
        await home.take(BARE)
        assert home.verdicts == ["a1", "a2", "b1"]
        assert home.genesys.read == ["m1", "m2"]
        await home.take(BARE)

        assert home.genesys.read == ["m1", "m2"]
        assert home.verdicts == ["a1", "a2", "b1"]
        assert skipped(home)["answered"] == 3


async def test_what_another_event_had_answered_is_not_read_for_a_bare_one() -> None:
    async with at_home(M1, M2) as home:
        await home.take(event(["a1", "a2"]))
        await home.take(BARE)

        assert home.genesys.read == ["m2"]
        assert home.verdicts == ["a1", "a2", "b1"]


async def test_a_bare_event_finds_what_comes_later_into_an_answered_message() -> None:
    async with at_home(message("m1", attachment("a1"))) as home:
        await home.take(BARE)
        home.genesys.messages["m1"] = M1
        await home.take(BARE)

        assert home.verdicts == ["a1", "a2"]


@pytest.mark.parametrize("listed", [message("m1"), message("m1", announced=2)], ids=["no files", "a count"])
async def test_a_mark_answers_for_a_message_whose_files_the_conversation_does_not_list(listed: Message) -> None:
    async with at_home(M1) as home:
        home.genesys.listings["m1"] = listed
        await home.take(BARE)
        await home.take(BARE)

        assert home.genesys.read == ["m1"]
        assert home.verdicts == ["a1", "a2"]


async def test_without_a_mark_one_answered_file_does_not_answer_for_the_message() -> None:
    """As after a crash: the first file was answered, and the second one is counted and not listed."""
    async with at_home(M1) as home:
        home.assignment.give(mark(attachment("a1").identity or b""))
        home.genesys.listings["m1"] = message("m1", attachment("a1"), announced=2)
        await home.take(BARE)

        assert home.verdicts == ["a2"]


@pytest.mark.parametrize(
    "listed",
    [message("m1", announced=2), message("m1", attachment("a1"), attachment("a2"))],
    ids=["counts", "names"],
)
async def test_what_the_conversation_lists_and_genesys_does_not_show_yet_is_waited_for(listed: Message) -> None:
    async with at_home(message("m1", attachment("a1"))) as home:
        home.genesys.listings["m1"] = listed

        async def appears(call: int) -> None:
            if call == 3:
                home.genesys.messages["m1"] = M1

        home.genesys.before = appears
        await home.take(BARE)

        assert home.verdicts == ["a1", "a2"]
        assert home.letters == []


async def test_a_file_that_never_comes_is_one_dead_letter_for_bare_and_other_events() -> None:
    async with at_home(message("m1", attachment("a1"))) as home:
        home.genesys.listings["m1"] = message("m1", attachment("a1"), attachment("late"), announced=2)
        async with anyio.create_task_group() as group:
            for value in (BARE, event(["a1", "late"]), BARE):
                group.start_soon(home.take, value)
        await home.take(BARE)

        assert home.verdicts == ["a1"]
        assert home.letters == [("not_found", "late", 1)]


async def test_a_dead_message_is_not_read_for_a_bare_event() -> None:
    async with at_home() as home:
        home.genesys.forbidden = {"m1"}
        await home.take(event(["a1"]))
        assert home.letters == [("forbidden", "m1", 1)]
        home.genesys.messages = {"m1": M1, "m2": M2}
        await home.take(BARE)

        assert home.genesys.read == ["m2"]
        assert home.verdicts == ["b1"]


async def test_an_outbound_message_is_counted_and_not_read() -> None:
    async with at_home(message("out", attachment("o1", "out"), direction=Direction.OUTBOUND)) as home:
        await home.take(BARE)

        assert home.genesys.read == []
        assert skipped(home)["outbound"] == 1


async def test_a_bare_event_that_is_not_looked_up_is_counted() -> None:
    async with at_home(M1) as home:
        home.judge = replace(home.judge, terms=replace(home.judge.terms, looks_up_bare=lambda event: False))
        await home.take(BARE)
        await home.take(event(["a1"]))

        assert home.reports.of("dropped") == ["not_looked_up"]
        assert home.genesys.read == []
        assert home.verdicts == ["a1", "a2"]


async def test_what_is_cut_down_to_its_id_has_its_conversation_asked_beside_what_is_named() -> None:
    """Whatever the setting about bare events says: it may be a message that nothing else announces."""
    cut = {"id": "comm-or-message", "direction": "inbound", "type": "open"}
    named = {"messageId": "m3", "messageMetadata": {"type": "Structured"}, "media": [{"id": "c1"}]}
    value = orjson.dumps({"id": CONVERSATION, "participants": [{"messages": [cut, named]}]})
    async with at_home(M1, M2) as home:
        home.judge = replace(home.judge, terms=replace(home.judge.terms, looks_up_bare=lambda event: False))

        async def shown(call: int) -> None:
            if call == 4:
                home.genesys.messages["m3"] = message("m3", attachment("c1", "m3"))

        home.genesys.before = shown
        await home.take(value)

        assert sorted(home.verdicts) == ["a1", "a2", "b1", "c1"]
        assert home.letters == []


async def test_a_file_without_id_and_link_is_waited_for_when_the_whole_conversation_is_asked() -> None:
    pending = replace(attachment("a1"), attachment_id=None, key=None)
    async with at_home(message("m1", pending)) as home:

        async def uploaded(call: int) -> None:
            if call == 3:
                home.genesys.messages["m1"] = message("m1", attachment("a1"))

        home.genesys.before = uploaded
        await home.take(BARE)

        assert home.verdicts == ["a1"]
        assert home.letters == []


# ---- messages alone


def messages_alone(*ids: str) -> bytes:
    return orjson.dumps({"messages": [{"id": id_} for id_ in ids]})


async def test_when_the_first_message_is_unknown_the_next_one_tells_the_conversation() -> None:
    async with at_home(M2) as home:
        home.genesys.conversations["m2"] = CONVERSATION
        for _ in range(2):
            await home.take(messages_alone("m1", "m2"))

        assert home.verdicts == ["b1"]
        assert home.letters == [("not_found", "m1", 1)]


async def test_a_message_that_may_not_be_asked_about_hides_no_other() -> None:
    async def forbid(call: int) -> None:
        if call == 1:
            raise NotJudged(DeadReason.FORBIDDEN, "not this one")

    async with at_home(M1, M2) as home:
        home.genesys.conversations |= {"m1": CONVERSATION, "m2": CONVERSATION}
        home.genesys.before = forbid
        await home.take(messages_alone("m1", "m2"))

        assert home.verdicts == ["a1", "a2", "b1"]
        assert home.letters == []
        assert home.waited == []


async def test_messages_that_nobody_knows_are_dead_once_each() -> None:
    async with at_home() as home:
        for _ in range(2):
            await home.take(messages_alone("m1", "m2", "m3"))

        assert home.letters == [("not_found", "m1", 1), ("not_found", "m2", 1), ("not_found", "m3", 1)]
        assert home.backoffs == pytest.approx([1, 2, 4] * 2, abs=0.7), "they share their attempts"


async def test_a_message_that_appears_later_still_tells_the_conversation() -> None:
    async with at_home(M2) as home:

        async def appears(call: int) -> None:
            if call == 4:
                home.genesys.conversations["m2"] = CONVERSATION

        home.genesys.before = appears
        await home.take(messages_alone("m1", "m2"))

        assert home.verdicts == ["b1"]


# ---- a message in vain


def snapshot(*messages: object) -> bytes:
    body = {"id": CONVERSATION, "participants": [{"messages": [{"id": "comm", "messages": messages}]}]}
    return orjson.dumps(body)


FILE = {"id": "x1", "url": "https://api.mypurecloud.com/api/v2/downloads/x1"}
GOOD = {"messageId": "m1", "media": [{"id": "a1"}]}


@pytest.mark.parametrize("named", [{}, {"messageId": "a/b"}, {"messageId": 5}], ids=["none", "odd", "a number"])
async def test_a_message_without_a_usable_id_is_one_dead_letter_and_the_others_are_judged(
    named: dict[str, object],
) -> None:
    async with at_home(M1) as home:
        for status in ("received", "read"):
            odd = {**named, "messageStatus": status, "media": [FILE]}
            await home.take(snapshot(odd, GOOD))
            await home.take(snapshot(GOOD, odd))

        assert home.letters == [("no_ids", CONVERSATION, 1)]
        assert home.verdicts == ["a1", "a2"]


async def test_messages_without_ids_are_told_from_each_other() -> None:
    counted = {"messageMetadata": {"content": [{"contentType": "Attachment"}]}}
    odd = [
        {"media": [FILE]},
        {"media": [{**FILE, "id": "x2"}]},
        {**counted, "messageTime": "2026-05-31T10:00:00Z"},
        {**counted, "messageTime": "2026-05-31T10:00:01Z"},
        {**counted, "messageId": "a/b"},
    ]
    async with at_home() as home:
        await home.take(snapshot(*odd))
        await home.take(snapshot(*odd, *odd))

        assert len(home.letters) == len(odd)


async def test_a_conversation_that_lists_a_message_without_an_id_has_its_dead_letter() -> None:
    nameless = Message(CONVERSATION, "", announces_media=True, trace=("", "", "id:x1"))
    async with at_home(M1, nameless) as home:
        await home.take(BARE)
        await home.take(BARE)

        assert home.letters == [("no_ids", CONVERSATION, 1)]
        assert home.verdicts == ["a1", "a2"]


async def test_a_message_without_an_id_whose_files_need_no_answer_is_no_dead_letter() -> None:
    old = (NOW - timedelta(days=36)).isoformat()
    async with at_home() as home:
        await home.take(snapshot({"messageTime": old, "media": [FILE]}))
        await home.take(snapshot({"media": [{**FILE, "mediaType": "Link"}]}))

        assert home.letters == []
        assert (skipped(home)["beyond_horizon"], skipped(home)["link"]) == (1, 1)


async def test_a_replay_of_a_message_without_an_id_is_its_next_dead_letter_and_no_more() -> None:
    async with at_home() as home:
        await home.take(snapshot({"media": [FILE]}))
        replay = home.replay()
        for _ in range(2):
            await home.take(snapshot({"media": [FILE]}), replay=replay)

        assert [generation for _, _, generation in home.letters] == [1, 2]
