"""Commits of a loop that may lose a partition in the middle: at least once is enough for it."""

from __future__ import annotations

import logging
from contextlib import suppress

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

log = logging.getLogger(__name__)

ANSWERED_S = 30.0  # within which a broker tells a position


async def commit(consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
    """What moved away in the middle of a rebalance comes again to its next owner, and the ledger absorbs it."""
    try:
        await consumer.commit(offsets)
    except (CommitFailedError, IllegalStateError) as moved:
        log.info("a commit came too late for a rebalance: %s", type(moved).__name__)


async def commit_what_is_no_record(consumer: AIOKafkaConsumer) -> None:
    """The marks of transactions: once retention has taken them, an offset below them would look like a loss."""
    behind = {}
    for tp in consumer.assignment():
        with suppress(IllegalStateError), anyio.move_on_after(ANSWERED_S):
            position = await consumer.position(tp)
            if position > (await consumer.committed(tp) or 0):
                behind[tp] = position
    if behind:
        await commit(consumer, behind)
