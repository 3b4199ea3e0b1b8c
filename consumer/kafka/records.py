"""Fetched records, whatever their headers are named.

Kafka takes any bytes for a header's name. aiokafka decodes them as UTF-8 inside its poll, strictly: one such record, of
whoever may write, would end every poll of its partition for ever, and what the same poll had taken from other
partitions would be lost. So what can't be decoded is read once more here, from the record on that it stopped at, and
what of a name is no UTF-8 becomes `\\xff`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecord, DefaultRecordBatch, _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint

LENGTH = slice(8, 12)  # in a batch: the number of bytes behind it


def read_any_header_name() -> None:
    """From now on all consumers of this process do. aiokafka has no public place to say so."""
    fetcher.MemoryRecords = Fetched  # type: ignore[attr-defined]
    fetcher.PartitionRecords = Records  # type: ignore[misc]


class Fetched(MemoryRecords):  # type: ignore[valid-type, misc]
    """The batches of a partition as aiokafka reads them, and their bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.content = content


class Records(PartitionRecords):
    """The records of a fetched partition."""

    def _unpack_records(self) -> Iterator[Any]:
        try:
            yield from super()._unpack_records()  # type: ignore[no-untyped-call]
        except (UnicodeDecodeError, CorruptRecordException) as error:
            if not isinstance(error.__cause__ or error, UnicodeDecodeError):  # a cause where aiokafka is pure Python
                raise
            self._records = _Batches(self._records.content, self.next_fetch_offset)
            yield from super()._unpack_records()  # type: ignore[no-untyped-call]


class _Batches:
    """The batches from the one with `offset` on, with records that have any header name."""

    def __init__(self, content: bytes, offset: int) -> None:
        self._batches, self._rest, self._offset = MemoryRecords(content), memoryview(content), offset
        self.has_next = self._batches.has_next

    def next_batch(self) -> Any:
        while True:
            batch: Any = self._batches.next_batch()
            length = LENGTH.stop + int.from_bytes(self._rest[LENGTH], "big")
            content, self._rest = self._rest[:length], self._rest[length:]
            if batch.next_offset > self._offset or not self.has_next():
                return _Batch(content) if isinstance(batch, DefaultRecordBatch) else batch  # older: without headers


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc] # aiokafka's own reader in Python
    def _read_msg(self, decode_varint: object = None) -> Any:
        _length, _attributes = self._number(), self._number()
        delta, offset = self._number(), self.base_offset + self._number()
        timestamp = self.max_timestamp if self.timestamp_type == self.LOG_APPEND_TIME else self.first_timestamp + delta
        key, value = self._content(), self._content()
        headers = [(self._name(), self._content()) for _ in range(self._number())]
        return DefaultRecord(offset, timestamp, self.timestamp_type, key, value, headers)

    def _number(self) -> int:
        number, self._pos = decode_varint(self._buffer, self._pos)
        return number

    def _content(self) -> bytes | None:
        length = self._number()
        if length < 0:
            return None
        begin, self._pos = self._pos, self._pos + length
        return bytes(self._buffer[begin : self._pos])

    def _name(self) -> str:
        return (self._content() or b"").decode("utf-8", "backslashreplace")
