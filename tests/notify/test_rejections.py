"""In which generation a place is committed, and when nobody may be told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import anyio
import anyio.lowlevel
from aiokafka import AIOKafkaConsumer, TopicPartition

from consumer.notify.loop import Record
from consumer.notify.membership import Generation, Membership
from consumer.notify.rejections import Rejections
from consumer.notify.shutdown import Shutdown

HERE, THERE = TopicPartition("rejected", 0), TopicPartition("rejected", 1)
FIRST, SECOND = Generation(1, "we"), Generation(2, "we")


@dataclass
class Group:
    """A consumer that gives what was written, and the membership that it has."""

    written: list[dict[TopicPartition, list[int]]]
    committed: dict[TopicPartition, int | None] = field(default_factory=lambda: {HERE: 0, THERE: 0})
    generation: Generation | None = FIRST
    is_late: bool = False  # commits are

    async def getmany(self, **how: Any) -> dict[TopicPartition, list[Any]]:
        await anyio.lowlevel.checkpoint()
        polled = self.written.pop(0) if self.written else {}
        return {tp: [SimpleNamespace(value=b"%d" % n, offset=n) for n in offsets] for tp, offsets in polled.items()}

    async def commit(self, generation: Generation, partition: TopicPartition, offset: int) -> bool:
        await anyio.lowlevel.checkpoint()
        if self.is_late or generation != self.generation:
            return False
        self.committed[partition] = offset
        return True

    def assignment(self) -> set[TopicPartition]:
        return set(self.committed)

    async def position(self, partition: TopicPartition) -> int:
        await anyio.lowlevel.checkpoint()
        return 70

    @asynccontextmanager
    async def records(self) -> AsyncIterator[AsyncIterator[Record]]:
        async def committed(partition: TopicPartition) -> int | None:
            await anyio.lowlevel.checkpoint()
            return self.committed[partition]

        consumer = SimpleNamespace(
            getmany=self.getmany, committed=committed, position=self.position, assignment=self.assignment
        )
        rejections = Rejections(cast(AIOKafkaConsumer, consumer), cast(Membership, self))
        with anyio.fail_after(10):
            async with aclosing(rejections.records(Shutdown())) as records:
                yield records


async def test_what_was_polled_before_a_rebalance_is_neither_given_nor_committed() -> None:
    group = Group([{HERE: [0, 1, 2], THERE: [0]}, {HERE: [8]}])
    async with group.records() as records:
        _, commit = await anext(records)
        assert await commit()
        value, commit = await anext(records)
        assert value == b"1"
        group.generation, group.committed[HERE] = SECOND, 8
        assert not await commit()
        assert group.committed[HERE] == 8
        value, commit = await anext(records)
        assert (value, await commit()) == (b"8", True)


async def test_who_was_expelled_is_given_nothing_until_it_has_joined_again() -> None:
    group = Group([{HERE: [0]}, {HERE: [1]}], generation=None)
    async with group.records() as records:
        with anyio.move_on_after(0.05):
            await anext(records)
        assert not group.written
        assert group.committed == {HERE: 0, THERE: 0}


async def test_a_commit_that_came_too_late_drops_all_of_its_generation() -> None:
    """A later commit would skip the record that nobody was told of."""
    group = Group([{HERE: [0, 1]}, {HERE: [2]}], is_late=True)
    async with group.records() as records:
        _, commit = await anext(records)
        assert not await commit()
        group.is_late = False
        with anyio.move_on_after(0.05):
            await anext(records)
    assert (group.written, group.committed[HERE]) == ([], 0)


async def test_where_nothing_is_committed_yet_the_beginning_is() -> None:
    """Else what is rejected between two assignments would be nobody's."""
    group = Group([{HERE: [40, 41]}], committed={HERE: None, THERE: None})
    async with group.records() as records:
        await anext(records)
        assert group.committed == {HERE: 40, THERE: 70}
