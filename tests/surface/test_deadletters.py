"""Dead letters: read back as they were written, chosen by filters, and replayed in a way that loops end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from hypothesis import given

from consumer.errors import Malformed, Refused, Unavailable
from consumer.kafka.client import partition_of
from consumer.kafka.dead_letters import Fate, Filter, Found, read, replay, task_record
from consumer.model import DeadLetter, DeadReason, Headers, Replay, Source
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.text import printable
from consumer.wire.dead_letters import (
    SIGNING_KEY,
    SIGNING_KEY_BYTES,
    decode_dead_letter,
    signing_key_of,
    with_signing_key,
)
from consumer.wire.results import ID_LIMIT, encode_dead_letter, record_size
from consumer.wire.signatures import UNSIGNED, Signatures
from consumer.wire.tasks import decode_task
from tests.wire.test_results import dead_letters

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SOURCE = Source("events", 3, 120, 1_795_460_000_000, "[2]")


def letter(number: int, *, generation: int = 1, reason: DeadReason = DeadReason.NOT_FOUND) -> DeadLetter:
    return DeadLetter(
        identity=bytes([number]) * 16,
        generation=generation,
        reason=reason,
        detail="gone",
        stage="metadata",
        attempts=8,
        source=SOURCE,
        first_at=AT,
        last_at=AT,
        key=b"original key",
        value=b'{"conversationId":"c"}',
        headers=(("trace", b"\xff"), ("null", None), ("dlq.id", b"forged")),
        conversation_id=f"c-{number}",
        message_id="m",
    )


async def put(
    kafka: KafkaSettings,
    topics: TopicSettings,
    *letters: DeadLetter,
    max_bytes: int = 500_000,
    signatures: Signatures = UNSIGNED,
) -> None:
    """As the service does: committed transactions, among one that was not."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, transactional_id=topics.prefix)
    await producer.start()
    try:
        for kept in (False, True):
            await producer.begin_transaction()
            for one in letters:
                out = encode_dead_letter(one, max_bytes=max_bytes)
                headers = list(with_signing_key(out.headers, signatures))
                await producer.send_and_wait(topics.dead_letter, out.value, out.key, headers=headers)
            await (producer.commit_transaction() if kept else producer.abort_transaction())
    finally:
        await producer.stop()


async def tasks(kafka: KafkaSettings, topics: TopicSettings) -> list[tuple[int, bytes, Replay | None]]:
    """Partition, key and replay of every task there is."""
    found = await task_records(kafka, topics)
    return [(r.partition, r.key or b"", decode_task(r.value, tuple(r.headers), SOURCE).replay) for r in found]


async def task_records(kafka: KafkaSettings, topics: TopicSettings) -> list[Any]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(topics.tasks, number) for number in range(topics.partitions)]
        ends = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        found: list[Any] = []
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                found += (await consumer.getmany(partition, timeout_ms=200)).get(partition, [])
        return found
    finally:
        await consumer.stop()


async def replayed(
    kafka: KafkaSettings, topics: TopicSettings, chosen: Filter, *, dry_run: bool = False, sleeps: list[float]
) -> list[tuple[int, Fate]]:
    running = replay(kafka, topics, chosen, dry_run=dry_run, rate=50.0, sleep=noting(sleeps))
    async with aclosing(running):
        return sorted([(found.letter.identity[0], fate) async for found, fate in running if found.letter])


def noting(sleeps: list[float]) -> Callable[[float], Awaitable[None]]:
    async def sleep(seconds: float) -> None:
        sleeps.append(seconds)

    return sleep


@given(dead_letters)
def test_a_dead_letter_reads_back_as_it_was_written(dead: DeadLetter) -> None:
    out = encode_dead_letter(dead, max_bytes=500_000)
    again = decode_dead_letter(out.key, out.value, out.headers)
    assert again == replace(
        dead,
        detail=printable(dead.detail, 500),
        first_at=again.first_at,
        last_at=again.last_at,
        conversation_id=printable(dead.conversation_id or "", ID_LIMIT) or None,
        message_id=printable(dead.message_id or "", ID_LIMIT) or None,
        attachment_id=printable(dead.attachment_id or "", ID_LIMIT) or None,
    )
    assert abs(again.first_at - dead.first_at) < timedelta(milliseconds=1)


@given(dead_letters)
def test_a_dead_letter_tells_the_key_of_its_writer_beside_whatever_the_record_says(dead: DeadLetter) -> None:
    dead = replace(dead, headers=(*dead.headers, (SIGNING_KEY, b"forged")))
    out = encode_dead_letter(dead, max_bytes=500_000)
    signed = with_signing_key(out.headers, Signatures([b"k" * 32]))
    assert (signing_key_of(out.headers), signing_key_of(signed)) == (None, Signatures([b"k" * 32]).ids[0].hex())
    assert decode_dead_letter(out.key, out.value, signed) == decode_dead_letter(out.key, out.value, out.headers)
    assert record_size(out.key, out.value, signed) == out.size + SIGNING_KEY_BYTES


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("dlq.id", b"00" * 16),),
        (("dlq.id", b"\xff"), ("dlq.reason", b"x")),
        (("dlq.id", None), ("dlq.stage", None)),
    ],
)
def test_a_foreign_record_is_not_taken_for_a_dead_letter(headers: Headers) -> None:
    with pytest.raises(Malformed):
        decode_dead_letter(None, b"{}", headers)


