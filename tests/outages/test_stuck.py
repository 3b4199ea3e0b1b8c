"""An attachment that is stuck for minutes holds back no other until the window of its partition is full."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL
from typing import Any

import anyio
import pytest
from anyio.to_thread import run_sync

from consumer.sandbox.check import OutputReader, Score
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import Traffic
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.chaos.workers import Workers, worker_env
from tests.outages.crafted import STUCK, Maker, announced, release, traffic_of
from tests.outages.scene import SHORT, Scene, playing, settings_for, write
from tests.service.composed import all_settled

EACH = 40  # good ones of each partition at first
WINDOW, AT_ONCE = 100, 30
PATIENT = replace(SHORT, read_timeout_s=3_600.0)
NO_DEADLINE = {"DOWNLOAD__READ_TIMEOUT_S": "3600", "DOWNLOAD__DEADLINE_S": "36000"}

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


def stuck_in_each(maker: Maker, partitions: int) -> Traffic:
    """The stuck ones are announced first: everything else of their partitions is behind them."""
    stuck = [maker.talk(STUCK, partition=p) for p in range(partitions)]
    good = [talk for p in range(partitions) for talk in maker.talks(EACH, partition=p)]
    return traffic_of([*stuck, *good])


@asynccontextmanager
async def scene_of(traffic: Traffic, kafka: KafkaSettings, topics: TopicSettings, folder: Path) -> AsyncIterator[Scene]:
    async with Emulator(traffic.world) as emulator:
        kafka = kafka.model_copy(update={"drain_s": 0.5})
        more: dict[str, dict[str, Any]] = {
            "download": {"deadline_s": 36_000.0},
            "limits": {"window": WINDOW, "tasks": AT_ONCE},
        }
        settings = settings_for(emulator, kafka, topics, folder, PATIENT, more)
        async with playing(settings, traffic, emulator, 1_000.0) as scene:
            yield scene


async def until_missing(reader: OutputReader, score: Score, count: int, within_s: float = 60) -> None:
    with anyio.fail_after(within_s):
        while score.tally().missing > count:
            await reader.poll(score)


async def test_a_full_window_leaves_the_poll_and_the_other_partitions_go_on(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    maker = Maker("window", topics.partitions)
    first = stuck_in_each(maker, topics.partitions)
    behind, elsewhere = maker.talks(2 * WINDOW, partition=0), maker.talks(EACH, partition=1)
    everything = traffic_of([*first.world.conversations.values(), *behind, *elsewhere])
    traffic = replace(everything, records=first.records)
    async with scene_of(traffic, kafka_settings, topics, tmp_path) as scene:
        later = len(behind) + len(elsewhere)
        await until_missing(scene.reader, scene.score, topics.partitions + later)

        # Partition 0 first: were it still asked for, it would be in front of the other one in each poll.
        await write(scene.settings, tuple(map(announced, behind)), 2_000.0)
        await scene.until(lambda: scene.series("uncommitted_offsets", partition="0") >= WINDOW, 60)
        await write(scene.settings, tuple(map(announced, elsewhere)), 2_000.0)
        beyond = len(behind) - (WINDOW - EACH - 1)
        await until_missing(scene.reader, scene.score, topics.partitions + beyond)
        while await scene.reader.poll(scene.score, timeout_ms=1_500):
            pass

        tally = scene.score.tally()
        assert not (tally.duplicated or tally.wrong), tally
        by_partition = scene.series("uncommitted_offsets", partition="0")
        assert WINDOW <= by_partition <= WINDOW + AT_ONCE, "no more is taken than one poll over the window"
        assert tally.missing >= topics.partitions + beyond - AT_ONCE
        assert scene.series("uncommitted_offsets", partition="1") == 1 + 2 * EACH
        assert scene.series("rebalances_total") == 1


async def test_after_a_kill_no_finished_download_is_done_again(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    maker = Maker("kill", topics.partitions)
    traffic = stuck_in_each(maker, topics.partitions)
    stuck = [file for _, file in traffic.world.files.values() if file.case is STUCK]
    finished = [file for _, file in traffic.world.files.values() if file.case is not STUCK]
    score = Score(traffic.expectation)
    async with Emulator(traffic.world) as emulator, OutputReader(kafka_settings, topics) as reader:
        settings = settings_for(emulator, kafka_settings, topics, tmp_path, PATIENT)
        await write(settings, traffic.records, 1_000.0)
        env = worker_env(emulator, kafka_settings, topics, str(tmp_path / "attachments"), **NO_DEADLINE)
        with Workers(1, env, tmp_path) as workers:
            await until_missing(reader, score, len(stuck), 90)
            workers.all[0].send(SIGKILL)
            await run_sync(workers.all[0].wait, 10.0)
            for file in stuck:
                release(traffic.world, file)
            workers.all[0].start()
            await until_missing(reader, score, 0, 90)
            await all_settled(settings)
            await reader.catch_up(score)
        delivered = emulator.state.progress
        assert score.tally().good, score.tally()
        assert [delivered[file.download_id, "delivered"] for file in finished] == [1] * len(finished)
        assert [delivered[file.download_id, "delivered"] for file in stuck] == [2] * len(stuck)
