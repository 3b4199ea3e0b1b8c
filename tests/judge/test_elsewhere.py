"""A message that Genesys knows in another conversation than the event named: it is answered once, and there."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import orjson
import pytest

from consumer.model import Attachment, Message, Source
from consumer.wire.tasks import decode_task
from tests.judge.home import CONVERSATION, NOW_MS, Home, at_home, attachment, event, message

OTHER = "22222222-2222-4222-8222-222222222222"


def there(*names: str) -> Message:
    """A message of the other conversation."""
    return replace(message("m1", *map(of_other, names)), conversation_id=OTHER)


def of_other(name: str) -> Attachment:
    return replace(attachment(name), conversation_id=OTHER)


async def settle(home: Home) -> None:
    """Until nothing is written to the tasks any more."""
    for _ in range(10):
        home.commit()
        if not home.moved:
            return
        record = home.moved.pop(0)
        task = decode_task(record.value, record.headers, Source("tasks", 0, 8, NOW_MS))
        await home.judge.judge(task, home.assignment, nullcontext)
    raise AssertionError("it moves for ever")


def answered(home: Home) -> list[tuple[str, str]]:
    home.commit()
    decided = [answer.decision.attachment for answer in home.published if answer.decision]
    return sorted((one.conversation_id, one.attachment_id or "") for one in decided)


FORGED = [
    event(["a1"]),
    event(["made-up"]),
    orjson.dumps({"conversationId": CONVERSATION, "messageId": "m1"}),
    orjson.dumps([{"conversationId": CONVERSATION, "messageId": "m1"}, {"messageId": "unheard-of"}]),
]


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("first", [True, False])
async def test_a_pair_of_one_conversation_and_another_s_message_answers_nothing_twice(
    forged: bytes, first: bool
) -> None:
    true = event(["a1", "a2"], conversation=OTHER)
    async with at_home(there("a1", "a2")) as home:
        home.genesys.careless = True
        for value in (forged, true) if first else (true, forged):
            await home.take(value)
            await settle(home)
        assert answered(home) == [(OTHER, "a1"), (OTHER, "a2")]
        assert all(name in ("unheard-of", "bytes") for _, name, _ in home.letters)


async def test_what_only_such_a_pair_announces_is_judged_all_the_same() -> None:
    """As where a conversation was merged into another one after its event was written."""
    async with at_home(there("a1")) as home:
        home.genesys.careless = True
        await home.take(event(["a1"]))
        await settle(home)
        assert (answered(home), home.letters) == ([(OTHER, "a1")], [])


async def test_it_is_so_for_what_a_conversation_lists() -> None:
    async with at_home(there("a1"), message("m2", attachment("b1", "m2"))) as home:
        home.genesys.careless = True
        home.genesys.listings["m1"] = message("m1", attachment("a1"))
        await home.take(orjson.dumps({"conversationId": CONVERSATION}))
        await settle(home)
        assert answered(home) == [(CONVERSATION, "b1"), (OTHER, "a1")]


async def test_what_genesys_said_once_and_takes_back_costs_no_answer() -> None:
    async with at_home(message("m1", attachment("a1"))) as home:

        async def once(call: int) -> None:
            home.genesys.messages["m1"] = there("a1") if call == 1 else message("m1", attachment("a1"))

        home.genesys.careless, home.genesys.before = True, once
        await home.take(orjson.dumps({"conversationId": CONVERSATION, "messageId": "m1"}))
        await settle(home)
        assert (answered(home), home.letters) == ([(CONVERSATION, "a1")], [])
