"""Reading a ledger partition before its tasks are taken, against a bare aiokafka read of the same topic."""

from __future__ import annotations

import os
import time
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from consumer.kafka.client import consumer_options
from consumer.model import AnswerKind, LedgerEntry
from consumer.sandbox.kafka import KafkaBroker
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.stream.ledger import Ledger
from consumer.stream.restore import RECORDS_A_POLL, restore
from consumer.stream.trust import Trust
from consumer.wire.entries import encode_entry
from consumer.wire.signatures import Signatures
from tests.bench.figures import Figures, spread
from tests.brokers import create_topics

REQUIRED = Signatures([b"k" * 32], required=True)
ENTRIES, ROUNDS, IN_A_TRANSACTION = 200_000, 5, 2_000


async def run() -> Figures:
    """Interleaved, so that whatever else the machine does slows both of them down."""
    topics = TopicSettings(partitions=1, replication=1)
    with KafkaBroker() as broker:
        await create_topics(broker.bootstrap_servers, topics)
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        partition = TopicPartition(topics.ledger, 0)
        await _fill(kafka, partition)
        ours, verified, bare = [], [], []
        for _ in range(ROUNDS):
            bare.append(ENTRIES / await _bare(kafka, partition))
            ours.append(ENTRIES / await _restore(kafka, partition, Signatures()))
            verified.append(ENTRIES / await _restore(kafka, partition, REQUIRED))
    ratios = [one / other for one, other in zip(ours, bare, strict=True)]
    return {
        "entries": ENTRIES,
        "rounds": ROUNDS,
        **spread("restored a second", ours, 0),
        **spread("restored and verified a second", verified, 0),
        **spread("read a second by bare aiokafka", bare, 0),
        **spread("restore ÷ bare read (at least 0.5)", ratios, 2),
    }


async def _fill(kafka: KafkaSettings, partition: TopicPartition) -> None:
    """As the service writes it: in transactions, and signed."""
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers, transactional_id="bench", max_batch_size=1024 * 1024
    )
    await producer.start()
    try:
        for _ in range(ENTRIES // IN_A_TRANSACTION):
            async with producer.transaction():
                for _ in range(IN_A_TRANSACTION):
                    key, value = encode_entry(LedgerEntry(os.urandom(16), AnswerKind.VERDICT))
                    headers = list(REQUIRED.sign(partition.topic, partition.partition, key, value))
                    await producer.send(partition.topic, value, key, partition.partition, headers=headers)
    finally:
        await producer.stop()


async def _restore(kafka: KafkaSettings, partition: TopicPartition, signatures: Signatures) -> float:
    trust = Trust(signatures, partition.topic, partition.partition, 35)
    ledger, began = Ledger(35), time.monotonic()
    await restore(ledger, trust, partition, consumer_options(kafka))
    trust.check()
    seconds = time.monotonic() - began
    assert len(ledger) == ENTRIES, len(ledger)
    return seconds


async def _bare(kafka: KafkaSettings, partition: TopicPartition) -> float:
    options: dict[str, Any] = consumer_options(kafka)
    began = time.monotonic()
    consumer = AIOKafkaConsumer(**options, isolation_level="read_committed", enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        left = ENTRIES
        while left:
            found = await consumer.getmany(partition, timeout_ms=500, max_records=RECORDS_A_POLL)
            left -= sum(map(len, found.values()))
    finally:
        await consumer.stop()
    return time.monotonic() - began
