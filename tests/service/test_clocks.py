"""Workers whose clocks are weeks off, or jump in the middle of the work: no answer hangs on them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consumer.sandbox.check import OutputReader, read_to_end
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import plan_traffic
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.chaos.workers import Worker, Workers
from tests.service.composed import Kept, settings_for, until, write
from tests.service.test_restart import CATCH_UP_S, variables

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

EVENTS, SEED = 250, 11


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(plan_traffic(EVENTS, SEED).world) as emulator:
        yield emulator


@pytest.fixture
def libraries(tmp_path: Path) -> str:
    """What is loaded before the C library, so that wall clocks are off and no others."""
    faketime = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
    compiler = shutil.which("cc")
    if faketime is None or compiler is None:
        pytest.skip("faketime or a C compiler is not installed")
    ours, source = tmp_path / "cpu_clocks.so", Path(__file__).with_name("cpu_clocks.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", ours, source, "-ldl"], check=True)
    return f"{ours} {faketime}"


def clock(libraries: str, file: Path, offset: str) -> dict[str, str]:
    """Variables that set a process's wall clock off, by what is in `file` at each look."""
    file.write_text(offset)
    return {
        "LD_PRELOAD": libraries,
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


async def test_clocks_that_are_forty_days_off_and_jump_change_no_answer(
    emulator: Emulator, kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path, libraries: str
) -> None:
    traffic = plan_traffic(EVENTS, SEED)
    settings = settings_for(emulator, kafka_settings, topics, tmp_path)
    score, ahead, jumps = Kept(traffic.expectation), tmp_path / "ahead", tmp_path / "jumps"
    env = variables(emulator, settings)
    half = len(traffic.records) // 2
    await write(settings, traffic.records[:half])
    async with OutputReader(kafka_settings, topics) as reader:
        with Workers(0, env, tmp_path) as workers:
            workers.all = [
                Worker("ahead", env | clock(libraries, ahead, "+40d"), tmp_path),
                Worker("jumps", env | clock(libraries, jumps, "+0"), tmp_path),
            ]
            for worker in workers.all:
                worker.start()
            await until(reader, score, lambda: len(score.records) >= EVENTS / 4)
            jumps.write_text("-40d")
            await write(settings, traffic.records[half:])
            await until(reader, score, lambda: len(score.records) >= EVENTS * 3 / 4)
            jumps.write_text("+40d")
            ahead.write_text("+0")
            await read_to_end(reader, score, patience_s=CATCH_UP_S)
    assert score.tally().good, score.tally()
