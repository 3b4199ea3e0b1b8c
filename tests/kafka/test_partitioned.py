"""Results go where any other client with Kafka's default partitioner would put them."""

from __future__ import annotations

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from consumer.kafka.client import partitioned

COUNTS = st.integers(1, 64).map(lambda count: list(range(count)))


@given(st.binary(max_size=64), COUNTS)
def test_a_key_lies_where_kafkas_own_partitioner_puts_it(key: bytes, partitions: list[int]) -> None:
    assert partitioned(key, partitions, partitions) == DefaultPartitioner()(key, partitions, partitions)


@given(COUNTS)
def test_without_a_key_any_partition_that_is_there_will_do(partitions: list[int]) -> None:
    there = partitions[:1]
    assert partitioned(None, partitions, there) in there
