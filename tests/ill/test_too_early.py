"""What was announced before its time, by whomever, takes nothing from its true event, and costs little."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from consumer.attempts import Backoff
from tests.ill import clock
from tests.ill.cloud import Cloud
from tests.ill.scene import event_of, playing

PER_MINUTE = 300
A_DEPLOYMENT = Backoff(8, 600.0)
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
