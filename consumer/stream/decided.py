"""Whether each transaction in a partition has ended: what an open one holds is no answer yet, and may become one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import anyio
from aiokafka import TopicPartition

from consumer.stream.reader import reader_of

log = logging.getLogger(__name__)

LOOK_S = 0.5


async def until_decided(partition: TopicPartition, options: Mapping[str, Any]) -> None:
    """Until all that `partition` holds at the call is committed or aborted.

    Its one writer was initialised just now, so none of its transactions should be open. Apache Kafka 4.3.0 to 4.4.0
    break that (KAFKA-20734): a transaction that ends while a partition has no leader is never ended there, and the end
    of the next one publishes what was aborted. Whoever goes on would give those answers again.
    """
    async with reader_of(partition, options, "read_uncommitted") as whole, reader_of(partition, options) as decided:
        end = (await whole.end_offsets([partition]))[partition]
        said = False
        while (stable := (await decided.end_offsets([partition]))[partition]) < end:
            if not said:
                said = True
                told = "%s-%s: a transaction is open from offset %s on, and nobody takes tasks until it ends"
                log.warning(told, partition.topic, partition.partition, stable)
            await anyio.sleep(LOOK_S)  # the broker tells nobody
