"""What a flood of ids that nobody knows costs in calls to the API, with the attempts and the limit of a deployment."""

from __future__ import annotations

import asyncio

import anyio
import httpx
import orjson
import pytest

from consumer.attempts import Backoff
from consumer.genesys.api import NIL
from consumer.model.resting import TASK
from tests.ill import clock
from tests.ill.cloud import Cloud, Reply, error
from tests.ill.scene import Scene, event_of, playing
from tests.reports import Busy

MANY, PER_MINUTE = 250, 75  # a quarter of a thousand, and of what a client may ask: the shares are the same
A_DEPLOYMENT = Backoff(8, 600.0)


def calls(scene: Scene) -> int:
    """To the API; not to the login."""
    return scene.cloud.calls.total() - scene.cloud.calls["token"]


async def all_answered(scene: Scene, values: list[bytes]) -> tuple[int, int]:
    """How many calls were made within the first minute, and how many in all."""
    before = calls(scene)
    async with asyncio.TaskGroup() as group:
        for value in values:
            await scene.take(group, value)
        await anyio.sleep(60)
        first = calls(scene) - before
    return first, calls(scene) - before


class Strict(Cloud):
    """Takes no ids that are made up."""

    async def answer(self, request: httpx.Request) -> Reply:
        reply = await super().answer(request)
        return error(400, "bad.request") if reply.status == 404 and NIL not in request.url.path else reply


def costs_of_unknown(
    kind: str, many: int, per_minute: int, bulk_is_known: bool, cloud_of: type[Cloud] = Cloud, answer: str = "not_found"
) -> tuple[int, int]:
    async def main() -> tuple[int, int]:
        async with playing(cloud_of({"known": "plain"}), per_minute, A_DEPLOYMENT) as scene:
            if bulk_is_known:
                await scene.judged(event_of("known", "plain"))
            told = await all_answered(scene, [event_of(str(number), kind) for number in range(many)])
            unknown = [(str(number), f"dead {answer}") for number in range(many)]
            assert sorted(scene.answers) == sorted([("known", "accepted")] * bulk_is_known + unknown)
            return told

    first, every = clock.run(main)
    print(f"{kind}: {first} calls in the first minute, {every} in all")
    return first, every


@pytest.mark.parametrize("kind", ["plain", "bare"])
def test_unknown_conversations_cost_a_first_and_a_last_question_each_and_few_repeats(kind: str) -> None:
    """Of a thousand at most 1,100 in the first minute, and 2,500 in all."""
    first, every = costs_of_unknown(kind, MANY, PER_MINUTE, bulk_is_known=True)
    assert first <= 1.1 * MANY
    assert 2 * MANY <= every <= 2.5 * MANY


@pytest.mark.parametrize("kind", ["plain", "bare", "details"])
def test_conversations_whose_ids_genesys_does_not_take_cost_no_more(kind: str) -> None:
    first, every = costs_of_unknown(kind, MANY, PER_MINUTE, True, Strict, "no_ids")
    assert first <= 1.1 * MANY
    assert every <= 2.7 * MANY, "with the questions that show that others are taken"


def test_they_cost_no_more_before_the_first_answer_in_bulk() -> None:
    first, every = costs_of_unknown("plain", 1_000, 6_000, bulk_is_known=False)
    assert first <= 1_100
    assert 2_000 <= every <= 2_500


def test_a_thousand_unknown_ids_of_one_conversation_cost_ten_calls() -> None:
    async def main() -> tuple[int, int]:
        async with playing(Cloud({"1": "plain"}), 300, A_DEPLOYMENT) as scene:
            values = [orjson.dumps({"conversationId": "c-1", "messageId": f"m-x{n}"}) for n in range(1_000)]
            told = await all_answered(scene, values)
            assert [answer for _, answer in scene.answers] == ["dead not_found"] * 1_000
            return told

    first, every = clock.run(main)
    print(f"{first} calls in the first minute, {every} in all")
    assert every <= 10


