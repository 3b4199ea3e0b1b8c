"""All that Kafka holds of what somebody asks for. Joins no group and writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from consumer.judge.reading import at_home
from consumer.kafka.search import Search, searching
from consumer.kafka.seen import SeenRecords, SeenTask
from consumer.kafka.signing import Verifier
from consumer.service.whereabouts.doubts import answers_in, without_unknown
from consumer.service.whereabouts.stories import conversations_of, in_doubt
from consumer.settings.model import KafkaSettings, SignatureSettings, TopicSettings

MOST = 5  # conversations that one id is looked for in
AROUND = timedelta(hours=1)  # an answer and its entry are of one transaction


async def gathered(
    kafka: KafkaSettings, topics: TopicSettings, signing: SignatureSettings, asked: str, since: datetime | None
) -> SeenRecords:
    """What is known of `asked`: first as a conversation, whose partitions are known; if nothing says that it is one,
    everywhere: an event that is not taken in yet may name a message or a file that was answered long ago.

    Where answers are signed, one that the ledger does not know is doubtful, and no answer. Raises as `searching`.
    """
    async with searching(kafka, topics, since, Verifier.of(signing)) as search:
        seen = await _proven(search, await search.of(asked, everywhere=False))
        if asked not in conversations_of(seen):
            seen.add(await _proven(search, await search.of(asked, everywhere=True)))
            await _widen(search, seen, asked)
        seen.tasks = [_at_home(task) for task in seen.tasks]
        memory = await search.remembered(in_doubt(seen))
        seen.ledger = memory.entries
        seen.doubtful += memory.doubtful
        return seen


async def _widen(search: Search, seen: SeenRecords, asked: str) -> None:
    """By what the conversations hold, in which it was found."""
    for conversation in [one for one in conversations_of(seen) if one != asked][:MOST]:
        seen.add(await _proven(search, await search.of(conversation, everywhere=False)))


async def _proven(search: Search, seen: SeenRecords) -> SeenRecords:
    """Without the answers that the ledger would have to know, and does not."""
    if not search.verifier:
        return seen
    kept_since = datetime.now(UTC) - timedelta(days=search.topics.horizon_days)
    wanted = answers_in(seen, search.topics.partitions, kept_since)
    if not wanted:
        return seen
    places = [result.place for result in seen.results] + [found.place for found in seen.letters]
    first = min(place.at for place in places if place.at and place.at > kept_since)
    memory = await search.remembered(wanted, first - AROUND)
    return without_unknown(seen, memory, kept_since)


def _at_home(seen: SeenTask) -> SeenTask:
    events = tuple(at_home(event, seen.task.conversation_id) for event in seen.events)
    return replace(seen, events=events)
