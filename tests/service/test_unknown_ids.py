"""Ids that are announced before they exist, on the real broker: a dead letter, and later a verdict that names it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from consumer.identity import announcement_identity
from consumer.sandbox.check import OutputReader
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.world import Conversation
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.wire.results import Output
from tests.outages.crafted import Maker, announced, traffic_of
from tests.service.composed import Kept, all_settled, changed, serving, settings_for, until, write

TALKS = 5


def unknown(talk: Conversation) -> Conversation:
    return replace(talk, messages=tuple(replace(message, known=False) for message in talk.messages))


@pytest.mark.kafka
@pytest.mark.timeout(120)
async def test_ids_that_were_announced_before_they_exist_are_judged_once_whoever_owns_their_partition_then(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    talks = Maker("unknown", topics.partitions).talks(TALKS)
    traffic, score = traffic_of(talks), Kept(traffic_of(talks).expectation)
    events = [announced(talk) for talk in talks]
    async with Emulator(traffic.world) as emulator, OutputReader(kafka_settings, topics) as reader:
        settings = settings_for(emulator, kafka_settings, topics, tmp_path)
        settings = changed(settings, "attempts", attempts=3, over_s=0.5)
        traffic.world.conversations |= {talk.conversation_id: unknown(talk) for talk in talks}
        async with serving(settings):
            await write(settings, events * 2)
            await until(reader, score, lambda: len(score.records) == TALKS)
            await write(settings, events)
            await all_settled(settings)
        traffic.world.conversations |= {talk.conversation_id: talk for talk in talks}
        for _ in range(2):  # the ledger of the next owner holds what the last one gave
            async with serving(settings):
                await write(settings, events * 3)
                await until(reader, score, lambda: len(score.records) == 2 * TALKS)
                await all_settled(settings)
        await reader.catch_up(score)

    letters = [record.ours for record in score.records if record.output is Output.DEAD_LETTER]
    results = [json.loads(record.value or b"") for record in score.records if record.output is Output.ACCEPTED]
    assert (len(letters), len(results), len(score.records)) == (TALKS, TALKS, 2 * TALKS)
    assert {letter["dlq.reason"] for letter in letters} == {b"not_found"}
    messages = [message for talk in talks for message in talk.messages]
    named = {one.conversation_id: announcement_identity(one.conversation_id, one.message_id) for one in messages}
    assert {letter["dlq.id"].decode() for letter in letters} == {identity.hex() for identity in named.values()}
    for result in results:
        assert result["supersedes"] == {"id": named[result["conversationId"]].hex(), "generation": 1}
        assert result["replayOf"] is None
