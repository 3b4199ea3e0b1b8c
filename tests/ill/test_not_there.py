"""A new file that is said not to be there: one that is gone, or all, by who is not well."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from consumer.model import Condition
from tests.ill import clock
from tests.ill.cloud import Cloud, Reply, denied, error
from tests.ill.scene import BACKOFF, OVER_S, Scene, event_of, playing

TAKEN = "2026-09-21T14:13:20Z"  # as the scene's events
GONE = pytest.mark.parametrize(
    ("call", "reply"),
    [
        ("download", error(404, "not.found")),
        ("download", error(404, "download.not.found")),
        ("file", denied("NoSuchKey", 404)),
    ],
)


async def take(scene: Scene, group: asyncio.TaskGroup, *numbers: str, each_s: float = 0.0, kind: str = "plain") -> None:
    for number in numbers:
        scene.cloud.kinds[number] = kind
        await scene.take(group, event_of(number, kind))
        await anyio.sleep(each_s)


@GONE
@pytest.mark.parametrize("lag_ms", [0, 3_600_000], ids=["at once", "taken an hour late"])
def test_while_no_new_file_is_there_none_is_said_to_be_gone(call: str, reply: Reply, lag_ms: int) -> None:
    async def main() -> None:
        cloud = Cloud(sent=TAKEN)
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            scene.lag_ms = lag_ms
            await take(scene, group, "1", "2", each_s=30)
            cloud.ill = lambda asked: reply if asked == call else None
            await take(scene, group, *map(str, range(3, 31)), each_s=30)
            assert sorted(scene.answers) == [("1", "accepted"), ("2", "accepted")]
            assert scene.holds(Condition.STILL_FAILING)
            assert not scene.gates.closed, "the API answers"
            cloud.ill = lambda asked: None
        assert sorted(scene.answers, key=lambda one: int(one[0])) == [(str(n), "accepted") for n in range(1, 31)]
        assert not scene.holds(Condition.STILL_FAILING)

    clock.run(main)


@GONE
def test_one_that_is_gone_is_said_to_be_once_others_were_there_each_time(call: str, reply: Reply) -> None:
    async def main() -> None:
        cloud = Cloud(sent=TAKEN)
        cloud.ill_of = {(call, "1"): reply}
        loop = asyncio.get_running_loop()
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            began = loop.time()
            await take(scene, group, "1")
            await anyio.sleep(OVER_S / 2)
            await take(scene, group, "2")
            await anyio.sleep(OVER_S)
            assert scene.answers == [("2", "accepted")], "one delivery proves one answer"
        assert loop.time() - began >= BACKOFF.doubted_s
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await take(scene, group, "1")
            await take(scene, group, *map(str, range(2, 30)), each_s=OVER_S / 10)
            assert not scene.holds(Condition.STILL_FAILING)
            assert dict(scene.answers)["1"] == "no_longer_available"

    clock.run(main)


@GONE
def test_where_nobody_else_asks_for_a_file_it_is_gone_in_the_end(call: str, reply: Reply) -> None:
    async def main() -> None:
        cloud = Cloud(sent=TAKEN)
        cloud.ill_of = {(call, "1"): reply}
        loop = asyncio.get_running_loop()
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            began = loop.time()
            await take(scene, group, "1")
        assert BACKOFF.doubted_s <= loop.time() - began < BACKOFF.doubted_s + 2 * OVER_S
        assert scene.answers == [("1", "no_longer_available")]
        assert not scene.holds(Condition.STILL_FAILING)

    clock.run(main)


def test_that_old_files_are_there_says_nothing_of_new_ones() -> None:
    async def main() -> None:
        cloud = Cloud(sent=TAKEN)
        cloud.sent_of = {str(number): "2026-09-01T00:00:00Z" for number in range(1, 50, 2)}
        new_ones = [str(number) for number in range(0, 50, 2)]
        cloud.ill_of = {("download", number): error(404, "not.found") for number in new_ones}
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await take(scene, group, *map(str, range(50)), each_s=15)
            assert dict(scene.answers) == dict.fromkeys(cloud.sent_of, "accepted")
            cloud.ill_of.clear()
        assert dict(scene.answers) == dict.fromkeys(cloud.kinds, "accepted")

    clock.run(main)


def test_while_no_upload_ends_none_is_given_up_and_one_that_never_ends_is_once_other_files_are_there() -> None:
    async def main() -> None:
        slow, never = [*map(str, range(3, 25))], "99"
        cloud = Cloud(sent=TAKEN, unfinished={*slow, never})
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await take(scene, group, "1", "2", each_s=30)
            await take(scene, group, never, *slow, each_s=30, kind="uploading")
            assert sorted(scene.answers) == [("1", "accepted"), ("2", "accepted")]
            cloud.unfinished -= {*slow}
        assert dict(scene.answers) == {**dict.fromkeys(cloud.kinds, "accepted"), never: "dead unavailable"}

    clock.run(main)


@pytest.mark.parametrize(("call", "reply"), [("file", denied("NoSuchKey", 404)), ("download", error(404, "not.found"))])
def test_a_new_file_is_not_said_to_be_gone_because_old_ones_come(call: str, reply: Reply) -> None:
    async def main() -> None:
        cloud = Cloud(sent="2026-09-01T00:00:00Z")
        cloud.sent_of, cloud.ill_of = {"0": TAKEN}, {(call, "0"): reply}
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await take(scene, group, *map(str, range(40)), each_s=15)
            assert "0" not in dict(scene.answers)
            cloud.ill_of.clear()
        assert dict(scene.answers) == dict.fromkeys(cloud.kinds, "accepted")

    clock.run(main)
