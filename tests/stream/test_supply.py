"""What counts as tasks that wait for this process, and what never holds the intake back for ever."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from consumer.attempts import Crowd
from consumer.settings.model import LimitSettings
from consumer.stream.room import Room
from consumer.stream.supply import COMES_WITHIN_S, Supply
from consumer.stream.window import Window
from tests.reports import Recorder

ENOUGH, IN_FLIGHT = 10, 2


@dataclass
class Partition:
    partition: int
    window: Window | None
    roomy: bool = True

    def has_room(self) -> bool:
        return self.roomy


class Scene:
    def __init__(self) -> None:
        self.at = 0.0
        self.room = Room(LimitSettings(tasks=IN_FLIGHT), Crowd(), Recorder())
        self.supply = Supply(ENOUGH, self.room, lambda: self.at)
        self.first, self.second = Partition(0, Window(0)), Partition(1, Window(0))

    def suffices(self) -> bool:
        return self.supply.suffices([self.first, self.second])

    def take(self, one: Partition, offset: int) -> None:
        assert one.window is not None
        one.window.take(offset)
        self.supply.came(one.partition)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_what_the_intake_wrote_and_nobody_took_is_counted_over_all_partitions(scene: Scene) -> None:
    assert not scene.suffices()
    scene.supply.wrote(0, 4)
    scene.supply.wrote(1, 3)
    assert not scene.suffices()  # nine
    scene.supply.wrote(1, 4)
    assert scene.suffices()
    scene.take(scene.first, 0)
    assert not scene.suffices()


@pytest.mark.parametrize("why", ["no room", "not ready"])
def test_what_waits_for_a_partition_that_takes_nothing_is_not_counted(scene: Scene, why: str) -> None:
    scene.supply.wrote(0, ENOUGH)
    assert scene.suffices()
    if why == "no room":
        scene.first.roomy = False
    else:
        scene.first.window = None
    assert not scene.suffices()


def test_what_does_not_come_although_there_is_room_is_not_counted_until_it_comes(scene: Scene) -> None:
    scene.supply.wrote(0, 3 * ENOUGH)
    assert scene.suffices()
    scene.at += COMES_WITHIN_S
    assert scene.suffices()
    scene.at += 0.1
    assert not scene.suffices()
    scene.take(scene.first, 0)
    assert scene.suffices()


def test_whoever_is_full_waits_for_nothing_and_the_time_begins_when_there_is_room_again(scene: Scene) -> None:
    scene.supply.wrote(0, 3 * ENOUGH)
    places = [scene.room.started(b"%d" % number, 1) for number in range(IN_FLIGHT)]
    for _ in range(10):
        scene.at += COMES_WITHIN_S
        assert scene.suffices()
    scene.room.ended(places.pop())
    scene.at += COMES_WITHIN_S
    assert scene.suffices()
    scene.at += 0.1
    assert not scene.suffices()


def test_after_a_quiet_hour_what_is_written_is_counted_at_once(scene: Scene) -> None:
    scene.take(scene.first, 0)
    scene.supply.wrote(0, 0)
    assert not scene.suffices()
    scene.at += 3_600
    assert not scene.suffices()
    scene.supply.wrote(0, 2 * ENOUGH)
    assert scene.suffices()


def test_a_topic_that_was_made_anew_holds_nothing_back(scene: Scene) -> None:
    scene.supply.wrote(0, 1_000_000)
    assert scene.suffices()
    scene.at += COMES_WITHIN_S + 0.1
    assert not scene.suffices()
    scene.supply.wrote(0, 3)
    scene.take(scene.first, 0)
    assert not scene.suffices()
