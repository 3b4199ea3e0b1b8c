"""A body that is not what Genesys says of it: doubted, and the file where it comes again and again."""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial
from typing import Any

import anyio
import httpx
import pytest

from consumer.download.sizes import CHANGED_S
from consumer.model import Accepted
from tests.ill import clock
from tests.ill.cloud import PNG, Cloud, Reply, number_in
from tests.ill.scene import ATTEMPTS, event_of, playing
from tests.ill.test_one_alone import plain, settle

WRONG = {"contentSizeBytes": 77}
THEIRS = PNG + b"theirs"


def test_a_size_that_lies_costs_time_and_no_verdict() -> None:
    """What comes again and again is the file, once the host has delivered others, or its probe is answered."""

    async def main(others: int) -> None:
        cloud = Cloud(plain("1"), declared={"1": WRONG}, sizes=True)
        scene = await settle(cloud, "1", others=others)
        assert set(scene.answers) == {("1", "accepted"), *((f"9{other}", "accepted") for other in range(others))}
        assert cloud.calls["file"] >= others + ATTEMPTS
        assert not scene.gates.closed

    for others in (0, 60):
        clock.run(partial(main, others))


def test_several_whose_sizes_lie_in_an_idle_night_prove_that_their_host_delivers() -> None:
    async def main() -> None:
        cloud = Cloud(plain(*"12"), bodies={"1": PNG + b"1", "2": PNG + b"2"}, declared=dict.fromkeys("12", WRONG))
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            for number in "12":
                await scene.take(group, event_of(number, "plain"))
        assert sorted(scene.answers) == [(number, "accepted") for number in "12"]

    clock.run(main)


def test_hours_of_other_bytes_that_each_file_has_for_itself_are_waited_out_where_sizes_fitted_before() -> None:
    """A cache that mixes up its files, or a page that names the file that was asked for."""

    async def main() -> None:
        numbers = [str(number) for number in range(400)]
        cloud = Cloud(plain(*numbers), sizes=True)
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            for number in numbers[:5]:
                await scene.judged(event_of(number, "plain"))
            cloud.ill_of = {("file", number): Reply(200, PNG + number.encode()) for number in numbers[5:]}
            async with anyio.create_task_group() as traffic:

                async def more() -> None:
                    for number in numbers[5:]:
                        await scene.take(group, event_of(number, "plain"))
                        await anyio.sleep(30)

                traffic.start_soon(more)
                await anyio.sleep(4 * 3_600)
                assert len(scene.answers) == 5
                cloud.ill_of = {}
        assert {answer for _, answer in scene.answers} == {"accepted"}
        assert len(scene.answers) == 400

    clock.run(main)


def test_where_genesys_says_wrong_sizes_for_good_after_right_ones_files_come_again_within_a_day() -> None:
    async def main() -> float:
        numbers = [str(number) for number in range(30)]
        cloud = Cloud(plain(*numbers), sizes=True)
        cloud.bodies = {number: PNG + number.encode() for number in numbers}
        loop = asyncio.get_running_loop()
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            for number in numbers[:5]:
                await scene.judged(event_of(number, "plain"))
            cloud.declared = dict.fromkeys(numbers[5:], WRONG)
            changed = loop.time()
            async with asyncio.TaskGroup() as waiting:
                for number in numbers[5:10]:
                    await scene.take(waiting, event_of(number, "plain"))
            took = loop.time() - changed
            for number in numbers[10:]:
                await scene.take(group, event_of(number, "plain"))
                await anyio.sleep(60)
            assert len(scene.answers) > 25, "and then at once"
        assert not scene.gates.closed
        assert sorted(scene.answers) == sorted((number, "accepted") for number in numbers)
        return took

    assert CHANGED_S <= clock.run(main) <= CHANGED_S + 3_600


class OfTwoMessengers(Cloud):
    """Messages whose number is divided by four come by another messenger than the rest."""

    def _message(self, number: str) -> dict[str, Any]:
        told = super()._message(number)
        return told | {"messengerType": "whatsapp" if int(number) % 4 == 0 else "webmessaging"}


def test_an_outage_teaches_nothing_of_one_messenger_where_the_sizes_of_another_fitted() -> None:
    """Else three foreign files of it would show that the host delivers, and others would be believed for that."""

    async def main() -> None:
        numbers = [str(number) for number in range(1, 130)]
        cloud = OfTwoMessengers(plain(*numbers), sizes=True)
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            before = [number for number in numbers[:12] if int(number) % 4]
            for number in before:
                await scene.judged(event_of(number, "plain"))
            cloud.ill_of = {("file", number): Reply(200, PNG + number.encode()) for number in numbers[12:]}
            for number in numbers[12:]:
                await scene.take(group, event_of(number, "plain"))
                await anyio.sleep(20)
            assert len(scene.answers) == len(before), "nothing is believed meanwhile"
            cloud.ill_of = {}
        assert set(scene.answers) == {(number, "accepted") for number in (*before, *numbers[12:])}
        shas = {one.decision.verdict.facts.sha256 for one in scene.partition.published if one.decision}
        assert shas == {hashlib.sha256(PNG).hexdigest()}

    clock.run(main)


