"""A dead letter that an operator has judged again: one more answer, which says so, and no other."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from consumer.kafka import dead_letters
from consumer.kafka.dead_letters import Fate, Filter
from consumer.model import DeadReason
from consumer.sandbox.check import OutputReader
from consumer.sandbox.emulator import Emulator
from consumer.service.life import Running
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.wire.results import Output
from tests.outages.crafted import GOOD, Maker, announced, traffic_of
from tests.service.composed import (
    Kept,
    Published,
    all_settled,
    changed,
    serving,
    settings_for,
    until,
    until_true,
    write,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def of_kind(score: Kept, output: Output) -> list[Published]:
    return [record for record in score.records if record.output is output]


def open_letters(running: Running) -> float:
    families = running.metrics.registry.collect()
    return sum(one.value for family in families for one in family.samples if one.name.endswith("_open_dead_letters"))


async def test_a_file_whose_host_is_allowed_at_last_gets_its_verdict_by_a_replay(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    """Genesys's links lead where the settings do not: first a dead letter, after a restart with the host a verdict."""
    traffic = traffic_of(Maker("not allowed", topics.partitions).talks(2))
    score = Kept(traffic.expectation)
    async with (
        Emulator(traffic.world) as emulator,
        Emulator(traffic.world) as another,
        OutputReader(kafka_settings, topics) as reader,
    ):
        allows = settings_for(emulator, kafka_settings, topics, tmp_path)
        lacks = changed(allows, "download", allowed_origins=[another.files_url], host_patience_s=0.5)
        async with serving(lacks):
            await write(lacks, traffic.records)
            await until(reader, score, lambda: len(score.records) == 2)
            await all_settled(lacks)
        reasons = [record.ours["dlq.reason"] for record in of_kind(score, Output.DEAD_LETTER)]
        assert reasons == [b"host_unavailable"] * 2
        assert emulator.state.calls["file"] == 0

        async with serving(allows):
            chosen = Filter(reasons=frozenset({DeadReason.HOST_UNAVAILABLE}))
            fates = [fate async for _, fate in dead_letters.replay(kafka_settings, topics, chosen, rate=100)]
            assert fates == [Fate.WRITTEN] * 2
            await until(reader, score, lambda: len(score.records) == 4)
            await all_settled(allows)
        await reader.catch_up(score)

    accepted = [json.loads(record.value or b"") for record in of_kind(score, Output.ACCEPTED)]
    assert [body["replayOf"]["generation"] for body in accepted] == [1, 1]
    assert len(score.records) == 4


async def test_a_replay_gives_one_more_answer_however_often_it_is_written(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    maker = Maker("replay", topics.partitions)
    broken, others = maker.talk(GOOD, failing=True), maker.talks(3)
    traffic = traffic_of([broken, *others])
    score = Kept(traffic.expectation)
    async with Emulator(traffic.world) as emulator, OutputReader(kafka_settings, topics) as reader:
        settings = settings_for(emulator, kafka_settings, topics, tmp_path)
        settings = changed(settings, "attempts", attempts=2, over_s=0.2)
        async with serving(settings) as running:
            await write(settings, traffic.records)
            await until(reader, score, lambda: len(score.records) == 4)
            assert len(of_kind(score, Output.DEAD_LETTER)) == 1
            await until_true(lambda: open_letters(running) == 1)
            traffic.world.conversations[broken.conversation_id] = replace(broken, failing=False)

            for _ in range(2):
                fates = [fate async for _, fate in dead_letters.replay(kafka_settings, topics, Filter(), rate=100)]
                assert fates == [Fate.WRITTEN]
            await until(reader, score, lambda: len(score.records) == 5)
            await until_true(lambda: open_letters(running) == 0)
            await write(settings, [announced(broken)])
            await all_settled(settings)
        await reader.catch_up(score)

    accepted = [json.loads(record.value or b"") for record in of_kind(score, Output.ACCEPTED)]
    again = [body for body in accepted if body["conversationId"] == broken.conversation_id]
    assert len(score.records) == 5
    assert [body["replayOf"]["generation"] for body in again] == [1]
    assert [body["replayOf"] for body in accepted if body not in again] == [None] * 3
