"""What is over before its turn has come: links where many files wait for a slow host, tokens where calls wait."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import anyio
import httpx
import orjson

from consumer.genesys.limiter import AT_ONCE
from tests.ill import clock
from tests.ill.cloud import JSON, Cloud, Reply, call_of
from tests.ill.scene import event_of, playing

FILES, LINK_S, FILE_S = 400, 20.0, 15.0  # of which 64 are under way at once


@dataclass
class SlowHost(Cloud):
    async def answer(self, request: httpx.Request) -> Reply:
        reply = await super().answer(request)
        if call_of(request) == "file" and reply.status == 200:
            await anyio.sleep(FILE_S)
        return reply


def test_a_link_that_was_over_before_its_turn_is_resolved_once_more_and_blames_nobody() -> None:
    async def main() -> None:
        cloud = SlowHost({str(number): "plain" for number in range(FILES)}, link_s=LINK_S)
        async with playing(cloud) as scene:
            closed = scene.count_closings()
            async with asyncio.timeout(8 * FILE_S), asyncio.TaskGroup() as group:
                for number in cloud.kinds:
                    await scene.take(group, event_of(number, "plain"))
            assert sorted(scene.answers) == sorted((number, "accepted") for number in cloud.kinds)
            assert closed() == 0
            assert cloud.calls["download"] <= 2 * FILES

    clock.run(main)


TALKS, HOLD_S = 300, 250.0
LIMITED = Reply(
    429, orjson.dumps({"code": "too.many.requests", "status": 429}), JSON | {"retry-after": str(int(HOLD_S))}
)


@dataclass
class Counting(Cloud):
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)

    async def answer(self, request: httpx.Request) -> Reply:
        reply = await super().answer(request)
        self.answered[call_of(request), reply.status] += 1
        return reply


def test_a_token_that_was_over_before_a_call_s_turn_is_not_sent_by_each_that_waited() -> None:
    async def main() -> None:
        cloud = Counting({str(number): "plain" for number in range(TALKS)})
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            cloud.ill_of = {("bulk", "0"): LIMITED}
            await scene.take(group, event_of("0", "plain"))
            await anyio.sleep(1)
            cloud.ill_of = {}
            for number in list(cloud.kinds)[1:]:
                await scene.take(group, event_of(number, "plain"))
            await anyio.sleep(HOLD_S / 2)
            cloud.tokens.clear()
        assert len(scene.answers) == cloud.answered["bulk", 200] == TALKS
        assert cloud.answered["bulk", 401] <= AT_ONCE

    clock.run(main)
