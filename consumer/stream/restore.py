"""Reading a ledger partition up to its last stable offset, before any task of its partition is taken."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition

from consumer.model import Doubt
from consumer.stream.ledger import Ledger
from consumer.stream.reader import reader_of
from consumer.stream.trust import Trust
from consumer.wire.entries import NoEntry, UnknownEntry, as_answered, decode_entry

log = logging.getLogger(__name__)

RECORDS_A_POLL = 5_000
POLL_MS = 20  # of the last one: behind the last entry there is only a transaction's end, which no poll returns for


@dataclass(slots=True)
class Odd:
    """Records of a ledger partition that this release may not have written, and what became of them."""

    skipped: int = 0  # they name no attachment
    answered: int = 0  # they name one, in a way that nobody here can read: taken for an answer
    unbelieved: int = 0  # they do not verify, and have to
    first: int | None = None  # the offset of the first of them
    doubted: Counter[Doubt] = field(default_factory=Counter)  # believed or not


async def restore(ledger: Ledger, trust: Trust, partition: TopicPartition, options: Mapping[str, Any]) -> Odd:
    """Reads from `ledger.position` on what `trust` believes.

    Only after the partition's producer was initialised: until then the end may still move past an open transaction.
    """
    odd = Odd()
    async with reader_of(partition, options) as consumer:
        end = (await consumer.end_offsets([partition]))[partition]
        begin = (await consumer.beginning_offsets([partition]))[partition]
        if ledger.position > end:
            log.error("the ledger %s-%s was made anew: what it held is lost", partition.topic, partition.partition)
            ledger.position = begin
            trust.begin_anew()
        position = max(ledger.position, begin)
        consumer.seek(partition, position)
        while position < end:
            records = await consumer.getmany(partition, timeout_ms=POLL_MS, max_records=RECORDS_A_POLL)
            for record in records.get(partition, ()):
                _add(ledger, trust, record, odd)
            position = await consumer.position(partition)
        ledger.position = position
        return odd


def _add(ledger: Ledger, trust: Trust, record: Any, odd: Odd) -> None:
    try:
        entry = decode_entry(record.key, record.value)
    except NoEntry:
        odd.skipped += 1
        odd.first = record.offset if odd.first is None else odd.first
        return
    except UnknownEntry:
        entry = None
    doubt = trust.doubt(record.key, record.value, record.headers)
    if doubt is not None:
        odd.doubted[doubt] += 1
    if not trust.believes(doubt, record.offset, record.timestamp):
        odd.unbelieved += 1
        odd.first = record.offset if odd.first is None else odd.first
    elif entry is None:
        odd.answered += 1
        odd.first = record.offset if odd.first is None else odd.first
        ledger.add(as_answered(record.key), record.timestamp)
    else:
        ledger.add(entry, record.timestamp)
