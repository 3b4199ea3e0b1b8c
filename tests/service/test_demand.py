"""The intake beside the second loop on real Kafka: it brings what this process needs, and never waits for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from prometheus_client import CollectorRegistry

from consumer.model import Condition, Headers, Source, Task
from consumer.model.resting import Resting
from consumer.service.conditions import Conditions
from consumer.service.demand import Demand
from consumer.settings.model import KafkaSettings, LimitSettings, TopicSettings
from consumer.stream.stream import Stream
from consumer.telemetry.metrics import Metrics
from consumer.wire.splitting import TaskRecord
from consumer.wire.tasks import encode_task
from tests.brokers import EVENTS_PARTITIONS
from tests.intake.harness import taking_in
from tests.reports import Recorder
from tests.stream.harness import Answered, NamesJudge, make_stream, running

pytestmark = pytest.mark.kafka

EVENTS, AHEAD, IN_FLIGHT = 1_000, 50, 8
ONE_POLL = 500
NAMES = [f"a{number}" for number in range(EVENTS)]


def as_it_is(value: bytes, key: bytes, headers: Headers, at: Source, *rest: object) -> list[TaskRecord]:
    return [TaskRecord(key, value, encode_task(Task(at, value)))]


@dataclass
class Backlog:
    """Events that wait, and an intake beside a stream whose attachments wait until `judged` is set."""

    kafka: KafkaSettings
    topics: TopicSettings
    stream: Stream
    conditions: Conditions
    recorder: Recorder
    judged: anyio.Event

    @property
    def held_back(self) -> bool:
        return bool(self.recorder.of("held_back")[-1:] == [True])

    @property
    def written(self) -> int:
        """Tasks that the intake wrote."""
        return sum(self.recorder.of("wrote"))

    async def until(self, what: Callable[[], bool]) -> None:
        with anyio.fail_after(150):
            while not what():  # noqa: ASYNC110 # a fact of another part, which nobody announces
                await anyio.sleep(0.01)


@asynccontextmanager
async def backlog(kafka: KafkaSettings, topics: TopicSettings, limits: LimitSettings) -> AsyncIterator[Backlog]:
    recorder, judged = Recorder(), anyio.Event()

    async def when_told(name: str, resting: Resting) -> None:
        await judged.wait()

    stream = make_stream(NamesJudge(when_told), kafka, topics, limits=limits, reports=recorder)
    conditions = Conditions(Metrics(CollectorRegistry()), bug_ceiling=20)
    scene = Backlog(kafka, topics, stream, conditions, recorder, judged)
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    async with producer:
        for number, name in enumerate(NAMES):
            await producer.send(topics.events, name.encode(), name.encode(), number % EVENTS_PARTITIONS)
    async with running(stream):
        await scene.until(lambda: recorder.of("ready")[-1:] == [topics.partitions])
        async with taking_in(kafka, topics, recorder, as_it_is, Demand(conditions, stream, recorder)):
            try:
                yield scene
            finally:
                judged.set()


@pytest.mark.parametrize(
    ("taken", "load", "gather_s"), [(0, 0, 0.1), (0, 1, 0.1), (25, 1, 0.2), (100, 0, 0.5), (300, 1, 0.5)]
)
def test_the_intake_gathers_while_tasks_wait_for_their_turn_and_no_longer_because_downloads_are_busy(
    taken: int, load: float, gather_s: float
) -> None:
    nowhere, limits = KafkaSettings(bootstrap_servers="127.0.0.1:9"), LimitSettings(tasks=100)
    stream = make_stream(NamesJudge(), nowhere, TopicSettings(), limits=limits, load=lambda: load)
    for number in range(taken):
        stream.room.started(b"%d" % number, 1)
    conditions = Conditions(Metrics(CollectorRegistry()), bug_ceiling=20)
    assert Demand(conditions, stream, Recorder()).gather_s == pytest.approx(gather_s)


async def test_while_enough_tasks_wait_no_more_are_brought_and_the_intake_stays_in_its_group(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    async with backlog(kafka_settings, topics, LimitSettings(tasks=IN_FLIGHT, ahead=AHEAD)) as scene:
        await scene.until(lambda: scene.held_back)
        async with AIOKafkaConsumer(
            topics.events,
            bootstrap_servers=kafka_settings.bootstrap_servers,
            group_id=f"{kafka_settings.group}-intake",
            enable_auto_commit=False,
        ) as other:
            await scene.until(lambda: bool(other.assignment()))
            assert len(other.assignment()) < EVENTS_PARTITIONS, "a member that is lost leaves all of them"
        assert scene.held_back
        assert AHEAD <= scene.written <= IN_FLIGHT + AHEAD + ONE_POLL
        scene.judged.set()
        async with Answered(kafka_settings, topics) as answered:
            assert set((await answered.until(set(NAMES), seconds=180)).values()) == {1}


async def test_behind_a_closed_gate_all_events_are_brought(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    """Nobody needs the processor, and the customer's topic may keep them for a shorter time than ours."""
    async with backlog(kafka_settings, topics, LimitSettings(tasks=IN_FLIGHT, ahead=AHEAD)) as scene:
        await scene.until(lambda: scene.held_back)
        scene.conditions.begin(Condition.STORAGE_AWAY)
        await scene.until(lambda: scene.written == EVENTS)
        assert not scene.held_back


async def test_what_waits_in_partitions_without_room_holds_nothing_back(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    async with backlog(kafka_settings, topics, LimitSettings(window=3, ahead=AHEAD)) as scene:
        await scene.until(lambda: scene.written == EVENTS)
