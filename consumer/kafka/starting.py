"""Where a loop begins in a partition, and what its log no longer holds: loss is never silent."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple, Protocol

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition

log = logging.getLogger(__name__)

OFFSETS_DEADLINE_S = 30.0


class Reports(Protocol):
    def lost_to_retention(self, records: int) -> None:
        """So many records were deleted before they were read."""


class Start(NamedTuple):
    """Where a partition begins, and what is known of it there."""

    offset: int  # the committed one, or the log's beginning where that is not in the log
    end: int  # of the log, now
    metadata: str = ""  # that was committed with the offset


async def start_of(consumer: AIOKafkaConsumer, partition: TopicPartition, reports: Reports) -> Start:
    """Of a consumer that was started with a group."""
    coordinator: Any = consumer._coordinator  # which alone tells the metadata
    with anyio.fail_after(OFFSETS_DEADLINE_S):
        committed = (await coordinator.fetch_committed_offsets([partition])).get(partition)
        begin: int = (await consumer.beginning_offsets([partition]))[partition]
        end: int = (await consumer.end_offsets([partition]))[partition]
    if committed is None:
        return Start(begin, end)
    if committed.offset < begin:
        reports.lost_to_retention(begin - committed.offset)
        log.error("%s: retention took %s records before they were read", partition, begin - committed.offset)
        return Start(begin, end)
    if committed.offset > end:
        told = "%s was made anew (committed %s, end %s): starting from its beginning"
        log.error(told, partition, committed.offset, end)
        return Start(begin, end)
    return Start(committed.offset, end, committed.metadata or "")