def test_a_replay_is_a_task_that_names_the_dead_answer_and_carries_the_original() -> None:
    key, value, headers = task_record(letter(7, generation=2))
    task = decode_task(value, headers, SOURCE)
    assert (key, value) == (b"c-7", b'{"conversationId":"c"}')
    assert task.replay == Replay(b"\x07" * 16, 2)
    assert (task.source, task.key, task.headers) == (SOURCE, b"original key", letter(7).headers)


def test_what_named_nothing_is_replayed_under_the_key_that_it_came_by() -> None:
    unreadable = replace(letter(7), conversation_id=None, message_id=None)
    assert task_record(unreadable)[0] == b"events/3/120[2]"


def test_a_filter_holds_when_all_of_it_holds() -> None:
    found = Found(0, 5, AT, letter(1))
    for chosen in (
        Filter(),
        Filter(reasons=frozenset({DeadReason.NOT_FOUND}), since=AT, until=AT + timedelta(seconds=1)),
        Filter(identities=frozenset({b"\x01" * 16}), conversation_id="c-1"),
    ):
        assert chosen.matches(found)
    for chosen in (
        Filter(reasons=frozenset({DeadReason.BUG})),
        Filter(until=AT),
        Filter(since=AT + timedelta(seconds=1)),
        Filter(conversation_id="c-2"),
        Filter(identities=frozenset({b"\x02" * 16}), conversation_id="c-1"),
    ):
        assert not chosen.matches(found)
    assert not Filter().matches(replace(found, letter=None))


@pytest.mark.kafka
async def test_reading_gives_every_committed_dead_letter_once(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    await put(kafka_settings, topics, letter(1), letter(2))
    found = [one async for one in read(kafka_settings, topics)]
    assert sorted(one.letter.identity[0] for one in found if one.letter) == [1, 2]
    assert all(abs(one.written_at - datetime.now(UTC)) < timedelta(minutes=5) for one in found)


@pytest.mark.kafka
async def test_a_replay_writes_each_chosen_one_to_the_partition_that_owns_it_at_the_rate_asked_for(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    await put(kafka_settings, topics, letter(1), letter(2), letter(3, reason=DeadReason.BUG))
    chosen = Filter(reasons=frozenset({DeadReason.NOT_FOUND}))
    sleeps: list[float] = []
    dry = await replayed(kafka_settings, topics, chosen, dry_run=True, sleeps=sleeps)
    assert dry == [(1, Fate.WOULD_BE_WRITTEN), (2, Fate.WOULD_BE_WRITTEN)]
    assert await tasks(kafka_settings, topics) == []
    assert await replayed(kafka_settings, topics, chosen, sleeps=sleeps) == [(1, Fate.WRITTEN), (2, Fate.WRITTEN)]
    assert sorted(await tasks(kafka_settings, topics), key=lambda task: task[1]) == [
        (partition_of(b"c-1", topics.partitions), b"c-1", Replay(b"\x01" * 16, 1)),
        (partition_of(b"c-2", topics.partitions), b"c-2", Replay(b"\x02" * 16, 1)),
    ]
    assert sleeps == [0.02, 0.02]


@pytest.mark.kafka
async def test_what_died_again_is_replayed_by_its_latest_and_not_for_ever(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    again = [letter(1), letter(1, generation=2), letter(2), letter(2, generation=2), letter(2, generation=3)]
    await put(kafka_settings, topics, *again)
    assert await replayed(kafka_settings, topics, Filter(), sleeps=[]) == [
        (1, Fate.SUPERSEDED),
        (1, Fate.WRITTEN),
        (2, Fate.SUPERSEDED),
        (2, Fate.SUPERSEDED),
        (2, Fate.TOO_OFTEN),
    ]
    assert [task[2] for task in await tasks(kafka_settings, topics)] == [Replay(b"\x01" * 16, 2)]


@pytest.mark.kafka
async def test_what_has_lost_its_value_or_has_grown_too_large_is_said_and_not_written(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    await put(kafka_settings, topics, replace(letter(1), value=b"x" * 9_000), max_bytes=5_000)
    assert await replayed(kafka_settings, topics, Filter(), sleeps=[]) == [(1, Fate.NO_VALUE)]
    assert await tasks(kafka_settings, topics) == []


@pytest.mark.kafka
async def test_a_topic_that_is_not_there_is_refused_and_not_created(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    elsewhere = TopicSettings(prefix=f"{topics.prefix}-other")
    for _ in range(2):
        with pytest.raises(Refused, match="is missing"):
            [one async for one in read(kafka_settings, elsewhere)]


async def test_brokers_that_are_away_are_a_dependency_that_is_down() -> None:
    with pytest.raises(Unavailable):
        [one async for one in read(KafkaSettings(bootstrap_servers="127.0.0.1:1"), TopicSettings())]
