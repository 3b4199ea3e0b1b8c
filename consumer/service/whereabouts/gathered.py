"""All that Kafka holds of what somebody asks for. Joins no group and writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from consumer.judge.reading import at_home
from consumer.kafka.search import searching
from consumer.kafka.seen import SeenRecords, SeenTask
from consumer.service.whereabouts.stories import conversation_of, in_doubt
from consumer.settings.model import KafkaSettings, TopicSettings


async def gathered(kafka: KafkaSettings, topics: TopicSettings, asked: str, since: datetime | None) -> SeenRecords:
    """What is known of `asked`: first as a conversation, whose partitions are known; if it is none, everywhere.

    Raises as `searching`.
    """
    async with searching(kafka, topics, since) as search:
        seen = await search.of(asked, everywhere=False)
        if seen.is_empty:
            seen = await search.of(asked, everywhere=True)
            conversation = conversation_of(seen)
            if conversation is not None and conversation != asked:
                seen = await search.of(conversation, everywhere=False)
        seen.tasks = [_at_home(task) for task in seen.tasks]
        seen.ledger = await search.remembered(in_doubt(seen))
        return seen


def _at_home(seen: SeenTask) -> SeenTask:
    events = tuple(at_home(event, seen.task.conversation_id) for event in seen.events)
    return replace(seen, events=events)
