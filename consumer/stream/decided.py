"""Whether each transaction in a partition has ended: what an open one holds is no answer yet, and may become one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition

from consumer.kafka.closing import close

log = logging.getLogger(__name__)

START_S = 10.0
LOOK_S = 0.5


async def until_decided(partition: TopicPartition, options: Mapping[str, Any]) -> None:
    """Until all that `partition` holds at the call is committed or aborted.

    Its one writer was initialised just now, so none of its transactions should be open. Apache Kafka 4.3.0 to 4.4.0
    break that (KAFKA-20734): a transaction that ends while a partition has no leader is never ended there, and the end
    of the next one publishes what was aborted. Whoever goes on would give those answers again.
    """
    whole, decided = (
        AIOKafkaConsumer(**options, isolation_level=level, enable_auto_commit=False)
        for level in ("read_uncommitted", "read_committed")
    )
    try:
        for consumer in (whole, decided):
            with anyio.fail_after(START_S, shield=True):  # aiokafka forgets the connections that it is opening
                await consumer.start()
            consumer.assign([partition])
        end = (await whole.end_offsets([partition]))[partition]
        said = False
        while (stable := (await decided.end_offsets([partition]))[partition]) < end:
            if not said:
                said = True
                told = "%s-%s: a transaction is open from offset %s on, and nobody takes tasks until it ends"
                log.warning(told, partition.topic, partition.partition, stable)
            await anyio.sleep(LOOK_S)  # the broker tells nobody
    finally:
        for consumer in (whole, decided):
            await close(consumer)
