"""Reading the ledger back: to its end, from where it was read, and leaving nothing open when it is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from consumer.kafka.client import client_options, consumer_options
from consumer.model import AnswerKind, LedgerEntry
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.stream.ledger import Ledger
from consumer.stream.restore import Odd, restore
from consumer.stream.transaction import Transactor
from consumer.stream.trust import Trust
from consumer.wire.entries import encode_entry
from consumer.wire.signatures import Signatures
from tests.stream.harness import GivenLimits, ignored, sockets

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def identities(numbers: range) -> list[bytes]:
    return [number.to_bytes(16, "big") for number in numbers]


def believing(topics: TopicSettings) -> Trust:
    """Where nothing is signed."""
    return Trust(Signatures(), topics.ledger, 0, topics.horizon_days)


async def write_entries(kafka: KafkaSettings, topics: TopicSettings, numbers: range) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer:
        for identity in identities(numbers):
            key, value = encode_entry(LedgerEntry(identity, AnswerKind.VERDICT))
            await producer.send(topics.ledger, value, key, partition=0)
        await producer.flush()


async def test_all_entries_are_read_and_later_only_those_behind_the_position(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    ledger, tp = Ledger(topics.horizon_days), TopicPartition(topics.ledger, 0)
    await write_entries(kafka_settings, topics, range(7_000))
    await restore(ledger, believing(topics), tp, consumer_options(kafka_settings))
    assert (len(ledger), ledger.position) == (7_000, 7_000)

    later = Ledger(topics.horizon_days)
    later.position = 6_990
    await restore(later, believing(topics), tp, consumer_options(kafka_settings))
    assert len(later) == 10


async def test_a_ledger_that_was_made_anew_is_said_and_read_from_its_beginning(
    kafka_settings: KafkaSettings, topics: TopicSettings, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(topics.horizon_days)
    ledger.position = 5_000
    await write_entries(kafka_settings, topics, range(10))
    await restore(ledger, believing(topics), TopicPartition(topics.ledger, 0), consumer_options(kafka_settings))

    assert (len(ledger), ledger.position) == (10, 10)
    assert "was made anew: what it held is lost" in caplog.text


async def test_what_somebody_else_wrote_is_skipped_or_counts_as_an_answer(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    ledger, tp = Ledger(topics.horizon_days), TopicPartition(topics.ledger, 0)
    key, value = encode_entry(LedgerEntry(b"ours".ljust(16), AnswerKind.DEAD, 2))
    later, null, kind = (name.ljust(16) for name in (b"later", b"null", b"kind"))
    junk = [(None, b"{}"), (b"short", value), (b"x" * 17, value), (b"", None)]
    odd = [(later, b"\x02" + value[1:]), (null, None), (kind, b"\x01?" + value[2:]), (later, b"a whole new value")]
    async with AIOKafkaProducer(bootstrap_servers=kafka_settings.bootstrap_servers) as producer:
        for its_key, its_value in [(key, value), *junk, *odd]:
            await producer.send(topics.ledger, its_value, its_key, partition=0)
        await producer.flush()

    assert await restore(ledger, believing(topics), tp, consumer_options(kafka_settings)) == Odd(
        skipped=4, answered=4, first=1
    )
    assert [ledger.generation(identity) for identity in (key, later, null, kind)] == [2, 0, 0, 0]
    assert ledger.position == 9
    assert await restore(ledger, believing(topics), tp, consumer_options(kafka_settings)) == Odd()


async def test_a_restore_that_is_cut_off_anywhere_leaves_no_socket_and_no_task(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    await write_entries(kafka_settings, topics, range(100))
    ledger, tp = Ledger(topics.horizon_days), TopicPartition(topics.ledger, 0)
    await leaves_nothing(lambda: restore(ledger, believing(topics), tp, consumer_options(kafka_settings)))


async def test_an_initialisation_that_is_cut_off_anywhere_leaves_no_socket_and_no_task(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    async def open_and_dispose() -> None:
        transactor = Transactor(
            f"{topics.tasks}-0",
            client_options(kafka_settings),
            group=kafka_settings.group,
            limits=GivenLimits(),
            step=ignored,
        )
        try:
            await transactor.open()
        finally:
            await transactor.dispose()

    await leaves_nothing(open_and_dispose)


async def leaves_nothing(work: Callable[[], Awaitable[object]]) -> None:
    """Runs `work` again and again, cut off a little later each time, until it ends by itself."""
    before = sockets(), len(asyncio.all_tasks())
    for turns in range(0, 2_000, 3):
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(_cancel_after, turns, scope)
                await work()
                group.cancel_scope.cancel()
        await anyio.lowlevel.checkpoint()
        assert (sockets(), len(asyncio.all_tasks())) == before, f"cut off after {turns} turns of the loop"
        if not scope.cancelled_caught:
            return
    raise AssertionError("it never ended by itself")


async def _cancel_after(turns: int, scope: anyio.CancelScope) -> None:
    for _ in range(turns):
        await anyio.lowlevel.checkpoint()
    scope.cancel()
