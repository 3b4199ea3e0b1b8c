"""What was announced before its time, by whomever, takes nothing from its true event, and costs little."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import orjson
import pytest

from consumer.attempts import Backoff
from tests.ill import clock
from tests.ill.cloud import Cloud
from tests.ill.scene import event_of, playing

PER_MINUTE = 300
A_DEPLOYMENT = Backoff(8, 600.0)
COUNTED = orjson.dumps({
    "topicName": "v2.users.u.conversations.messages",
    "eventBody": {
        "id": "c-1",
        "participants": [
            {
                "purpose": "customer",
                "messages": [
                    {
                        "message": {"id": "m-1"},
                        "messageStatus": "received",
                        "messageMetadata": {"type": "Text", "content": [{"contentType": "Attachment"}]},
                    }
                ],
            }
        ],
    },
})  # fmt: skip
DEAD, ACCEPTED = ("1", "dead not_found"), ("1", "accepted")


@pytest.mark.parametrize("kind", ["plain", "bare", "details"])
@pytest.mark.parametrize("shown_after_s", [0, 5, 60])
def test_the_true_event_of_what_was_given_up_is_answered_as_soon_as_without(kind: str, shown_after_s: int) -> None:
    async def answered_after(given_up: bool) -> float:
        async with playing(Cloud({"5": "plain"}, sizes=True), PER_MINUTE, A_DEPLOYMENT) as scene:
            await scene.judged(event_of("5", "plain"))
            if given_up:
                await scene.judged(event_of("1", kind))
                assert scene.answers[1:] == [DEAD]
                await anyio.sleep(3_000)
            loop = asyncio.get_running_loop()
            loop.call_later(shown_after_s, scene.cloud.kinds.update, {"1": "plain"})
            began = loop.time()
            await scene.judged(event_of("1", kind))
            assert scene.answers[1:] == [DEAD, ACCEPTED][not given_up :]
            return loop.time() - began

    async def main() -> tuple[float, float]:
        return await answered_after(False), await answered_after(True)

    without, after = clock.run(main)
    print(f"{kind}, shown after {shown_after_s} s: {without:.1f} s, given up before: {after:.1f} s")
    assert after <= 1.2 * without + 1


@pytest.mark.parametrize("every_s", [60.0, 10.0])
def test_an_hour_of_events_about_what_was_given_up_costs_few_calls_and_the_true_one_is_answered(every_s: float) -> None:
    async def main() -> tuple[int, float]:
        async with playing(Cloud({"5": "plain"}, sizes=True), PER_MINUTE, A_DEPLOYMENT) as scene:
            await scene.judged(event_of("5", "plain"))
            await scene.judged(event_of("1", "plain"))
            loop, calls = asyncio.get_running_loop(), scene.cloud.calls
            calls.clear()
            async with asyncio.TaskGroup() as group:
                began = loop.time()
                while loop.time() < began + 3_600:
                    await scene.take(group, event_of("1", "plain"))
                    await anyio.sleep(every_s)
                cost, shown = calls.total() - calls["token"], loop.time()
                scene.cloud.kinds["1"] = "plain"
                await scene.judged(event_of("1", "plain"))
                waited_s = loop.time() - shown
            assert scene.answers[1:] == [DEAD, ACCEPTED]
            return cost, waited_s

    cost, waited_s = clock.run(main)
    print(f"one event each {every_s:.0f} s: {cost} calls in an hour, the true one answered after {waited_s:.0f} s")
    assert cost <= min(3 * 3_600 / every_s, 600)
    assert waited_s <= 600


class Thin(Cloud):
    """Shows message 1 without what is in it, or with a place for it alone, until it is `whole`."""

    content: tuple[dict[str, str], ...] = ()
    whole = False

    def _message(self, number: str) -> dict[str, Any]:
        message = super()._message(number)
        if number == "1" and not self.whole:
            message["normalizedMessage"]["content"] = list(self.content)
        return message


def thin(*content: dict[str, str]) -> Thin:
    cloud = Thin({"1": "plain"}, sizes=True)
    cloud.content = content
    return cloud


def test_a_message_that_has_a_place_for_an_attachment_is_waited_for_until_it_is_there() -> None:
    async def main() -> None:
        async with playing(thin({"contentType": "Attachment"}), PER_MINUTE, A_DEPLOYMENT) as scene:
            asyncio.get_running_loop().call_later(6, setattr, scene.cloud, "whole", True)
            await scene.judged(event_of("1", "plain"))
            assert scene.answers == [ACCEPTED]

    clock.run(main)


def test_a_message_that_never_shows_what_it_has_a_place_for_is_a_dead_letter() -> None:
    async def main() -> None:
        async with playing(thin({"contentType": "Attachment"}), PER_MINUTE, A_DEPLOYMENT) as scene:
            await scene.judged(event_of("1", "plain"))
            assert scene.answers == [DEAD]

    clock.run(main)


def test_who_counts_attachments_asks_again_about_a_message_that_was_shown_empty() -> None:
    async def main() -> None:
        async with playing(thin(), PER_MINUTE, A_DEPLOYMENT) as scene:
            await scene.judged(event_of("1", "plain"))
            calls = scene.cloud.calls.copy()
            await scene.judged(event_of("1", "plain"))
            assert (scene.answers, scene.cloud.calls) == ([], calls), "who counts none does not"
            asyncio.get_running_loop().call_later(6, setattr, scene.cloud, "whole", True)
            await scene.judged(COUNTED)
            assert scene.answers == [ACCEPTED]
            calls = scene.cloud.calls.copy()
            for event in (COUNTED, event_of("1", "plain")):
                await scene.judged(event)
            assert (scene.answers, scene.cloud.calls) == ([ACCEPTED], calls)

    clock.run(main)
