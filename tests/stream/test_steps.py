"""Exactly one answer, wherever between assignment and commit a worker is stopped, for good or for a while."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import Broker, create_topics, delete_topics
from tests.stream.harness import everything, until_committed, write_tasks
from tests.stream.processes import Worker, again, names_of, orders, shared_out, started, traffic
from tests.stream.worker import Stop

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

PREPARING = ["initialise", "wait for open transactions", "fetch the committed offset", "restore the ledger", "seek"]
COMMITTING = ["begin", "send", "await sends", "send offsets", "commit", "committed"]
ALL = frozenset(range(4))

Tasks = list[tuple[str, str]]


def wrong(values: list[bytes], expected: set[str]) -> tuple[int, int]:
    """How many names are missing, and how many were answered more than once."""
    counted = Counter(value.decode() for value in values)
    assert not set(counted) - expected
    return len(expected - set(counted)), sum(times > 1 for times in counted.values())


class Scene:
    """One test's topics with a first wave of tasks in them; the second wave names everything of the first again."""

    def __init__(self, broker: Broker, kafka: KafkaSettings, topics: TopicSettings) -> None:
        self.broker, self.kafka, self.topics = broker, kafka, topics
        self.first = traffic(1)
        self.second = traffic(2) + again(self.first, 3)

    async def begin(self, worker: Worker, *stops: Stop, **options: Any) -> None:
        await worker.begin(orders(self.broker, self.topics, worker.name, *stops, **options))

    async def write(self, tasks: Tasks) -> None:
        await write_tasks(self.kafka, self.topics, tasks)

    async def ends_well(self, *workers: Worker) -> None:
        assert await self.end(*workers) == (0, 0)

    async def end(self, *workers: Worker) -> tuple[int, int]:
        """The second wave, its answers, and then what is missing and what is double."""
        await self.write(self.second)
        await until_committed(self.kafka, self.topics)
        for worker in workers:
            await worker.drain()
        return wrong(await everything(self.kafka, self.topics.accepted), names_of(self.first + self.second))


@pytest.fixture
async def scene(kafka: Broker, kafka_settings: KafkaSettings, topics: TopicSettings) -> Scene:
    scene = Scene(kafka, kafka_settings, topics)
    await scene.write(scene.first)
    return scene


@asynccontextmanager
async def one_partition(kafka: Broker, kafka_settings: KafkaSettings) -> AsyncIterator[Scene]:
    prefix = f"{kafka_settings.group}-one"
    kafka_settings = kafka_settings.model_copy(update={"group": prefix})
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=1, replication=1)
    await create_topics(kafka.bootstrap_servers, topics)
    scene = Scene(kafka, kafka_settings, topics)
    await scene.write(scene.first)
    yield scene
    await delete_topics(kafka.bootstrap_servers, topics)


async def a_worker_dies_in_the_middle_of_a_transaction(scene: Scene, worker: Worker) -> None:
    """What the preparation of the next one is for: answers, entries and an offset, sent and not committed."""
    await scene.begin(worker, Stop("commit", 6, signal.SIGKILL))
    await worker.died()


@pytest.mark.parametrize("step", PREPARING)
async def test_a_worker_killed_while_it_prepares_loses_and_repeats_nothing(scene: Scene, step: str) -> None:
    async with started("first") as first, started("victim") as victim, started("last") as last:
        await a_worker_dies_in_the_middle_of_a_transaction(scene, first)
        await scene.begin(victim, Stop(step, 2, signal.SIGKILL))
        await victim.died()
        await scene.begin(last)
        await scene.ends_well(last)


@pytest.mark.parametrize("step", COMMITTING)
async def test_a_worker_killed_while_it_commits_loses_and_repeats_nothing(scene: Scene, step: str) -> None:
    async with started("victim") as victim, started("last") as last:
        await scene.begin(victim, Stop(step, 6, signal.SIGKILL))
        await victim.died()
        await scene.begin(last)
        await scene.ends_well(last)


