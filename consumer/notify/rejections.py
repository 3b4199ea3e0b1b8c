"""The rejected results, each with the commit of its own place, by the generation of the group that it was polled in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError

from consumer.kafka import waiting
from consumer.kafka.client import NEVER_MS, consumer_options
from consumer.kafka.closing import close
from consumer.kafka.membership import Generation, Membership
from consumer.kafka.waiting import Waiting
from consumer.model import Condition
from consumer.notify.loop import Polled
from consumer.notify.shutdown import Shutdown
from consumer.settings.model import KafkaSettings
from consumer.telemetry.labels import Loop

ABOUT = "rejections"  # in conditions
POLL_MS = 500
POLL_RECORDS = 10  # few, since they are fetched again after a rebalance


class Reports(waiting.Reports, Protocol):
    def polled(self, loop: Loop) -> None:
        """The loop went round: it lives, whether there was something to take or not."""

    def assigned(self, partitions: Sequence[int]) -> None: ...


class Rejections(ConsumerRebalanceListener):
    """What was polled in an earlier generation is dropped: its owner of now reads on from what is committed."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        membership: Membership,
        reports: Reports,
    ) -> None:
        self._consumer, self._membership, self._reports = consumer, membership, reports
        self.waiting = Waiting(Condition.KAFKA_AWAY, ABOUT, reports)
        self._begun: Generation | None = None  # whose beginnings are committed
        self._over: Generation | None = None  # in which a commit came too late
        self._next: dict[TopicPartition, int] = {}  # of this generation: behind what is committed

    async def records(self, shutdown: Shutdown) -> AsyncGenerator[Polled, None]:
        """Until `shutdown`."""
        while not shutdown.requested:
            self._reports.polled("notify")
            generation: Generation | None = None
            polled: list[tuple[TopicPartition, Any]] = []
            with shutdown.leaving():
                self.waiting.begin("the group does not come to rest")
                generation, polled = await self._poll()
                self.waiting.over()
            for partition, record in polled:
                if shutdown.requested or generation is None or self._is_over(generation):
                    break
                if record.offset < self._next.get(partition, 0):
                    continue  # after an outage of the broker aiokafka may hand out again what it had handed out
                yield record.value, partial(self._commit, generation, partition, record.offset + 1)

    async def _poll(self) -> tuple[Generation | None, list[tuple[TopicPartition, Any]]]:
        polled = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
        generation = self._membership.generation  # in one step with the end of the poll
        if generation is not None and generation != self._begun:
            await self._begin(generation, polled)
        return generation, [(partition, record) for partition, records in polled.items() for record in records]

    async def _begin(self, generation: Generation, polled: Mapping[TopicPartition, list[Any]]) -> None:
        """Commits where the group begins. Until something is committed each assignment begins at the end again, and
        what came since the one before would be skipped."""
        self._next.clear()
        with suppress(IllegalStateError):  # it moved away meanwhile
            for partition in self._consumer.assignment():
                if await self._consumer.committed(partition) is None:
                    records = polled.get(partition)
                    first = records[0].offset if records else await self._consumer.position(partition)
                    await self._commit(generation, partition, first)
            self._begun = generation

    def _is_over(self, generation: Generation) -> bool:
        return generation == self._over or generation != self._membership.generation

    async def _commit(self, generation: Generation, partition: TopicPartition, offset: int) -> bool:
        self.waiting.begin("committing its place")
        taken = await self._membership.commit(generation, partition, offset)
        self.waiting.over()
        if taken:
            self._next[partition] = offset
        else:
            self._over = generation  # the rest of it is dropped too: a later commit would skip this record
        return taken

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """What is on its way may go on: a commit by the old generation is taken as long as nobody else has begun."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._reports.assigned(sorted(partition.partition for partition in assigned))


@asynccontextmanager
async def consuming(kafka: KafkaSettings, topic: str, reports: Reports) -> AsyncIterator[Rejections]:
    """A member of the group of `notify`, which begins with what is rejected from now on."""
    consumer = AIOKafkaConsumer(
        **consumer_options(kafka),
        group_id=f"{kafka.group}-notify",
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="latest",
        session_timeout_ms=kafka.session_timeout_ms,
        heartbeat_interval_ms=kafka.heartbeat_ms,
        max_poll_interval_ms=NEVER_MS,
    )
    rejections = Rejections(consumer, Membership(consumer), reports)
    try:
        rejections.waiting.begin("joining the group")
        await consumer.start()
        consumer.subscribe([topic], listener=rejections)
        yield rejections
    finally:
        await close(consumer)
