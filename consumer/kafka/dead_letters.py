"""Looking after the dead-letter topic: reading it, and writing what can be judged now to the tasks once more.

A replay names the identity and the generation of the dead answer that it is about, and passes that one alone: written
twice, or after somebody else's, it changes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import anyio
from aiokafka import AIOKafkaProducer, TopicPartition

from consumer.errors import Malformed
from consumer.kafka.client import client_options, partition_of
from consumer.kafka.closing import close
from consumer.kafka.limits import DEFAULT_BYTES
from consumer.kafka.reading import Record, beginnings, reading, records
from consumer.kafka.topics import check, kafka_failures, partitions
from consumer.model import DeadLetter, DeadReason, Headers, Replay, Task
from consumer.settings.load import SettingsProblem
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.wire.dead_letters import decode_dead_letter, signing_key_of
from consumer.wire.results import record_size
from consumer.wire.signatures import UNSIGNED, Signatures
from consumer.wire.tasks import encode_task, unreadable_key


@dataclass(frozen=True, slots=True)
class Found:
    """One record of the dead-letter topic. `letter` is None for a record that this service did not write."""

    partition: int
    offset: int
    written_at: datetime
    letter: DeadLetter | None
    signing_key: str | None = None  # that its writer signs with, as far as it says


@dataclass(frozen=True, slots=True)
class Filter:
    """Which dead letters are meant: all that is set must hold."""

    reasons: frozenset[DeadReason] = frozenset()
    identities: frozenset[bytes] = frozenset()
    conversation_id: str | None = None
    since: datetime | None = None  # by the time at which the broker took the dead letter
    until: datetime | None = None

    def matches(self, found: Found) -> bool:
        letter = found.letter
        return (
            letter is not None
            and (not self.reasons or letter.reason in self.reasons)
            and (not self.identities or letter.identity in self.identities)
            and self.conversation_id in (None, letter.conversation_id)
            and (self.since is None or found.written_at >= self.since)
            and (self.until is None or found.written_at < self.until)
        )


class Fate(StrEnum):
    """What a replay does with one dead letter."""

    WRITTEN = "written"
    WOULD_BE_WRITTEN = "would_be_written"
    SUPERSEDED = "superseded"  # a later dead letter of the same identity stands for it
    TOO_OFTEN = "too_often"  # replayed in vain as often as was allowed
    NO_VALUE = "no_value"  # it was too large to be kept: the original is in the input topic, if anywhere
    TOO_LARGE = "too_large"  # the tasks topic does not take it


async def read(kafka: KafkaSettings, topics: TopicSettings) -> AsyncGenerator[Found, None]:
    """Everything that is in the topic at the moment of the call, each partition in its order."""
    numbers = await partitions(kafka, topics.dead_letter)
    async with reading(kafka) as consumer:
        begins = await beginnings(consumer, [TopicPartition(topics.dead_letter, number) for number in numbers])
        async with aclosing(records(consumer, begins)) as every:
            async for record in every:
                yield found_in(record)


async def replay(
    kafka: KafkaSettings,
    topics: TopicSettings,
    chosen: Filter,
    *,
    signatures: Signatures = UNSIGNED,
    dry_run: bool = False,
    max_generation: int = 3,
    rate: float = 10.0,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> AsyncGenerator[tuple[Found, Fate], None]:
    """Writes the dead letters that are `chosen` to the tasks, `rate` a second at most, and tells each one's fate.

    One that died `max_generation` times already is left alone: what fails again and again does not go round for ever.
    Raises `SettingsProblem` where the service signs and `signatures` can't do it as well: it would believe no replay.
    """
    limits = (await check(kafka, topics)).max_message_bytes if kafka.topics_are_checked else {}
    takes = limits.get(topics.tasks, DEFAULT_BYTES)
    limit = takes - signatures.overhead
    latest, signing_key = await _latest(kafka, topics)
    _refuse_without(signing_key, signatures)
    async with _producer(kafka, takes) as producer, aclosing(read(kafka, topics)) as every:
        async for found in every:
            letter = found.letter
            if letter is None or letter.identity not in latest or not chosen.matches(found):
                continue  # not in `latest`: it came while we looked
            fate = _fate(letter, latest[letter.identity], max_generation, limit)
            if fate is Fate.WRITTEN and dry_run:
                fate = Fate.WOULD_BE_WRITTEN
            if fate is Fate.WRITTEN:
                key, value, headers = task_record(letter)
                partition = partition_of(key, topics.partitions)
                headers = signatures.sign(topics.tasks, partition, key, value, headers)
                await producer.send_and_wait(topics.tasks, value, key, partition, headers=list(headers))
            yield found, fate
            if fate is Fate.WRITTEN:
                await sleep(1 / rate)


async def _latest(kafka: KafkaSettings, topics: TopicSettings) -> tuple[dict[bytes, int], str | None]:
    """The latest generation of each identity, and which key the last one of all was written beside."""
    latest: dict[bytes, int] = {}
    last: Found | None = None
    async with aclosing(read(kafka, topics)) as every:
        async for found in every:
            if letter := found.letter:
                latest[letter.identity] = max(letter.generation, latest.get(letter.identity, 0))
                last = found if last is None or found.written_at >= last.written_at else last
    return latest, last.signing_key if last else None


def _refuse_without(key: str | None, signatures: Signatures) -> None:
    if key is None or key in [known.hex() for known in signatures.ids]:
        return
    what = "none is set" if not signatures else "SIGNATURES__KEY and SIGNATURES__OTHER_KEY are others"
    lacks = f"the service signs its tasks with the key {key}, and here {what}: it would believe no replay"
    raise SettingsProblem([f"SIGNATURES__MODE, SIGNATURES__KEY: {lacks}; set them as the service has them"])


def task_record(letter: DeadLetter) -> tuple[bytes, bytes | None, Headers]:
    """Key, value and headers of the task that judges `letter` again, in the partition that holds its dead answer."""
    named = letter.conversation_id or letter.message_id
    key = named.encode("utf-8", "surrogatepass") if named else unreadable_key(letter.source)
    task = Task(
        source=letter.source,
        value=letter.value,
        key=letter.key,
        headers=letter.headers,
        left_out=letter.left_out,
        replay=Replay(letter.identity, letter.generation),
    )
    return key, letter.value, encode_task(task)


def _fate(letter: DeadLetter, latest: int, max_generation: int, limit: int) -> Fate:
    if letter.generation != latest:  # a replay that runs now, or ran before, has failed since
        return Fate.SUPERSEDED
    if letter.generation >= max_generation:
        return Fate.TOO_OFTEN
    if letter.value_sha256 is not None:
        return Fate.NO_VALUE
    return Fate.TOO_LARGE if record_size(*task_record(letter)) > limit else Fate.WRITTEN


def found_in(record: Record) -> Found:
    try:
        letter = decode_dead_letter(record.key, record.value, tuple(record.headers))
    except Malformed:
        letter = None
    key = signing_key_of(tuple(record.headers)) if letter else None
    return Found(record.partition, record.offset, datetime.fromtimestamp(record.timestamp / 1000, UTC), letter, key)


@asynccontextmanager
async def _producer(kafka: KafkaSettings, max_message_bytes: int) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(**client_options(kafka), enable_idempotence=True, max_request_size=max_message_bytes)
    with kafka_failures(kafka):
        try:
            await producer.start()
            yield producer
        finally:
            await close(producer)
