"""Genesys, or who answers in its place, that names another conversation than the message's own: for all, or for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import anyio
import httpx
import orjson
import pytest

from consumer.model import Source, Task
from tests.ill import clock
from tests.ill.cloud import Cloud, Reply, call_of, json
from tests.ill.scene import OVER_S, Scene, event_of, playing
from tests.judge.partition import Partition, resting

Names = Callable[[str, str], str | None]
"""Given the conversation that is asked about and the message's own, which one is named; None for its own."""


@dataclass
class Namer(Cloud):
    """Finds a message by its id, in whichever conversation it is asked for."""

    names: Names = lambda asked, own: None

    async def answer(self, request: httpx.Request) -> Reply:
        reply = await super().answer(request)
        if call_of(request) != "bulk" or reply.status not in (200, 404):
            return reply
        asked = request.url.path.split("/")[5]
        numbers = [id_.partition("-")[2] for id_ in orjson.loads(request.content)]
        known = [self._message(number) for number in numbers if number in self.kinds]
        return json({"entities": [m | {"conversationId": self._named(asked, m["conversationId"])} for m in known]})

    def _named(self, asked: str, own: str) -> str:
        return self.names(asked, own) or own


@dataclass
class Moving(Partition):
    """Its tasks move, and are judged at once where they have moved to."""

    moved: list[tuple[Task, str]] = field(default_factory=list)

    def move(self, task: Task, conversation_id: str) -> bool:
        self.moved.append((replace(task, moves=task.moves + 1, conversation_id=conversation_id), conversation_id))
        return True


async def carry(scene: Scene, group: asyncio.TaskGroup) -> None:
    assert isinstance(scene.partition, Moving)
    while True:
        for task, _ in scene.partition.moved:
            group.create_task(scene.judge.judge(task, scene.partition, resting))
        scene.partition.moved.clear()
        await anyio.sleep(1)


@dataclass
class Play:
    cloud: Namer
    scene: Scene
    group: asyncio.TaskGroup

    async def take(self, *numbers: object, each_s: float = 20.0) -> None:
        for number in map(str, numbers):
            self.cloud.kinds[number] = "plain"
            await self.scene.take(self.group, event_of(number, "plain"))
            await anyio.sleep(each_s)

    @property
    def letters(self) -> list[tuple[str, str]]:
        return [one for one in self.scene.answers if one[1] != "accepted"]


def play(acts: Callable[[Play], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        cloud = Namer()
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            scene.partition = Moving()
            carrying = group.create_task(carry(scene, group))
            await acts(Play(cloud, scene, group))
            carrying.cancel()

    clock.run(main)


def at_random() -> Names:
    numbers = count()
    return lambda asked, own: f"c-8{next(numbers)}"


def back_and_forth(asked: str, own: str) -> str:
    return "c-77" if asked == own else own


@pytest.mark.parametrize("names", [at_random, lambda: back_and_forth], ids=["always another", "back and forth"])
def test_one_whose_conversation_is_another_each_time_is_a_dead_letter_in_the_end(names: Callable[[], Names]) -> None:
    async def acts(play: Play) -> None:
        wrong = names()
        play.cloud.names = lambda asked, own: wrong(asked, own) if own == "c-1" else None
        await play.take(*range(1, 60))
        assert [answer for _, answer in play.letters] == ["dead unavailable"]
        assert {number for number, answer in play.scene.answers if answer == "accepted"} == set(map(str, range(2, 60)))

    play(acts)


@pytest.mark.parametrize("names", [at_random, lambda: back_and_forth], ids=["always another", "back and forth"])
def test_while_all_are_named_so_none_is_given_up_and_each_is_answered_after(names: Callable[[], Names]) -> None:
    async def acts(play: Play) -> None:
        await play.take(1, 2)
        play.cloud.names = names()
        await play.take(*range(3, 3 + int(3 * OVER_S / 30)), each_s=30)
        assert play.scene.answers == [("1", "accepted"), ("2", "accepted")]
        play.cloud.names = lambda asked, own: None
        await play.take(*range(200, 260))
        assert dict(play.scene.answers) == dict.fromkeys(play.cloud.kinds, "accepted")
        assert len(play.scene.answers) == len(play.cloud.kinds)

    play(acts)


def test_one_alone_waits_for_the_next_message_that_is_at_home() -> None:
    async def acts(play: Play) -> None:
        wrong = at_random()
        play.cloud.names = lambda asked, own: wrong(asked, own) if own == "c-1" else None
        await play.take(1)
        await anyio.sleep(2 * OVER_S)
        assert (play.scene.answers, play.scene.gates.closed) == ([], [])
        await play.take(*range(2, 60))
        assert play.letters == [("1", "dead unavailable")]

    play(acts)


def test_a_task_that_claims_to_have_moved_for_long_waits_for_nobody_and_takes_no_answer_away() -> None:
    async def acts(play: Play) -> None:
        play.cloud.kinds["1"] = "plain"
        forged = orjson.dumps({"conversationId": "c-made-up", "messageId": "m-1"})
        await play.scene.judge.judge(Task(Source("events", 0, 0, 0), forged, moves=10), play.scene.partition, resting)
        assert play.scene.answers == [("", "dead unavailable")]
        await play.take(1)
        assert play.scene.answers[1:] == [("1", "accepted")]

    play(acts)
