"""Which stage the event loop's CPU time goes to."""

from __future__ import annotations

import asyncio

import anyio
import pytest
from prometheus_client import CollectorRegistry

from consumer.telemetry.loop_cpu import LoopCpu
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.stages import Stages
from tests.reports import reporter

used = [0.0]


@pytest.fixture
def cpu() -> LoopCpu:
    used[0] = 0.0
    return LoopCpu("any", CollectorRegistry(), used=lambda: used[0])


def spend(cpu: LoopCpu, seconds: float) -> None:
    used[0] += seconds
    cpu.sample()


async def test_what_is_used_counts_for_the_stage_of_the_task_that_runs_however_many_are_in_others(cpu: LoopCpu) -> None:
    stages = Stages("any", CollectorRegistry())
    within = asyncio.Event()

    async def fetches() -> None:
        with stages.timed("fetch"):
            await within.wait()
            spend(cpu, 2)

    async with anyio.create_task_group() as group:
        group.start_soon(fetches)
        await anyio.lowlevel.checkpoint()
        with stages.timed("commit"):
            spend(cpu, 1)
            within.set()
            await anyio.lowlevel.checkpoint()
            spend(cpu, 4)
        spend(cpu, 8)
    told = {work: seconds for work, seconds in cpu.seconds.items() if seconds}
    assert told == {"commit": 5, "fetch": 2, "other": 8}


async def test_a_loop_and_all_that_it_starts_is_told_by_its_name(cpu: LoopCpu) -> None:
    stages = Stages("any", CollectorRegistry())

    async def judges() -> None:
        with stages.timed("scan"):
            spend(cpu, 1)
        spend(cpu, 2)

    async def loop() -> None:
        reporter().polled("stream")
        async with anyio.create_task_group() as group:
            group.start_soon(judges)

    async with anyio.create_task_group() as group:
        group.start_soon(loop)
    spend(cpu, 4)
    assert {work: seconds for work, seconds in cpu.seconds.items() if seconds} == {"scan": 1, "stream": 2, "other": 4}


async def test_a_stage_that_ends_in_another_context_harms_nobody() -> None:
    stages = Stages("any", CollectorRegistry())

    async def fetches() -> None:
        with stages.timed("fetch"):
            await asyncio.sleep(60)

    coroutine = fetches()
    coroutine.send(None)
    coroutine.close()
    assert stages.now["fetch"] == 0


def test_the_kernel_says_when_to_look() -> None:
    metrics = Metrics(CollectorRegistry())
    stages = metrics.stages
    with metrics.loop_cpu.sampling(), stages.timed("examine"):
        while not metrics.loop_cpu.seconds["examine"]:
            sum(range(1_000))
    name = "attachment_consumer_event_loop_cpu_seconds_total"
    assert metrics.registry.get_sample_value(name, {"work": "examine"})
    assert metrics.registry.get_sample_value(name, {"work": "other"}) == 0
