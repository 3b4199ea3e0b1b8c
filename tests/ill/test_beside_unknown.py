"""How long honest customers wait beside a flood of ids that nobody knows, on a clock that waiting moves."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import NamedTuple

import anyio
import orjson
import pytest

from consumer.attempts import Backoff
from tests.ill import clock
from tests.ill.cloud import Cloud
from tests.ill.scene import Scene, event_of, playing

MANY, HONEST = 1_000, 100
OVER_S = 600.0
ANSWERS_TAKE_S = 0.1
CALLS_OF_HONEST = 3  # of two to the API and one to the file host
HONEST_SHARE = 0.4  # of what the limit lets through, and five a second at most
LASTS_S = 5.0  # so long before the last questions the second part of the honest ones begins

UNKNOWN = [event_of(f"x{number}", "plain") for number in range(MANY)]
UNKNOWN_OF_ONE = [orjson.dumps({"conversationId": "c-known", "messageId": f"m-x{number}"}) for number in range(MANY)]


class Told(NamedTuple):
    p95s: tuple[float, float]  # of the honest ones beside first questions, and beside last ones
    first_minute: int  # calls for the flood
    every: int


def p95(waits: Sequence[float]) -> float:
    return sorted(waits)[math.ceil(0.95 * len(waits)) - 1]


async def answered(scene: Scene, numbers: Sequence[int], every_s: float) -> float:
    """The p95 of the seconds from each event to its answer."""
    loop, waits = asyncio.get_running_loop(), list[float]()

    async def one(number: int) -> None:
        began = loop.time()
        await scene.judged(event_of(str(number), "plain"))
        waits.append(loop.time() - began)

    async with asyncio.TaskGroup() as group:
        for number in numbers:
            group.create_task(one(number))
            await anyio.sleep(every_s)
    return p95(waits)


def played(flood: Sequence[bytes], per_minute: int) -> Told:
    """Honest traffic that begins in the instant of the flood, and again as its last questions come."""
    every_s = max(0.2, 2 * 60 / (0.8 * per_minute) / HONEST_SHARE)
    early, late = range(HONEST), range(HONEST, 2 * HONEST)

    async def main() -> Told:
        loop = asyncio.get_running_loop()
        known = dict.fromkeys(["known", *map(str, (*early, *late))], "plain")
        async with playing(Cloud(known, takes_s=ANSWERS_TAKE_S), per_minute, Backoff(8, OVER_S)) as scene:
            await scene.judged(event_of("known", "plain"))  # so that bulk is known to be had
            await anyio.sleep(60)
            calls, began, honest = scene.cloud.calls, loop.time(), 0
            calls.clear()

            def of_flood() -> int:
                return calls.total() - calls["token"] - honest

            async def first_minute() -> int:
                await anyio.sleep(60)
                return of_flood() - CALLS_OF_HONEST * min(HONEST, math.ceil(60 / every_s))

            async with asyncio.TaskGroup() as group:
                for value in flood:
                    await scene.take(group, value)
                counted = group.create_task(first_minute())
                beside_first = await answered(scene, early, every_s)
                await anyio.sleep(began + OVER_S - LASTS_S - loop.time())
                beside_last = await answered(scene, late, every_s)
            honest = CALLS_OF_HONEST * 2 * HONEST
            return Told((beside_first, beside_last), counted.result(), of_flood())

    return clock.run(main)


@pytest.mark.parametrize("per_minute", [300, 6_000, 60_000])
def test_honest_customers_wait_no_longer_beside_a_thousand_unknown_conversations(per_minute: int) -> None:
    (alone, _), *_ = played([], per_minute)
    told = played(UNKNOWN, per_minute)
    print(f"{per_minute} calls a minute: p95 alone {alone:.3f} s; {told}")
    assert max(told.p95s) <= 1.2 * alone
    assert told.first_minute <= 1.1 * MANY
    assert 2 * MANY <= told.every <= 2.5 * MANY


def test_honest_customers_wait_no_longer_beside_a_thousand_unknown_ids_of_one_conversation() -> None:
    (alone, _), *_ = played([], 300)
    told = played(UNKNOWN_OF_ONE, 300)
    print(f"p95 alone {alone:.3f} s; {told}")
    assert max(told.p95s) <= 1.2 * alone
    assert told.every <= 10


LATE_S, EVERY_S, LATE = 1.0, 4.0, 30


def late_beside(unknown: int) -> float:
    """The p95 of events that come a second before what they announce, beside conversations that nobody knows."""

    async def main() -> float:
        loop, waits = asyncio.get_running_loop(), list[float]()
        async with playing(Cloud({"known": "plain"}), 300, Backoff(8, OVER_S)) as scene:
            await scene.judged(event_of("known", "plain"))
            async with asyncio.TaskGroup() as group:

                async def one(number: str) -> None:
                    began = loop.time()
                    loop.call_later(LATE_S, scene.cloud.kinds.update, {number: "plain"})
                    await scene.judged(event_of(number, "plain"))
                    waits.append(loop.time() - began)

                for value in UNKNOWN[:unknown]:
                    await scene.take(group, value)
                await anyio.sleep(30)
                for number in range(LATE):
                    group.create_task(one(str(number)))
                    await anyio.sleep(EVERY_S)
            answers = [answer for number, answer in scene.answers if number.isdigit()]
            assert answers == ["accepted"] * LATE
        return p95(waits)

    return clock.run(main)


def test_what_genesys_shows_a_second_late_does_not_wait_for_those_that_it_may_never_know() -> None:
    alone, beside = late_beside(0), late_beside(MANY)
    print(f"p95 alone {alone:.1f} s, beside {MANY} unknown conversations {beside:.1f} s")
    assert beside <= 1.5 * alone
