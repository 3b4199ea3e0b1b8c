"""Ids alone come before the snapshot that names the communication, by which the state of an upload can be asked."""

from __future__ import annotations

import asyncio
from collections import Counter

import anyio
import httpx
import pytest

from tests.ill import clock
from tests.ill.cloud import Cloud, Reply, call_of, error
from tests.ill.scene import event_of, playing


@pytest.mark.parametrize("first", ["ids", "details"])
@pytest.mark.parametrize("snapshot_after_s", [None, 0, 1, 400])
def test_an_upload_that_ids_announce_is_asked_for_by_its_communication(
    first: str, snapshot_after_s: float | None
) -> None:
    async def main() -> tuple[list[tuple[str, str]], dict[str, int]]:
        async with playing(Cloud({"1": "uploading"}, sizes=True)) as scene, asyncio.TaskGroup() as group:
            group.create_task(scene.judged(event_of("1", first)))
            if snapshot_after_s is not None:
                await asyncio.sleep(snapshot_after_s)
                group.create_task(scene.judged(event_of("1", "uploading")))
        return scene.answers, dict(scene.cloud.calls)

    answers, calls = clock.run(main)
    assert answers == [("1", "accepted")]
    assert (calls["conversation"], calls["media"]) == (1, 1)


def test_how_it_is_asked_for_is_known_for_the_next_time() -> None:
    async def main() -> dict[str, int]:
        async with playing(Cloud({"1": "uploading"}, sizes=True)) as scene, asyncio.TaskGroup() as group:
            scene.cloud.unfinished.add("1")
            asyncio.get_running_loop().call_later(20, scene.cloud.unfinished.clear)
            group.create_task(scene.judged(event_of("1", "ids")))
        assert scene.answers == [("1", "accepted")]
        return dict(scene.cloud.calls)

    calls = clock.run(main)
    assert calls["conversation"] == 1
    assert calls["bulk"] == 2, "the announced message, and whether it shows the upload by now"


class Exact(Cloud):
    """Knows a file under its own communication alone."""

    async def answer(self, request: httpx.Request) -> Reply:
        reply = await super().answer(request)
        wrong = call_of(request) == "media" and "/communications/t-1/" not in request.url.path
        return error(404, "not.found") if wrong else reply


def test_a_communication_that_a_record_makes_up_takes_no_upload_s_answer_away() -> None:
    true = event_of("1", "uploading")

    async def main() -> Counter[str]:
        cloud = Exact({"1": "uploading"}, unfinished={"1"})
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await scene.take(group, true.replace(b"t-1", b"t-made-up"))
            await scene.take(group, true)
            await anyio.sleep(100)
            cloud.unfinished.clear()
            for number in range(2, 40):
                cloud.kinds[str(number)] = "plain"
                await scene.take(group, event_of(str(number), "plain"))
                await anyio.sleep(20)
        assert dict(scene.answers)["1"] == "accepted"
        return cloud.calls

    assert clock.run(main)["conversation"] == 1
