"""At most once on a real broker: whoever joins, leaves or dies, and whatever Genesys does meanwhile."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx
import pytest
from aiohttp import web

from consumer.kafka.membership import Membership
from consumer.model import Condition
from consumer.notify.loop import Polled
from consumer.notify.service import serve
from consumer.notify.shutdown import Shutdown
from consumer.sandbox.emulator_state import PERMISSIONS
from consumer.service.life import Running
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.telemetry.metrics import Metrics
from tests.kafka_fixtures import PARTITIONS
from tests.notify.scene import Member, Scene, at_once, on_stage
from tests.service.composed import changed, settings_for, until_true

pytestmark = pytest.mark.kafka

T = TypeVar("T")
ALL = list(range(PARTITIONS))


@pytest.fixture
async def scene(kafka_settings: KafkaSettings, topics: TopicSettings) -> AsyncIterator[Scene]:
    async with on_stage(kafka_settings, topics) as scene:
        yield scene


def files(count: int, what: str = "file") -> list[str]:
    return [f"{what}-{number}.pdf" for number in range(count)]


async def until_told(scene: Scene, names: list[str]) -> None:
    await until_true(lambda: set(names) <= scene.told.keys())


async def test_who_gets_a_partition_back_does_not_tell_again(scene: Scene) -> None:
    """The first polls everything and tells of one; another takes half of the rest, tells of it, and leaves."""
    names, go_on = files(3 * PARTITIONS), anyio.Event()
    first, second = Member(), Member()

    async def holds_after_one(step: Callable[[], Awaitable[T]]) -> T:
        if first.told:
            await go_on.wait()
        return await step()

    await scene.begin_at_the_start()
    await scene.write(names)
    async with anyio.create_task_group() as group:
        group.start_soon(first.run, scene, holds_after_one)
        await until_true(lambda: len(first.told) == 1)
        (told,) = scene.told
        group.start_soon(second.run, scene, at_once)
        await until_true(lambda: len(second.assigned) == len(first.assigned) == PARTITIONS // 2)
        share = 3 * len(second.assigned) - (names.index(told) % PARTITIONS in second.assigned)
        await until_true(lambda: len(second.told) == share)
        await second.leave()
        await until_true(lambda: first.assigned == ALL)
        go_on.set()
        await until_told(scene, names)
        await first.leave()
    assert scene.told == dict.fromkeys(names, 1)
    assert await scene.committed() == [3] * PARTITIONS


async def test_a_death_between_commit_and_message_loses_that_one_and_doubles_none(scene: Scene) -> None:
    names, died = files(2 * PARTITIONS), Member()

    async def deadly(records: AsyncIterator[Polled], scope: anyio.CancelScope) -> AsyncIterator[Polled]:
        async for value, commit in records:

            async def commit_and_die(commit: Callable[[], Awaitable[bool]] = commit) -> bool:
                ours = await commit()
                if len(died.told) == 2:
                    scope.cancel()
                    await anyio.sleep_forever()
                return ours

            yield value, commit_and_die

    await scene.begin_at_the_start()
    await scene.write(names)
    with anyio.CancelScope() as scope:
        await died.run(scene, at_once, partial(deadly, scope=scope))
    after, told = Member(), len(scene.told)
    async with anyio.create_task_group() as group:
        group.start_soon(after.run, scene, at_once)
        await until_true(lambda: len(after.told) == len(names) - told - 1)
        await after.leave()
    assert (told, len(scene.told), scene.told.total()) == (2, len(names) - 1, len(names) - 1)
    assert await scene.committed() == [2] * PARTITIONS


async def test_a_commit_of_an_earlier_generation_moves_nothing(scene: Scene) -> None:
    here, second = scene.partition(0), Member()
    await scene.begin_at_the_start()
    async with scene.member() as consumer:
        membership = Membership(consumer)
        consumer.subscribe([scene.topics.rejected])
        await until_true(lambda: len(consumer.assignment()) == PARTITIONS)
        earlier = membership.generation
        assert earlier is not None
        assert await membership.commit(earlier, here, 1)
        async with anyio.create_task_group() as group:
            group.start_soon(second.run, scene, at_once)
            await until_true(lambda: bool(second.assigned))
            assert not await membership.commit(earlier, here, 0)
            await second.leave()
    assert (await scene.committed())[0] == 1


# ---- the command, composed as it is


@dataclass
class Command:
    http: httpx.AsyncClient
    metrics: Metrics
    secret: list[str]

    async def ready(self) -> tuple[int, dict[str, Any]]:
        answer = await self.http.get("/readyz")
        return answer.status_code, answer.json()

    async def until(self, what: Callable[[int, dict[str, Any]], bool]) -> None:
        with anyio.fail_after(20):
            while not what(*await self.ready()):  # noqa: ASYNC110 # nobody announces it
                await anyio.sleep(0.05)

    def told(self, outcome: str) -> float:
        name = "attachment_consumer_notifications_total"
        return self.metrics.registry.get_sample_value(name, {"outcome": outcome}) or 0.0


@asynccontextmanager
async def running(scene: Scene, folder: Path, drain_s: float = 5.0) -> AsyncIterator[Command]:
    settings = settings_for(scene.emulator, scene.kafka, scene.topics, folder)
    settings = changed(settings, "kafka", drain_s=drain_s)
    settings = changed(settings, "notify", channel="message")
    shutdown, secret = Shutdown(), [scene.emulator.state.switches.client_secret]
    known: list[Running] = []
    async with anyio.create_task_group() as group:
        group.start_soon(
            serve,
            settings,
            lambda: ("sandbox", secret[0]),
            shutdown,
            known.append,
        )
        await until_true(lambda: bool(known))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{known[0].metrics_port}", trust_env=False) as http:
            command = Command(http, known[0].metrics, secret)
            await command.until(lambda status, facts: facts["assignedPartitions"] == ALL)
            yield command
            shutdown.request()


def names_of(facts: dict[str, Any]) -> list[str]:
    return [one["condition"] for one in facts["conditions"]]


async def until_begun(scene: Scene) -> None:
    with anyio.fail_after(20):
        while None in await scene.committed():
            pass


async def test_what_genesys_refuses_or_does_not_answer_is_told_when_it_ends(
    scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state, names = scene.emulator.state, files(4, "before")
    async with running(scene, tmp_path) as command:
        await until_begun(scene)
        await scene.write(names)
        await until_told(scene, names)

        async def troubled(
            trouble: dict[str, Any], says: Callable[[int, dict[str, Any]], bool], end: Callable[[], None]
        ) -> None:
            committed, more = await scene.committed(), files(2 * PARTITIONS, str(len(names)))
            state.switch(trouble)
            await scene.write(more)
            await command.until(says)
            assert await scene.committed() == committed
            names.extend(more)
            end()
            await until_told(scene, names)
            await command.until(lambda status, facts: status == 200 and not facts["conditions"])

        def rotate() -> None:
            command.secret[0] = "rotated"

        await troubled(
            {"outage": {"api": "unavailable"}},
            lambda status, facts: "api_away" in names_of(facts),
            lambda: state.switch({"outage": {"api": "off"}}),
        )
        await troubled(
            {"outage": {"login": "drop"}, "expire_tokens": True},
            lambda status, facts: "login_away" in names_of(facts),
            lambda: state.switch({"outage": {"login": "off"}}),
        )
        await troubled(
            {"client_secret": "rotated", "expire_tokens": True},
            lambda status, facts: status == 503 and "GENESYS_CLIENT_SECRET" in str(facts["conditions"]),
            rotate,
        )
        await troubled(
            {"permissions": []},
            lambda status, facts: status == 503 and "conversation:communication:view" in str(facts["conditions"]),
            lambda: state.switch({"permissions": PERMISSIONS}),
        )
    assert scene.told == dict.fromkeys(names, 1)
    assert (command.told("sent"), command.told("failed")) == (len(names), 0)
    said = Counter(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)
    for condition in (Condition.API_AWAY, Condition.LOGIN_AWAY, Condition.LOGIN_REFUSED, Condition.API_REFUSED):
        sentence = condition.told.sentence
        assert (said[sentence], said[f"no longer: {sentence}"]) == (1, 1), said


async def test_it_stops_at_once_in_the_middle_of_an_outage_and_the_next_one_tells(scene: Scene, tmp_path: Path) -> None:
    """What was rejected while nobody ran is told as well."""
    names = files(PARTITIONS)
    async with running(scene, tmp_path) as command:
        await until_begun(scene)
        scene.emulator.state.switch({"outage": {"api": "hang"}})
        await scene.write(names[:1])
        await until_true(lambda: scene.emulator.state.calls["conversation"] > 0)
        stopped_at = anyio.current_time()
    assert anyio.current_time() - stopped_at < 3
    assert command.told("failed") == 0
    await scene.write(names[1:])
    scene.emulator.state.switch({"outage": {"api": "off"}})
    async with running(scene, tmp_path):
        await until_told(scene, names)
    assert scene.told == dict.fromkeys(names, 1)


async def test_a_message_that_hangs_delays_the_end_no_longer_than_the_drain_and_is_not_sent_again(
    scene: Scene, tmp_path: Path
) -> None:
    state, names = scene.emulator.state, files(PARTITIONS)
    sending = anyio.Event()

    def hang_when_sent(request: web.Request) -> None:
        if request.path.endswith("/agentless"):
            state.switch({"outage": {"api": "hang"}})
            sending.set()

    await scene.begin_at_the_start()
    state.listeners.append(hang_when_sent)
    async with running(scene, tmp_path, drain_s=0.5) as command:
        await scene.write(names)
        await sending.wait()
        stopped_at = anyio.current_time()
    assert anyio.current_time() - stopped_at < 4
    assert (command.told("sent"), command.told("failed")) == (0, 1)
    state.listeners.remove(hang_when_sent)
    state.switch({"outage": {"api": "off"}})
    async with running(scene, tmp_path):
        await until_true(lambda: len(scene.told) == len(names) - 1)
    assert scene.told.total() == len(names) - 1
