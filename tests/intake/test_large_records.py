"""A large record may hold thousands of events: nobody waits while they are read."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from pydantic import SecretStr

from consumer.intake.intake import Intake
from consumer.judge.decoding import decoded_beside
from consumer.model import Source
from consumer.settings.model import GenesysSettings, KafkaSettings, Settings
from consumer.telemetry.labels import Noise
from consumer.wire.events import DEAR, decode
from consumer.wire.splitting import TaskRecord, tasks_of
from tests.intake.harness import Always
from tests.reports import Recorder
from tests.stream.harness import GivenLimits
from tests.wire.test_events_fuzz import WORST

MOST_S = 60.0
MANY = WORST["as many small whole events as there may be"]


def intake_with(split: Any, recorder: Recorder) -> Intake:
    genesys = GenesysSettings(client_id="nobody", client_secret=SecretStr("none"))
    settings = Settings(kafka=KafkaSettings(bootstrap_servers="127.0.0.1:9"), genesys=genesys)
    return Intake(settings, GivenLimits(), Always(), recorder, 200, tasks_of=split)


def record(value: bytes) -> Any:
    return SimpleNamespace(value=value, key=None)


async def test_the_loop_goes_on_while_the_intake_reads_a_large_record() -> None:
    went_on = threading.Event()

    def waiting_for_the_loop(*args: Any) -> list[TaskRecord]:
        assert went_on.wait(MOST_S)
        return tasks_of(*args)

    recorder = Recorder()
    intake = intake_with(waiting_for_the_loop, recorder)
    found: list[TaskRecord] = []

    async def take() -> None:
        found.extend(await intake._tasks(record(MANY), (), Source("events", 0, 0, 0)))

    async with anyio.create_task_group() as group:
        group.start_soon(take)
        await anyio.wait_all_tasks_blocked()
        went_on.set()
    assert len(found) == len(decode(MANY))
    assert not recorder.of("crashed")


async def test_what_is_dropped_of_a_large_record_is_told_where_the_loop_runs() -> None:
    told: list[int] = []

    class Telling(Recorder):
        def dropped(self, kind: Noise) -> None:
            told.append(threading.get_ident())

    heartbeats = b"[" + b",".join([b'{"topicName":"channel.metadata","eventBody":{}}'] * 2_000) + b"]"
    assert len(heartbeats) > DEAR
    tasks = await intake_with(tasks_of, Telling())._tasks(record(heartbeats), (), Source("events", 0, 0, 0))
    assert (tasks, told) == ([], [threading.get_ident()] * 2_000)


@pytest.mark.parametrize("value", [MANY, b'{"conversationId":"c"}', None], ids=["large", "small", "none"])
async def test_the_loop_goes_on_while_the_judge_reads_what_is_large(value: bytes | None) -> None:
    rounds, over = 0, False

    async def go_round() -> None:
        nonlocal rounds
        while not over:
            rounds += 1
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        group.start_soon(go_round)
        await anyio.lowlevel.checkpoint()
        before = rounds
        items = await decoded_beside(value)
        between, over = rounds - before, True
    assert items == decode(value)
    assert (between > 0) is (value is MANY)
