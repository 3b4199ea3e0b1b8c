"""Where a loop begins in a partition, and what its log no longer holds: loss is never silent."""

from __future__ import annotations

import logging
from typing import Protocol

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition

log = logging.getLogger(__name__)

OFFSETS_DEADLINE_S = 30.0


class Reports(Protocol):
    def lost_to_retention(self, records: int) -> None:
        """So many records were deleted before they were read."""


async def starting_offset(consumer: AIOKafkaConsumer, partition: TopicPartition, reports: Reports) -> int:
    """The committed offset, or the log's beginning where that is not in the log."""
    with anyio.fail_after(OFFSETS_DEADLINE_S):
        committed: int | None = await consumer.committed(partition)
        begin: int = (await consumer.beginning_offsets([partition]))[partition]
        end: int = (await consumer.end_offsets([partition]))[partition]
    if committed is None:
        return begin
    if committed < begin:
        reports.lost_to_retention(begin - committed)
        log.error("%s: retention took %s records before they were read", partition, begin - committed)
        return begin
    if committed > end:
        log.error("%s was made anew (committed %s, end %s): starting from its beginning", partition, committed, end)
        return begin
    return committed
