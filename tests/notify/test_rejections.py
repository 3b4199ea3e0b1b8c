"""What of a poll is told of, by a consumer that may repeat itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from aiokafka import TopicPartition

from consumer.kafka.membership import Generation
from consumer.notify.rejections import Rejections
from consumer.notify.shutdown import Shutdown
from tests.reports import Recorder

TP = TopicPartition("rejected", 0)


class Consumer:
    """Gives the same records at each poll, as after an outage of its broker."""

    async def getmany(self, **options: Any) -> dict[TopicPartition, list[Any]]:
        return {TP: [SimpleNamespace(offset=offset, value=str(offset).encode()) for offset in (4, 6, 7)]}

    def assignment(self) -> set[TopicPartition]:
        return {TP}

    async def committed(self, partition: TopicPartition) -> int:
        return 4


class Membership:
    def __init__(self) -> None:
        self.generation = Generation(1, "me")

    async def commit(self, generation: Generation, partition: TopicPartition, offset: int) -> bool:
        return True


async def test_what_a_consumer_hands_out_twice_in_one_generation_is_told_of_once() -> None:
    membership, shutdown, polls = Membership(), Shutdown(), 0

    def polled() -> None:
        nonlocal polls
        polls += 1
        if polls == 3:
            membership.generation = Generation(2, "me")  # a new one goes on from what is committed
        if polls == 4:
            shutdown.request()

    recorder = Recorder()
    recorder.on_polled = polled
    rejections = Rejections(cast("Any", Consumer()), cast("Any", membership), recorder)
    told = []
    async for value, commit in rejections.records(shutdown):
        if await commit():
            told.append(value)

    assert told == [b"4", b"6", b"7"] * 2
