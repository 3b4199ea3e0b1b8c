"""Fetched records are read whatever their headers are named, and otherwise as aiokafka reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import assume, given
from hypothesis import strategies as st

from consumer.kafka.records import Fetched, Records
from tests.raw_names import AT_MS, Content, batch_of

TP = TopicPartition("t", 0)
FIRST = 100  # offset
ATTRIBUTES = 22  # the place of their lower byte in a batch
LOG_APPEND_TIME, TRANSACTIONAL, CONTROL = 0x08, 0x10, 0x20
PRODUCER = slice(43, 51)

texts = st.text(max_size=20).map(str.encode)
contents = st.none() | st.binary(max_size=50)
compressions = st.integers(0, 4)


def batches_named(names: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[list[Content]]]:
    headers = st.lists(st.tuples(names, contents), max_size=4).map(tuple)
    batch = st.lists(st.tuples(contents, contents, headers), min_size=1, max_size=6)
    return st.lists(batch, min_size=1, max_size=4)


def written(records: list[Content], offset: int, *, compression: int = 0, attributes: int = 0) -> bytes:
    """A batch as a broker stores it; one with further attributes is of producer 7."""
    batch = bytearray(batch_of(records, compression).build())
    batch[:8] = offset.to_bytes(8, "big")
    if attributes:
        batch[ATTRIBUTES] |= attributes
        batch[PRODUCER] = (7).to_bytes(8, "big")
    return bytes(batch)


def log_of(batches: list[list[Content]], compression: int = 0) -> bytes:
    """The batches one behind the other."""
    data, offset = b"", FIRST
    for records in batches:
        data += written(records, offset, compression=compression)
        offset += len(records)
    return data


def read(
    data: bytes, offset: int = FIRST, *, aborted: list[tuple[int, int]] | None = None, check_crcs: bool = True
) -> list[ConsumerRecord[Any, Any]]:
    records: Any = Records
    return list(records(TP, Fetched(data), aborted, offset, None, None, check_crcs, READ_COMMITTED))


@given(batches_named(texts), compressions, st.integers(0, 10))
def test_names_that_are_text_are_read_as_aiokafka_does(
    batches: list[list[Content]], compression: int, skipped: int
) -> None:
    assume(is_fetched(batches, skipped))
    data = log_of(batches, compression)
    theirs = PartitionRecords(TP, MemoryRecords(data), [], FIRST + skipped, None, None, True, READ_COMMITTED)
    assert read(data, FIRST + skipped) == list(theirs)


@given(batches_named(st.binary(max_size=20)), compressions, st.integers(0, 10))
def test_every_record_is_read_once_whatever_headers_are_named(
    batches: list[list[Content]], compression: int, skipped: int
) -> None:
    assume(is_fetched(batches, skipped))
    found = read(log_of(batches, compression), FIRST + skipped)
    expected = [
        (FIRST + at, key, value, tuple(_shown(headers)))
        for at, (key, value, headers) in enumerate(record for records in batches for record in records)
    ]
    assert [(one.offset, one.key, one.value, one.headers) for one in found] == expected[skipped:]


def is_fetched(batches: list[list[Content]], skipped: int) -> bool:
    """A broker begins with the batch that holds the offset asked for."""
    return len(batches) == 1 or skipped < len(batches[0])


def _shown(headers: Iterable[tuple[bytes, bytes | None]]) -> Iterable[tuple[str, bytes | None]]:
    return [(name.decode("utf-8", "backslashreplace"), content) for name, content in headers]


def test_what_of_a_name_is_no_text_is_escaped() -> None:
    (found,) = read(log_of([[(b"k", b"v", (("né".encode() + b"\xff\xfe", b""),))]]))
    assert [*found.headers] == [("né\\xff\\xfe", b"")]


@pytest.mark.parametrize("attributes", [0, LOG_APPEND_TIME])
def test_the_time_of_a_record_is_its_own_or_the_brokers(attributes: int) -> None:
    data = written([(None, b"v", ()), (None, b"w", ((b"\xff", b""),))], FIRST, attributes=attributes)
    _, found = read(data, check_crcs=False)
    assert (found.timestamp, found.timestamp_type) == (AT_MS + 1, bool(attributes))


def test_what_was_aborted_is_skipped_before_and_behind_such_a_name() -> None:
    named: Content = (None, b"no text", ((b"\xff", b""),))
    end: Content = (b"\x00\x00\x00\x00", b"", ())  # of a transaction that was aborted
    data = b"".join(
        (
            written([named], 0, attributes=TRANSACTIONAL),
            written([end], 1, attributes=TRANSACTIONAL | CONTROL),
            written([(None, b"before", ()), named], 2, attributes=TRANSACTIONAL),
            written([named], 4, attributes=TRANSACTIONAL),
            written([end], 5, attributes=TRANSACTIONAL | CONTROL),
            written([named], 6),
        )
    )
    found = read(data, 0, aborted=[(7, 0), (7, 4)], check_crcs=False)
    assert [record.offset for record in found] == [2, 3, 6]


def test_a_broken_record_is_still_an_error() -> None:
    data = bytearray(log_of([[(b"k", b"v", ())]]))
    data[-1] = 0x7F  # many more headers than there are bytes
    with pytest.raises(CorruptRecordException):
        read(bytes(data), check_crcs=False)
