"""Pairs of one conversation and another's message, on the real broker: each file is answered once, by its owner."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest

from consumer.sandbox.check import OutputReader
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import InputRecord
from consumer.sandbox.world import Conversation
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.outages.crafted import Maker, announced, traffic_of
from tests.service.composed import Kept, all_settled, serving, settings_for, write

TALKS = 4


def forged(talk: Conversation, other: Conversation) -> InputRecord:
    """The conversation of one with the message of the other."""
    value = {"conversationId": talk.conversation_id, "messageId": other.messages[0].message_id}
    return InputRecord(talk.conversation_id.encode(), orjson.dumps(value), slot=0)


@pytest.mark.kafka
@pytest.mark.timeout(120)
@pytest.mark.parametrize("forged_first", [True, False])
async def test_a_message_is_answered_once_whichever_conversations_it_is_paired_with(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path, forged_first: bool
) -> None:
    maker = Maker("elsewhere", topics.partitions)
    talks = [talk for partition in range(topics.partitions) for talk in maker.talks(TALKS, partition)]
    traffic, score = traffic_of(talks), Kept(traffic_of(talks).expectation)
    true = [announced(talk) for talk in talks]
    pairs = [forged(talk, other) for talk in talks for other in talks if talk is not other]
    async with Emulator(traffic.world) as emulator, OutputReader(kafka_settings, topics) as reader:
        emulator.state.switches.compares_conversations = False
        settings = settings_for(emulator, kafka_settings, topics, tmp_path)
        for records in (pairs, true) if forged_first else (true, pairs):
            async with serving(settings):
                await write(settings, records)
                await all_settled(settings)
        await reader.catch_up(score)
    answered = sorted(json.loads(record.value or b"")["messageId"] for record in score.records)
    assert answered == sorted(talk.messages[0].message_id for talk in talks)
    assert score.tally().good, score.tally()
