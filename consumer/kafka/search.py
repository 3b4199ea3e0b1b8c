"""Finds what Kafka holds of a conversation, a message or an attachment. Joins no group and writes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from consumer.errors import Malformed, Refused
from consumer.kafka.client import partition_of
from consumer.kafka.dead_letters import found_in
from consumer.kafka.groups import look_at
from consumer.kafka.ledger import Recollection, memory_of
from consumer.kafka.reading import Record, beginnings, reading, records
from consumer.kafka.seen import (
    Coordinates,
    DoubtfulRecord,
    Groups,
    RecordPlace,
    Searched,
    SeenEvent,
    SeenLetter,
    SeenRecords,
    SeenResult,
    SeenTask,
)
from consumer.kafka.signing import Verifier
from consumer.kafka.topics import connected, found
from consumer.model import Dependency, Event, Replay, Source
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.wire.events import NOISE, Noise, decode
from consumer.wire.tasks import decode_task, unproven

RESULT_IDS = ("id", "conversationId", "messageId", "attachmentId")


@asynccontextmanager
async def searching(
    kafka: KafkaSettings, topics: TopicSettings, since: datetime | None, verifier: Verifier
) -> AsyncIterator[Search]:
    """`since`: nothing older; and events that were taken in already are searched from then on as well. Raises `Refused`
    for topics that are missing, `Unavailable` while Kafka is away.
    """
    async with connected(kafka) as admin:
        counts = await _partitions(admin, topics)
        groups = await _groups(admin, kafka, topics, counts)
    async with reading(kafka) as consumer:
        yield Search(consumer, topics, counts, groups, since, verifier)


async def _partitions(admin: AIOKafkaAdminClient, topics: TopicSettings) -> dict[str, int]:
    names = (topics.events, *topics.ours)
    there = await found(admin, names)
    if missing := [name for name in names if name not in there]:
        told = ", ".join(missing)
        raise Refused(Dependency.KAFKA, f"missing, or may not be described: {told}; see `topics describe`")
    return {name: there[name].partitions for name in names}


async def _groups(
    admin: AIOKafkaAdminClient, kafka: KafkaSettings, topics: TopicSettings, counts: Mapping[str, int]
) -> Groups:
    def every(topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(counts[topic])]

    return Groups(
        intake=await look_at(admin, f"{kafka.group}-intake", every(topics.events)),
        tasks=await look_at(admin, kafka.group, every(topics.tasks)),
        notify=await look_at(admin, f"{kafka.group}-notify", every(topics.rejected)),
    )


@dataclass(frozen=True, slots=True)
class Search:
    consumer: AIOKafkaConsumer
    topics: TopicSettings
    counts: Mapping[str, int]
    groups: Groups
    since: datetime | None
    verifier: Verifier

    async def of(self, asked: str, *, everywhere: bool) -> SeenRecords:
        """One reading of all topics but the ledger: of `asked` as a conversation, in the partitions of that key; or
        `everywhere`, as any id that there is."""
        keyed = None if everywhere else asked.encode("utf-8", "surrogatepass")
        begins = await self._begins(keyed)
        seen = SeenRecords(self.groups)
        searched = {name: Searched(name, 0, self.counts[name]) for name in dict.fromkeys(tp.topic for tp in begins)}
        for tp in begins:
            searched[tp.topic] = replace(searched[tp.topic], partitions=searched[tp.topic].partitions + 1)
        take = self._takers(asked, keyed, seen)
        async with aclosing(records(self.consumer, begins)) as every:
            async for record in every:
                searched[record.topic] = _read(searched[record.topic], record)
                take[record.topic](record)
        seen.searched = list(searched.values())
        return seen

    async def _begins(self, keyed: bytes | None) -> dict[TopicPartition, int]:
        topics = self.topics
        ours = [tp for name in (topics.accepted, topics.rejected) for tp in self._of_key(name, keyed)]
        ours += self._of_key(topics.tasks, keyed) + self._of_key(topics.dead_letter, None)
        begins = await beginnings(self.consumer, ours, self.since)
        events = self._of_key(topics.events, None)
        taken_in = self.groups.intake.committed
        for tp, first in (await beginnings(self.consumer, events)).items():
            begins[tp] = max(first, taken_in.get(tp, first))
        if self.since is not None:
            for tp, offset in (await beginnings(self.consumer, events, self.since)).items():
                begins[tp] = min(begins[tp], offset)
        return begins

    def _of_key(self, topic: str, key: bytes | None) -> list[TopicPartition]:
        """The partition of the key; all, if there is none, or if the topic may have had fewer when it was written."""
        count = self.counts[topic]
        if key is not None and (topic == self.topics.tasks or count == self.topics.partitions):
            return [TopicPartition(topic, partition_of(key, count))]
        return [TopicPartition(topic, number) for number in range(count)]

    def _takers(self, asked: str, keyed: bytes | None, seen: SeenRecords) -> Mapping[str, Callable[[Record], None]]:
        def of_event(record: Record) -> None:
            if (event := _event(record, asked)) is not None:
                seen.events.append(event)

        def of_task(record: Record) -> None:
            if keyed is not None and record.key != keyed:
                return
            why = self.verifier.doubt(record)
            task = _task(record, asked, is_unproven=why is not None and not self.verifier.believes_all)
            if task is not None:
                seen.tasks.append(task)
                if why:
                    seen.doubtful.append(DoubtfulRecord("task", task.place, why, self.verifier.believes_all))

        def of_result(record: Record) -> None:
            if (result := _result(record, asked)) is not None:
                seen.results.append(result)

        def of_letter(record: Record) -> None:
            if (letter := _letter(record, asked)) is not None:
                seen.letters.append(letter)

        topics = self.topics
        return {
            topics.events: of_event,
            topics.tasks: of_task,
            topics.accepted: of_result,
            topics.rejected: of_result,
            topics.dead_letter: of_letter,
        }

    async def remembered(self, wanted: Mapping[int, Collection[bytes]], since: datetime | None = None) -> Recollection:
        """What the ledger holds of these identities, by partition; `since`: nothing older."""
        return await memory_of(self.consumer, self.topics.ledger, wanted, self.verifier, since)


def _read(searched: Searched, record: Record) -> Searched:
    at = Source(record.topic, record.partition, record.offset, record.timestamp).time
    since = min(filter(None, (searched.since, at)), default=None)
    return replace(searched, records=searched.records + 1, since=since)


def _event(record: Record, asked: str) -> SeenEvent | None:
    items = decode(record.value)
    events = _named(items, asked)
    if not events and asked.encode("utf-8", "surrogatepass") not in (record.value or b""):
        return None
    return SeenEvent(
        RecordPlace.of(record), events, tuple(NOISE[item.kind] for item in items if isinstance(item, Noise))
    )


def _task(record: Record, asked: str, is_unproven: bool) -> SeenTask | None:
    at, headers = Source(record.topic, record.partition, record.offset, record.timestamp), tuple(record.headers)
    try:
        task = decode_task(record.value, unproven(headers) if is_unproven else headers, at)
    except Malformed:
        return None  # somebody else's: judged as an event, and its answer names what it names
    events = tuple(item for item in decode(record.value) if isinstance(item, Event))
    if not (asked == task.conversation_id or record.key == asked.encode("utf-8", "surrogatepass")):
        events = _named(events, asked)
        if not events and not (task.replay and task.replay.identity.hex() == asked):
            return None
    return SeenTask(RecordPlace.of(record), task, events)


def _result(record: Record, asked: str) -> SeenResult | None:
    if asked.encode("utf-8", "surrogatepass") not in (record.value or b""):
        return None
    try:
        body = orjson.loads(record.value or b"")
        if asked not in (body.get(name) for name in RESULT_IDS):
            return None
        source, letter = body["source"], body["replayOf"] or body.get("supersedes")
        return SeenResult(
            RecordPlace.of(record),
            bytes.fromhex(body["id"]),
            Coordinates(source["topic"], source["partition"], source["offset"]),
            Replay(bytes.fromhex(letter["id"]), letter["generation"]) if letter else None,
            body,
        )
    except (ValueError, AttributeError, KeyError, TypeError):
        return None  # somebody else's


def _letter(record: Record, asked: str) -> SeenLetter | None:
    letter = found_in(record).letter
    if letter is None:
        return None
    ids = letter.identity.hex(), letter.conversation_id, letter.message_id, letter.attachment_id
    return SeenLetter(RecordPlace.of(record), letter) if asked in ids else None


def _named(items: Iterable[object], asked: str) -> tuple[Event, ...]:
    return tuple(item for item in items if isinstance(item, Event) and asked in set(_ids(item)))


def _ids(event: Event) -> Iterable[str | None]:
    yield event.conversation_id
    for message in event.messages:
        yield message.message_id
        yield message.identity.hex()
        for attachment in message.attachments:
            yield attachment.attachment_id
            yield attachment.identity.hex() if attachment.identity else None
