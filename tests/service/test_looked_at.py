"""A set-up is looked at beside a running service: it must not notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from consumer.sandbox.check import OutputReader, read_to_end
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import plan_traffic
from consumer.service.doctor.doctor import look
from consumer.service.doctor.lines import Outcome
from consumer.service.life import Running
from consumer.settings.load import fixed_credentials
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.service.composed import Kept, changed, serving, settings_for, write

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

TIMES = 3


def disturbances(running: Running) -> float:
    """Rebalances, and producers that had to be replaced, so far."""
    names = ("_rebalances_total", "_rebuilds_total")
    families = running.metrics.registry.collect()
    return sum(one.value for family in families for one in family.samples if one.name.endswith(names))


async def test_a_service_under_load_sees_no_rebalance_and_no_rebuild_and_loses_no_answer(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    traffic = plan_traffic(60, 7)
    async with Emulator(traffic.world) as emulator:
        settings = settings_for(emulator, kafka_settings, topics, tmp_path)
        settings = changed(settings, "topics", partitions=topics.partitions)
        score = Kept(traffic.expectation)
        await write(settings, traffic.records)
        async with serving(settings) as running:
            async with OutputReader(settings.kafka, settings.topics) as reader:
                while not score.records:
                    await reader.poll(score)
                before = disturbances(running)
                for _ in range(TIMES):
                    lines = await look(settings, fixed_credentials(settings), None)
                    wrong = [line for line in lines if line.outcome in (Outcome.WRONG, Outcome.AWAY)]
                    assert not wrong
                await read_to_end(reader, score, patience_s=30)
            assert disturbances(running) == before
    assert score.tally().good, score.tally()
