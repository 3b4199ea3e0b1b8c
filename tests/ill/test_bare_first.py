"""Ids alone come before the snapshot that names the communication, by which the state of an upload can be asked."""

from __future__ import annotations

import asyncio

import pytest

from tests.ill import clock
from tests.ill.cloud import Cloud
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
