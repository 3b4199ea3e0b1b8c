"""Partitions that move, and producers that are replaced, in the middle of the work."""

from __future__ import annotations

from collections import Counter

import anyio
import pytest

from consumer.identity import identity
from consumer.kafka.client import client_options, partition_of
from consumer.model import AnswerKind, LedgerEntry
from consumer.model.resting import Resting
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.stream import stream as source
from consumer.stream.stream import Stream
from consumer.stream.transaction import ProducerRecord, Transactor
from consumer.wire.entries import encode_entry
from tests.stream.harness import (
    Answered,
    GivenLimits,
    NamesJudge,
    everything,
    ignored,
    make_stream,
    running,
    until_committed,
    write_tasks,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def ready(stream: Stream) -> set[int]:
    return {partition for partition, a in stream.assignments.items() if a.window is not None}


async def until_ready(stream: Stream, partitions: int, seconds: float = 30) -> None:
    """Waits until `stream` takes tasks from that many partitions and has no others."""
    with anyio.fail_after(seconds):
        while len(ready(stream)) != partitions or len(stream.assignments) != partitions:  # noqa: ASYNC110 - looks from outside, as a probe does
            await anyio.sleep(0.01)


async def answers(kafka: KafkaSettings, topics: TopicSettings) -> Counter[str]:
    return Counter(value.decode() for value in await everything(kafka, topics.accepted))


async def test_records_of_a_poll_that_lasts_over_a_rebalance_are_not_lost(
    kafka_settings: KafkaSettings, topics: TopicSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It began before the partition was given back and assigned again, and ends with records from behind the seek."""
    monkeypatch.setattr(source, "POLL_MS", 3_000)
    first, second = (make_stream(NamesJudge(), kafka_settings, topics) for _ in range(2))
    before = [(f"c{n}", f"before-{n}") for n in range(40)]
    after = [(f"c{n}", f"after-{n}") for n in range(40)]
    async with Answered(kafka_settings, topics) as answered, running(first):
        await write_tasks(kafka_settings, topics, before)
        await answered.until({name for _, name in before})
        async with running(second):
            await until_ready(second, 2)
            await until_ready(first, 2)
            await write_tasks(kafka_settings, topics, after)
            names = await answered.until({name for _, name in after}, seconds=10)

    assert names == dict.fromkeys([name for _, name in before + after], 1)


async def test_an_inspection_that_ends_after_another_worker_answered_gives_no_second_answer(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    """A frozen worker thawed, took the id, answered, and died: the owner's own inspection was running all the time."""
    finish = anyio.Event()
    began = anyio.Event()

    async def inspect(name: str, resting: Resting) -> None:
        if name == "slow":
            began.set()
            await finish.wait()

    partition = partition_of(b"c", topics.partitions)
    async with (
        Answered(kafka_settings, topics) as answered,
        running(make_stream(NamesJudge(inspect), kafka_settings, topics)),
    ):
        await write_tasks(kafka_settings, topics, [("c", "slow")])
        await began.wait()
        zombie = Transactor(
            f"{topics.tasks}-{partition}",
            client_options(kafka_settings),
            group=kafka_settings.group,
            limits=GivenLimits(),
            step=ignored,
        )
        await zombie.open()
        key, value = encode_entry(LedgerEntry(identity("attachment", "slow"), AnswerKind.VERDICT))
        await zombie.commit(
            [
                ProducerRecord(topics.ledger, key, value, partition=partition),
                ProducerRecord(topics.accepted, b"slow", b"slow"),
            ],
            {},
        )
        await zombie.dispose()
        await write_tasks(kafka_settings, topics, [("c", "other")])
        await answered.until({"other"})
        finish.set()
        await until_committed(kafka_settings, topics)

    assert await answers(kafka_settings, topics) == {"slow": 1, "other": 1}