def test_a_feed_whose_sizes_always_lie_goes_on_after_its_first_files() -> None:
    async def main() -> None:
        numbers = [str(number) for number in range(100)]
        cloud = Cloud(plain(*numbers), declared=dict.fromkeys(numbers, WRONG))
        cloud.bodies = {number: PNG + number.encode() for number in numbers}
        loop = asyncio.get_running_loop()
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            for number in numbers:
                began = loop.time()
                await scene.take(group, event_of(number, "plain"))
                assert loop.time() - began < 10
                await anyio.sleep(5)
            assert len(scene.answers) > 90
        assert {answer for _, answer in scene.answers} == {"accepted"}
        assert cloud.calls["file"] < 100 + 30

    clock.run(main)


class IllFromTheLast(Cloud):
    """For a minute from the last attempt of the first file on, every file is one picture. Its first did not count."""

    asked = 0
    ends = 0.0  # in seconds of the loop's clock

    def _file(self, request: httpx.Request) -> Reply:
        now = asyncio.get_running_loop().time()
        self.asked += number_in("file", request.url.path) == "1"
        if self.asked == ATTEMPTS + 1 and not self.ends:
            self.ends = now + 60
        return Reply(200, THEIRS) if now < self.ends else super()._file(request)


def test_an_outage_that_begins_at_the_last_attempt_of_a_size_that_lies_gives_it_no_strangers_verdict() -> None:
    async def main() -> None:
        cloud = IllFromTheLast(plain("1"), bodies={"1": PNG + b"1"}, declared={"1": WRONG}, sizes=True)
        scene = await settle(cloud, "1", others=60)
        assert cloud.ends
        assert set(scene.answers) == {("1", "accepted"), *((f"9{other}", "accepted") for other in range(60))}
        shas = {one.decision.verdict.facts.sha256 for one in scene.partition.published if one.decision}
        assert hashlib.sha256(THEIRS).hexdigest() not in shas

    clock.run(main)


@pytest.mark.parametrize("declared", [WRONG, {"sha256": "0" * 64}, {"contentSizeBytes": 5, "mime": "text/plain"}])
def test_another_file_in_place_of_one_is_never_judged_while_it_is_another_each_time(
    declared: dict[str, object],
) -> None:
    async def main() -> None:
        cloud = Cloud(plain("1"), declared={"1": declared}, sizes=True)
        cloud.fresh.add("1")
        scene = await settle(cloud, "1", others=120)
        assert dict(scene.answers)["1"] == "dead unavailable"

    clock.run(main)


def test_one_wrong_answer_of_the_right_type_costs_one_more_download() -> None:
    async def main() -> None:
        cloud = Cloud(plain(*"12"), sizes=True)
        given: list[Reply] = []

        def ill(call: str) -> Reply | None:
            if call != "file" or given:
                return None
            given.append(Reply(200, PNG + b"somebody else's", {"content-type": "image/png"}))
            return given[0]

        cloud.ill = ill
        scene = await settle(cloud, "1", "2")
        assert sorted(scene.answers) == [("1", "accepted"), ("2", "accepted")]
        assert cloud.calls["file"] == 3

    clock.run(main)


def test_a_copy_of_what_was_delivered_well_is_no_strangers_though_it_came_in_place_of_a_picture() -> None:
    async def main() -> None:
        text = b"my note"
        told = {"mime": "text/plain", "filename": "a.txt", "contentSizeBytes": len(text)}
        cloud = Cloud(plain("1", "2", "3"), bodies=dict.fromkeys("123", text), declared=dict.fromkeys("13", told))
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await scene.judged(event_of("1", "plain"))
            await scene.take(group, event_of("2", "plain"))
            await anyio.sleep(5)
            assert [number for number, _ in scene.answers] == ["1"]
            before = cloud.calls["file"]
            await scene.judged(event_of("3", "plain"))
            assert cloud.calls["file"] == before + 1

    clock.run(main)


def test_a_copy_of_what_was_believed_in_place_of_a_picture_has_its_verdict_at_once() -> None:
    async def main() -> None:
        text = b"my note"
        cloud = Cloud(plain("1", "2"), bodies={"1": text, "2": text})
        cloud.declared = {"2": {"mime": "text/plain", "filename": "a.txt", "contentSizeBytes": len(text)}}
        async with playing(cloud) as scene:
            await scene.judged(event_of("1", "plain"))
            before = cloud.calls["file"]
            await scene.judged(event_of("2", "plain"))
            assert cloud.calls["file"] == before + 1

    clock.run(main)


@pytest.mark.parametrize("body", [PNG + b"blocked", b"\0" * 300])
def test_files_without_a_size_are_not_taken_from_a_host_while_others_do_not_come(body: bytes) -> None:
    """One in four has none, as of a messenger that tells none."""

    async def main() -> None:
        numbers = [str(number) for number in range(120)]
        cloud = Cloud(plain(*numbers), bodies={number: PNG + number.encode() for number in numbers}, sizes=True)
        cloud.declared = {number: {"contentSizeBytes": None} for number in numbers[::4]}
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:

            async def feed() -> None:
                for number in numbers:
                    await scene.take(group, event_of(number, "plain"))
                    await anyio.sleep(10)

            group.create_task(feed())
            await anyio.sleep(205)  # of the first one that comes then the size is said
            cloud.ill = lambda call: Reply(200, body) if call == "file" else None
            await anyio.sleep(600)
            cloud.ill = lambda call: None
        for answer in scene.partition.published:
            assert answer.decision is not None
            verdict, message = answer.decision.verdict, answer.decision.attachment.message_id
            assert isinstance(verdict, Accepted)
            assert verdict.facts.sha256 == hashlib.sha256(cloud.bodies[message.partition("-")[2]]).hexdigest()
        assert len(scene.answers) == 120

    clock.run(main)