@pytest.mark.parametrize("known_before", [False, True])
def test_a_thousand_unknown_attachments_of_one_message_cost_ten_calls(known_before: bool) -> None:
    """What was shown for the message answers the first question about each of them."""

    def named(number: int) -> bytes:
        listed = {"messageId": "m-1", "messageStatus": "received", "media": [{"id": f"a-x{number}"}]}
        talk = {"id": "t-1", "messages": [listed]}
        return orjson.dumps({"id": "c-1", "participants": [{"purpose": "customer", "messages": [talk]}]})

    async def main() -> int:
        async with playing(Cloud({"1": "plain"}), 300, A_DEPLOYMENT) as scene:
            if known_before:
                await scene.judged(event_of("1", "plain"))
            before = scene.cloud.calls["bulk"]
            await all_answered(scene, [named(number) for number in range(1_000)])
            assert sorted(answer for _, answer in scene.answers) == ["accepted"] + ["dead not_found"] * 1_000
            return scene.cloud.calls["bulk"] - before

    assert clock.run(main) <= 10


@pytest.mark.parametrize("what", ["attachments", "messages"])
def test_one_event_with_hundreds_of_invented_ids_costs_few_calls_and_few_of_them_wait(what: str) -> None:
    many = 700  # so that it is not decoded in a thread, beside this clock
    files = [{"contentType": "Attachment", "attachment": {"id": f"a-x{n}", "url": "https://x"}} for n in range(many)]
    real = {"contentType": "Attachment", "attachment": {"id": "a-1", "mediaType": "Image"}}
    if what == "attachments":
        message = {"id": "m-1", "type": "Text", "direction": "Inbound", "content": [*files, real]}
        forged: object = {"conversationId": "c-1", "messageId": "m-1", "normalizedMessage": message}
    else:
        named = [f"m-x{n}" for n in range(many)] + ["m-1"]
        media = [{"messageId": id_, "media": [{"id": f"a-{id_[2:]}", "mediaType": "image/png"}]} for id_ in named]
        forged = {"id": "c-1", "participants": [{"purpose": "customer", "messages": [{"messages": media}]}]}

    async def main() -> tuple[int, int]:
        async with playing(Cloud({"1": "plain"}), 300, A_DEPLOYMENT) as scene:
            TASK.set(Busy(1))
            async with asyncio.TaskGroup() as group:
                await scene.take(group, orjson.dumps(forged))
                await anyio.sleep(60)
                waiting = len(asyncio.all_tasks())
            answers = [answer for _, answer in scene.answers]
            assert answers.count("accepted") == 1
            assert answers.count("dead not_found") == many
            return waiting, calls(scene)

    waiting, cost = clock.run(main)
    print(f"{what}: {waiting} coroutines after a minute, {cost} calls in all")
    assert waiting <= 100
    assert cost <= 20


def test_one_event_with_hundreds_of_invented_messages_and_no_conversation_costs_few_calls() -> None:
    many = 400
    messages = [{"id": f"m-x{n}", "attachments": [{"id": f"a-x{n}"}]} for n in range(many)]

    async def main() -> int:
        async with playing(Cloud({"1": "plain"}), 300, A_DEPLOYMENT) as scene:
            await scene.judged(orjson.dumps({"messages": messages}))
            assert [answer for _, answer in scene.answers] == ["dead not_found"] * many
            return calls(scene)

    assert clock.run(main) <= 30


def test_one_that_is_known_behind_many_that_are_not_tells_the_conversation() -> None:
    messages = [{"id": f"m-{n}", "attachments": [{"id": f"a-{n}"}]} for n in ("x1", "x2", "x3", "x4", "x5", "1")]

    async def main() -> None:
        async with playing(Cloud({"1": "plain"}), 300, A_DEPLOYMENT) as scene:
            await scene.judged(orjson.dumps({"messages": messages}))
            assert dict(scene.answers)["1"] == "accepted"

    clock.run(main)
