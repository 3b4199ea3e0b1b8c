"""What fails alone is no outage: it ends as a dead letter, and everything else goes on beside it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from consumer.model import Dependency
from consumer.sandbox.cases import AWAY_HOST, CASES, FOR_EVER, Delivery
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import Traffic
from consumer.sandbox.world import Conversation
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.outages.crafted import GOOD, Maker, poison, traffic_of
from tests.outages.later import read_on, with_later
from tests.outages.scene import SHORT, Scene, playing, settings_for
from tests.reports import closed_gates

GOOD_ONES = 150
A_SECOND = 30.0

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


def failing_conversation(maker: Maker) -> list[Conversation]:
    """Eight tasks of one conversation that always answers 500."""
    return [maker.talk(GOOD, failing=True)] * 8


def failing_file(maker: Maker) -> list[Conversation]:
    """Six files that the file host always answers with 503, at once: more than close its gate."""
    case = poison("always_503", Delivery(file_failures=FOR_EVER))
    return [maker.talk(case) for _ in range(6)]


def refused_file(maker: Maker) -> list[Conversation]:
    """A link that the API answers with 401, whatever the token: a refusal, but of this one alone."""
    return [maker.talk(poison("always_401", Delivery(link_status=401, link_failures=FOR_EVER)))]


def distinct(talks: list[Conversation]) -> list[Conversation]:
    return list({talk.conversation_id: talk for talk in talks}.values())


@asynccontextmanager
async def scene_of(
    traffic: Traffic, kafka: KafkaSettings, topics: TopicSettings, folder: Path, gate_failures: int = 5
) -> AsyncIterator[Scene]:
    async with Emulator(traffic.world) as emulator:
        more = {"attempts": {"gate_failures": gate_failures}}
        settings = settings_for(emulator, kafka, topics, folder, SHORT, more)
        async with playing(settings, traffic, emulator, A_SECOND) as scene:
            yield scene


@pytest.mark.parametrize("gate_failures", [2, 5])
@pytest.mark.parametrize("bad", [failing_conversation, failing_file, refused_file])
async def test_poison_under_traffic_becomes_dead_letters_and_everything_else_is_answered(
    bad: Callable[[Maker], list[Conversation]],
    gate_failures: int,
    kafka_settings: KafkaSettings,
    topics: TopicSettings,
    tmp_path: Path,
) -> None:
    maker = Maker("poison", topics.partitions)
    poisoned, good = bad(maker), maker.talks(GOOD_ONES)
    traffic = traffic_of([*distinct(poisoned), *good], [*good[:10], *poisoned, *good[10:]])
    traffic, later = with_later(traffic, topics.partitions)
    async with scene_of(traffic, kafka_settings, topics, tmp_path, gate_failures) as scene:
        await read_on(scene.reader, scene.score, later, scene.settings, 60)
        tally = scene.score.tally()
        assert tally.good, tally
        assert tally.dead_lettered == len(distinct(poisoned))
        await scene.until(lambda: not closed_gates(scene.running.conditions), 10)


async def test_poison_with_nobody_else_there_ends_too(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    """Its failures alone close the gate; the gate's own probe opens it."""
    maker = Maker("alone", topics.partitions)
    poisoned, later = failing_conversation(maker), maker.talks(5)
    traffic = traffic_of([*distinct(poisoned), *later], poisoned)
    async with scene_of(traffic, kafka_settings, topics, tmp_path) as scene:
        await scene.until(lambda: Dependency.API in closed_gates(scene.running.conditions), 60)
        while not scene.score.tally().dead_lettered:
            await scene.reader.poll(scene.score)
        await scene.until(lambda: not closed_gates(scene.running.conditions), 10)


async def test_a_host_that_was_allowed_by_name_stops_only_its_own_files(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    """Ten of its files wait for it, more than would close a gate; none of the others waits for them."""
    maker = Maker("away", topics.partitions)
    away = next(case for case in CASES if case.url and AWAY_HOST in case.url)
    waiting, good = [maker.talk(away) for _ in range(10)], maker.talks(GOOD_ONES)
    traffic = traffic_of([*waiting, *good])
    async with scene_of(traffic, kafka_settings, topics, tmp_path) as scene:
        closed: set[Dependency] = set()

        def answered() -> bool:
            closed.update(closed_gates(scene.running.conditions))
            return scene.answered >= GOOD_ONES

        await scene.until(answered, 60)
        await scene.read_to_end(60)
        tally = scene.score.tally()
        assert tally.good, tally
        assert tally.by_reason == {"host_unavailable": 10}
        assert not closed
