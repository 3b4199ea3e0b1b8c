"""The rejected results, each with the commit of its own place."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from consumer.kafka_client import consumer_options
from consumer.notify.loop import Record
from consumer.notify.shutdown import Shutdown
from consumer.settings import KafkaSettings

POLL_MS = 500
POLL_RECORDS = 10
NEVER_MS = 2**31 - 1  # an outage may last: max_poll_interval would end the membership in the middle of it
STOP_S = 5.0


class Rejections(ConsumerRebalanceListener):
    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        *,
        polled: Callable[[], None] = lambda: None,
        assigned: Callable[[list[int]], None] = lambda partitions: None,
    ) -> None:
        self._consumer = consumer
        self._polled, self._assigned = polled, assigned

    async def records(self, shutdown: Shutdown) -> AsyncGenerator[Record, None]:
        """Until `shutdown`."""
        while not shutdown.requested:
            self._polled()
            polled: Mapping[TopicPartition, list[Any]] = {}
            with shutdown.leaving():
                polled = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
            for partition, records in polled.items():
                for record in records:
                    if not shutdown.requested:
                        yield record.value, partial(self._commit, partition, record.offset + 1)

    async def _commit(self, partition: TopicPartition, offset: int) -> bool:
        await self._consumer.commit({partition: offset})
        return True

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing is kept by partition."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._assigned(sorted(partition.partition for partition in assigned))


@asynccontextmanager
async def consuming(
    kafka: KafkaSettings,
    topic: str,
    *,
    polled: Callable[[], None] = lambda: None,
    assigned: Callable[[list[int]], None] = lambda partitions: None,
) -> AsyncIterator[Rejections]:
    """A member of the group of `notify`, which begins with what is rejected from now on."""
    consumer = AIOKafkaConsumer(
        **consumer_options(kafka),
        group_id=f"{kafka.group}-notify",
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="latest",
        session_timeout_ms=kafka.session_timeout_ms,
        heartbeat_interval_ms=kafka.heartbeat_ms,
        max_poll_interval_ms=NEVER_MS,
    )
    rejections = Rejections(consumer, polled=polled, assigned=assigned)
    try:
        await consumer.start()
        consumer.subscribe([topic], listener=rejections)
        yield rejections
    finally:
        with anyio.move_on_after(STOP_S, shield=True):
            await consumer.stop()
