"""Records as other clients may write them: their headers' names are any bytes, which aiokafka itself can't write."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

Header = tuple[bytes, bytes | None]
Content = tuple[bytes | None, bytes | None, tuple[Header, ...]]  # key, value, headers

AT_MS = 1_795_460_000_000


class Name(str):
    """What `encode` gives is written."""

    raw: bytes

    def encode(self, *_: object) -> bytes:
        return self.raw


def name_of(raw: bytes) -> Name:
    name = Name("")
    name.raw = raw
    return name


def batch_of(records: Sequence[Content], compression: int = 0) -> _DefaultRecordBatchBuilderPy:
    """One batch of these; `compression`: none, gzip, snappy, lz4, zstd."""
    builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, -1, 64 * 1024 * 1024)
    for number, (key, value, headers) in enumerate(records):
        named: list[tuple[str, bytes | None]] = [(name_of(name), content) for name, content in headers]
        builder.append(number, AT_MS + number, key, value, named)
    return builder


async def write(bootstrap_servers: str, topic: str, partition: int, *records: Content, compression: int = 0) -> int:
    """The records as one batch; the offset of the first."""
    batch = BatchBuilder(1, compression)
    batch._builder = batch_of(records, compression)
    batch._relative_offset = len(records)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    await producer.start()
    try:
        sent = await producer.send_batch(batch, topic, partition=partition)
        return int((await sent).offset)
    finally:
        await producer.stop()
