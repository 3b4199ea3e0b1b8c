"""What the ledger holds of some identities, looked at from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from consumer.kafka.reading import Record, beginnings, records
from consumer.kafka.seen import DoubtfulRecord, RecordPlace, Remembered, moment
from consumer.kafka.signing import Verifier
from consumer.wire.entries import UnknownEntry, as_answered, decode_entry


@dataclass(frozen=True, slots=True)
class Recollection:
    """`times`: when each answer was noted, by identity and generation."""

    entries: dict[bytes, Remembered] = field(default_factory=dict)  # that count
    times: defaultdict[tuple[bytes, int], list[datetime]] = field(default_factory=lambda: defaultdict(list))
    doubtful: list[DoubtfulRecord] = field(default_factory=list)


async def memory_of(
    consumer: AIOKafkaConsumer,
    topic: str,
    wanted: Mapping[int, Collection[bytes]],
    verifier: Verifier,
    since: datetime | None = None,
) -> Recollection:
    """`wanted`: identities by the partition of the ledger that would hold them; `since`: no older entries."""
    found = Recollection()
    partitions = [TopicPartition(topic, partition) for partition in wanted]
    async with aclosing(records(consumer, await beginnings(consumer, partitions, since))) as every:
        async for record in every:
            key = record.key
            if key is not None and key in wanted[record.partition]:
                _take(found, record, key, verifier)
    return found


def _take(found: Recollection, record: Record, key: bytes, verifier: Verifier) -> None:
    if why := verifier.doubt(record):
        place = RecordPlace.of(record)
        found.doubtful.append(DoubtfulRecord("ledger entry", place, why, verifier.believes_all))
        if not verifier.believes_all:
            return
    try:
        entry = decode_entry(key, record.value)
    except UnknownEntry:
        entry = as_answered(key)  # as the service takes it
    at = moment(record.timestamp)
    found.entries[key] = Remembered(entry, at)
    found.times[key, entry.generation].append(at)
