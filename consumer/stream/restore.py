"""Reading a ledger partition up to its last stable offset, before any task of its partition is taken."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition

from consumer.kafka.closing import close
from consumer.stream.ledger import Ledger
from consumer.wire.entries import decode_entry

log = logging.getLogger(__name__)

RECORDS_A_POLL = 5_000
POLL_MS = 20  # of the last one: behind the last entry there is only a transaction's end, which no poll returns for
START_S = 10.0


async def restore(ledger: Ledger, partition: TopicPartition, options: Mapping[str, Any]) -> None:
    """Reads from `ledger.position` on. Raises `Malformed` for a record that this version can't read.

    Only after the partition's producer was initialised: until then the end may still move past an open transaction.
    """
    consumer = AIOKafkaConsumer(
        **options, isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="none"
    )
    try:
        # Not cut off in the middle, when the partition moves away: aiokafka forgets the connections that it is opening.
        with anyio.fail_after(START_S, shield=True):
            await consumer.start()
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        begin = (await consumer.beginning_offsets([partition]))[partition]
        if ledger.position > end:
            log.error("the ledger %s-%s was made anew: what it held is lost", partition.topic, partition.partition)
            ledger.position = begin
        position = max(ledger.position, begin)
        consumer.seek(partition, position)
        while position < end:
            records = await consumer.getmany(partition, timeout_ms=POLL_MS, max_records=RECORDS_A_POLL)
            for record in records.get(partition, ()):
                ledger.add(decode_entry(record.key, record.value), record.timestamp)
            position = await consumer.position(partition)
        ledger.position = position
    finally:
        await close(consumer)
