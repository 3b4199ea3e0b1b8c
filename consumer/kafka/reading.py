"""Reading what topics hold at one moment, in no group: a service that runs does not notice."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from consumer.kafka.client import consumer_options
from consumer.kafka.closing import close
from consumer.kafka.topics import kafka_failures
from consumer.settings.model import KafkaSettings

POLL_MS = 50  # all is there already; but behind a last record may be a transaction's mark, which no poll returns for

Record = ConsumerRecord[bytes | None, bytes | None]


@asynccontextmanager
async def reading(kafka: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that sees what is committed, and is no member of any group. Raises `Unavailable`."""
    consumer = AIOKafkaConsumer(
        **consumer_options(kafka),
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        fetch_max_wait_ms=POLL_MS,
    )
    with kafka_failures(kafka):
        try:
            await consumer.start()
            yield consumer
        finally:
            await close(consumer)


async def beginnings(
    consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition], since: datetime | None = None
) -> dict[TopicPartition, int]:
    """The first offset that the log holds, or the first that was written since then."""
    begins: dict[TopicPartition, int] = await consumer.beginning_offsets(partitions) if partitions else {}
    if since is None or not partitions:
        return begins
    ends: Mapping[TopicPartition, int] = await consumer.end_offsets(partitions)
    written = await consumer.offsets_for_times(dict.fromkeys(partitions, int(since.timestamp() * 1000)))
    return {tp: ends[tp] if (at := written.get(tp)) is None else max(at.offset, begins[tp]) for tp in partitions}


async def records(consumer: AIOKafkaConsumer, begins: Mapping[TopicPartition, int]) -> AsyncGenerator[Record, None]:
    """What is there at the moment of the call, from these offsets on; each partition in its order."""
    ends: Mapping[TopicPartition, int] = await consumer.end_offsets(begins) if begins else {}
    left = {tp for tp, begin in begins.items() if begin < ends[tp]}
    consumer.assign(list(left))
    for tp in left:
        consumer.seek(tp, begins[tp])
    while left:
        polled = await consumer.getmany(*left, timeout_ms=POLL_MS)
        for tp, found in polled.items():
            for record in found:
                if record.offset < ends[tp]:
                    yield record
        left = {tp for tp in left if await consumer.position(tp) < ends[tp]}
