"""While something else answers in place of Genesys, or Genesys is not well, nobody gets a wrong answer; and after it
everybody gets the right one."""

from __future__ import annotations

import asyncio
import random
from functools import partial

import anyio
import pytest

from consumer.model import Condition
from tests.ill import clock
from tests.ill.answers import CALLS, drawn, ill_for, is_told_of_one, named
from tests.ill.cloud import Cloud, Ill, Part, Reply, denied, error
from tests.ill.scene import SHORTEST_S, Scene, event_of, playing

KINDS = ("plain", "single", "uploading", "bare", "details", "plain", "expired", "gone", "forbidden", "unknown")
RIGHT = {"gone": "no_longer_available", "forbidden": "dead forbidden", "unknown": "dead not_found"}
WELL_S, ILL_S, EACH_S = 60.0, 800.0, 15.0  # an outage that outlasts all attempts and the patience with hosts
WITHIN_S = 2_500.0  # the next attempt of a task that had almost given up, and the last one
SEEDS = range(40)
HTML = {"content-type": "text/html"}


def kinds_of(count: int) -> dict[str, str]:
    return {str(number): KINDS[number % len(KINDS)] for number in range(count)}


async def feed(scene: Scene, group: asyncio.TaskGroup, told: dict[str, str], each_s: float) -> None:
    for number, kind in told.items():
        await scene.take(group, event_of(number, kind))
        await anyio.sleep(each_s)


async def play(
    ill: Ill, count: int = 20, *, sizes: bool = False, spares_old: bool = False, link_s: float = 10_000_000.0
) -> Scene:
    """Some are told while all is well, some in the outage and some after it. Checks all that must hold.

    `sizes`: Genesys says how large files are. `spares_old`: what was answered before the outage is answered in it.
    `link_s`: how long links to files are good."""
    kinds = kinds_of(count)
    cloud = Cloud({number: kind for number, kind in kinds.items() if kind != "unknown"}, link_s=link_s)
    cloud.spares_old, cloud.sizes = spares_old, sizes
    loop = asyncio.get_running_loop()
    third = count // 3
    first, others = dict(list(kinds.items())[:third]), dict(list(kinds.items())[third:])
    async with playing(cloud) as scene, asyncio.TaskGroup() as group:
        await feed(scene, group, first, WELL_S / third)
        cloud.ill = ill
        before, began = cloud.calls.total(), loop.time()
        feeding = group.create_task(feed(scene, group, others, EACH_S))
        await anyio.sleep(ILL_S)
        wrong = [one for one in scene.answers if one[1] != right(kinds[one[0]])]
        assert not wrong, f"while it lasted: {wrong}"
        calls = cloud.calls.total() - before
        most = (scene.most_in_flight + 4) * (ILL_S / SHORTEST_S + 10) * 3
        assert calls < most, f"{calls} calls in {ILL_S:g} s of {scene.most_in_flight} tasks"
        cloud.ill = lambda call: None
        ended = loop.time()
        await feeding
        while scene.in_flight:
            await anyio.sleep(5.0)
            assert loop.time() - ended < WITHIN_S, f"still waiting: {kinds.keys() - dict(scene.answers).keys()}"
        assert loop.time() > began
    assert sorted(scene.answers) == sorted((number, right(kind)) for number, kind in kinds.items())
    assert not scene.gates.closed
    return scene


def right(kind: str) -> str:
    return RIGHT.get(kind, "accepted")


def always(calls: set[str], reply: Reply | Part) -> Ill:
    return lambda call: reply if call in calls else None


@pytest.mark.parametrize(("call", "name"), [(call, name) for call in CALLS for name, _ in ill_for(call)])
def test_each_ill_answer_to_each_call_is_waited_out(call: str, name: str) -> None:
    reply = named()[name]
    clock.run(partial(play, always({call}, reply), sizes=is_told_of_one(call, reply)))


NEW_FAIL = {
    "503": Reply(503),
    "a page": Reply(200, b"<html>", HTML),
    "404 with a page": Reply(404, b"<html>", HTML),
    "403 with a page": Reply(403, b"<html>", HTML),
    "the signer's": denied(),
    "a page of no type": Reply(200, b"<!DOCTYPE html><html>"),
}


@pytest.mark.parametrize("link_s", [60.0, 10_000_000.0])
@pytest.mark.parametrize("calls", [("file",), ("file", "front")])
@pytest.mark.parametrize("kind", NEW_FAIL)
def test_an_outage_that_spares_what_was_delivered_before_is_waited_out(
    kind: str, calls: tuple[str, ...], link_s: float
) -> None:
    """A cache in front of the store: old files come by old links and by new ones, and not a single new file."""
    ill = always(set(calls), NEW_FAIL[kind])
    clock.run(lambda: play(ill, spares_old=True, link_s=link_s))


@pytest.mark.parametrize("call", ["bulk", "download", "message", "conversation"])
@pytest.mark.parametrize("reply", [error(500, "internal.server.error"), Reply(504, b"<html>", HTML)])
def test_an_outage_of_the_api_that_spares_what_was_answered_before_is_waited_out(call: str, reply: Reply) -> None:
    clock.run(lambda: play(always({call}, reply), spares_old=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_any_ill_answers_to_any_calls_in_any_order_are_waited_out(seed: int) -> None:
    rng = random.Random(seed)
    print(f"seed {seed}")

    def ill(call: str) -> Reply | None:
        while call in calls:
            reply = drawn(rng)
            if not is_told_of_one(call, reply, sizes):
                return reply
        return None

    calls, sizes = set(rng.sample(CALLS, rng.randint(1, len(CALLS)))), rng.random() < 0.5
    clock.run(lambda: play(ill, sizes=sizes))


def test_there_are_enough_kinds() -> None:
    assert len(named()) >= 40


def test_all_of_the_login_is_ill_from_the_start_and_the_gate_says_so() -> None:
    async def main() -> None:
        page = always({"token"}, Reply(200, b"<html>", {"content-type": "text/html"}))
        cloud = Cloud({"1": "plain"}, ill=page)
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await scene.take(group, event_of("1", "plain"))
            await anyio.sleep(300)
            assert scene.holds(Condition.LOGIN_AWAY)
            cloud.ill = lambda call: None
        assert scene.answers == [("1", "accepted")]

    clock.run(main)
