"""A file whose workers are ended from outside: its task is written again before the last one."""

from __future__ import annotations

import orjson

from consumer.attempts import Attempts
from consumer.errors import LastTryAhead
from consumer.model import Source, Tries
from consumer.stream.transaction import ProducerRecord
from consumer.wire.tasks import decode_task
from tests.judge.home import CONVERSATION, NOW_MS, Home, at_home, attachment, event, message

TWO = message("m1", attachment("bomb"), attachment("photo"))
BOMB = attachment("bomb").identity
NAMED = orjson.dumps({"conversationId": CONVERSATION, "messageId": "m1"})


def all_but_the_last_in_vain(home: Home) -> None:
    async def ended(name: str | None, attempt: Attempts) -> None:
        if name == "bomb" and home.inspecting.tries[-1] is Tries.BUT_LAST:
            raise LastTryAhead

    home.inspecting.before = ended


async def take_again(home: Home, record: ProducerRecord) -> None:
    task = decode_task(record.value, record.headers, Source(record.topic, 0, 8, NOW_MS))
    await home.take(record.value, tried=task.tried, conversation_id=task.conversation_id)


async def test_the_task_names_the_file_and_its_other_files_are_answered() -> None:
    async with at_home(TWO) as home:
        all_but_the_last_in_vain(home)
        await home.take(event(["bomb", "photo"]))
        assert home.verdicts == ["photo"]
        (again,) = home.moved
        assert decode_task(again.value, again.headers, Source("tasks", 0, 8, 0)).tried == {BOMB}
        await take_again(home, again)

        assert home.verdicts == ["bomb", "photo"]
        assert home.inspecting.tries[-1] is Tries.LAST
        assert home.inspecting.begun == {"bomb": 2, "photo": 1}
        assert not home.bugs.count(True)


async def test_a_message_that_is_only_named_is_not_done_while_one_of_its_files_has_a_last_try() -> None:
    async with at_home(TWO) as home:
        all_but_the_last_in_vain(home)
        await home.take(NAMED)
        assert home.verdicts == ["photo"]
        await take_again(home, home.moved[0])
        assert home.verdicts == ["bomb", "photo"]
        calls = home.genesys.calls
        await home.take(NAMED)
        assert home.genesys.calls == calls, "now it is done"


async def test_repeats_of_the_task_leave_the_last_try_to_it() -> None:
    async with at_home(TWO) as home:
        all_but_the_last_in_vain(home)
        for _ in range(3):
            await home.take(event(["bomb", "photo"]))
        assert home.inspecting.begun == {"bomb": 1, "photo": 1}
        home.commit()
        await take_again(home, home.moved[0])
        assert home.verdicts == ["bomb", "photo"]


async def test_whoever_takes_over_answers_without_a_try() -> None:
    async with at_home(TWO) as first, at_home(TWO) as second:
        all_but_the_last_in_vain(first)
        await first.take(event(["bomb", "photo"]))
        first.commit()
        await take_again(second, first.moved[0])

        assert second.verdicts == ["bomb", "photo"]
        assert sorted(second.inspecting.tries) == [Tries.BUT_LAST, Tries.NONE]


async def test_a_task_that_is_too_large_to_be_written_again_makes_its_last_try_at_once() -> None:
    async with at_home(TWO) as home:
        all_but_the_last_in_vain(home)
        home.assignment._write_again = lambda record: False  # type: ignore[method-assign] # as the topic's limit says
        await home.take(event(["bomb", "photo"]))
        assert home.verdicts == ["bomb", "photo"]
        assert Tries.LAST in home.inspecting.tries
