"""Links that are over before their file's turn has come, as where many files wait for a slow host."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import anyio
import httpx

from tests.ill import clock
from tests.ill.cloud import Cloud, Reply, call_of
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
