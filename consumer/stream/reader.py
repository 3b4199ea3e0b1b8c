"""A look at one partition of a log, in no group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition

from consumer.kafka.closing import close

START_S = 10.0


@asynccontextmanager
async def reader_of(
    partition: TopicPartition,
    options: Mapping[str, Any],
    isolation_level: Literal["read_committed", "read_uncommitted"] = "read_committed",
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that has this partition, and no position in it. Raises aiokafka's errors and `TimeoutError`."""
    consumer = AIOKafkaConsumer(
        **options, isolation_level=isolation_level, enable_auto_commit=False, auto_offset_reset="none"
    )
    try:
        # Not cut off in the middle, when the partition moves away: aiokafka forgets the connections that it is opening.
        with anyio.fail_after(START_S, shield=True):
            await consumer.start()
        consumer.assign([partition])
        yield consumer
    finally:
        await close(consumer)