@pytest.mark.parametrize("step", PREPARING)
async def test_a_worker_frozen_while_it_prepares_loses_and_repeats_nothing(scene: Scene, step: str) -> None:
    async with started("first") as first, started("victim") as victim, started("other") as other:
        await a_worker_dies_in_the_middle_of_a_transaction(scene, first)
        await scene.begin(victim, Stop(step, 2, signal.SIGSTOP))
        await is_taken_over_and_comes_back(scene, victim, other)


@pytest.mark.parametrize("step", COMMITTING)
async def test_a_worker_frozen_while_it_commits_loses_and_repeats_nothing(scene: Scene, step: str) -> None:
    async with started("victim") as victim, started("other") as other:
        await scene.begin(victim, Stop(step, 6, signal.SIGSTOP))
        await is_taken_over_and_comes_back(scene, victim, other)


async def is_taken_over_and_comes_back(scene: Scene, victim: Worker, other: Worker) -> None:
    await victim.stopped()
    await scene.begin(other)
    await other.until(lambda worker: worker.ready == ALL)
    victim.thaw()
    await shared_out(victim, other)
    await scene.ends_well(victim, other)


# ---- controls: the same with one law broken, each at the step where it shows


async def test_control_without_a_transactional_id_per_partition_a_thawed_worker_repeats_answers(scene: Scene) -> None:
    async with started("victim") as victim, started("other") as other:
        await scene.begin(victim, Stop("has answers", 2, signal.SIGSTOP), variant="one id per worker")
        await victim.stopped()
        await scene.begin(other, variant="one id per worker")
        await other.until(lambda worker: worker.ready == ALL)
        await until_committed(scene.kafka, scene.topics)
        victim.thaw()
        await shared_out(victim, other)
        missing, double = await scene.end(victim, other)

    assert missing == 0
    assert double > 0


async def test_control_with_a_late_watermark_a_kill_loses_answers(scene: Scene) -> None:
    async with started("victim") as victim, started("last") as last:
        await scene.begin(victim, Stop("committed late", 1, signal.SIGKILL), variant="computes late")
        await victim.died()
        await scene.begin(last)
        await until_committed(scene.kafka, scene.topics)
        missing, double = wrong(await everything(scene.kafka, scene.topics.accepted), names_of(scene.first))

    assert missing > 0
    assert double == 0


async def test_control_with_the_ledger_outside_the_transaction_a_kill_loses_answers(scene: Scene) -> None:
    async with started("victim") as victim, started("last") as last:
        await scene.begin(victim, Stop("commit", 6, signal.SIGKILL), variant="ledger outside")
        await victim.died()
        await scene.begin(last)
        missing, double = await scene.end(last)

    assert missing > 0
    assert double == 0


# ---- the predecessor's last commit falls between two steps of its successor's preparation


async def last_commit_during_the_preparation(scene: Scene, variant: str) -> tuple[int, int]:
    """The first worker freezes before its commit; the second one takes over and freezes before the initialisation;
    now the first one's commit succeeds, and then the second one goes on."""
    async with started("first") as first, started("second") as second:
        await scene.begin(first, Stop("commit", 3, signal.SIGSTOP))
        await first.stopped()
        before = first.said.count("step committed")
        await scene.begin(second, Stop("initialise", 1, signal.SIGSTOP), variant=variant, session_timeout_ms=30_000)
        await second.stopped()
        first.thaw()
        await first.until(lambda worker: worker.said.count("step committed") > before)
        first.kill()
        await first.died()
        second.thaw()
        return await scene.end(second)


@pytest.mark.parametrize("variant", ["product", "fetches first"])
async def test_a_commit_just_before_the_initialisation_is_seen(
    kafka: Broker, kafka_settings: KafkaSettings, variant: str
) -> None:
    """A committed offset that was fetched too early is only ever too low: the ledger knows what lies above it."""
    async with one_partition(kafka, kafka_settings) as scene:
        assert await last_commit_during_the_preparation(scene, variant) == (0, 0)


async def test_control_with_the_ledger_read_before_the_initialisation_answers_are_repeated(
    kafka: Broker, kafka_settings: KafkaSettings
) -> None:
    async with one_partition(kafka, kafka_settings) as scene:
        missing, double = await last_commit_during_the_preparation(scene, "restores first")

    assert missing == 0
    assert double > 0
