"""The second loop: assignment and polling. One consumer, and one `Assignment` for each partition that it has."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import anyio
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import (
    CorruptRecordException,
    GroupAuthorizationFailedError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from anyio.abc import TaskGroup

from consumer.errors import Failure
from consumer.kafka.client import client_options, consumer_options, explain
from consumer.kafka.closing import close
from consumer.kafka.membership import check_group
from consumer.settings.model import KafkaSettings, LimitSettings, TopicSettings
from consumer.stream.assignment import Assignment, JudgeTask, Plan
from consumer.stream.ledger import Ledger
from consumer.stream.outbox import Batch
from consumer.stream.restore import restore
from consumer.stream.room import Room
from consumer.stream.transaction import DEFAULT_MAX_MESSAGE_BYTES, Step, Transactor
from consumer.telemetry.metrics import Metrics
from consumer.wire.results import Output

log = logging.getLogger(__name__)

POLL_MS = 200
METADATA_MS = 30_000
LEAVE_S = 1.0  # after the shutdown, a poll that has not come back is left
RETRY_FIRST_S, RETRY_MAX_S = 0.5, 30.0
NEVER_MS = 2**31 - 1  # max_poll_interval only watches idleness; `/livez` watches the poller instead
GRACE_S = 10.0  # for the last commit of a partition and its hand-over, beyond the drain


class Stream(ConsumerRebalanceListener):
    """Takes tasks as long as there is room for them, and hands each to the assignment of its partition.

    Backpressure without pausing, which would drop what was fetched: a partition without room is not asked for.
    """

    def __init__(
        self,
        judge: JudgeTask,
        kafka: KafkaSettings,
        topics: TopicSettings,
        limits: LimitSettings,
        metrics: Metrics,
        *,
        max_message_bytes: Mapping[str, int],
        read_limits: Callable[[], Awaitable[Mapping[str, int]]] | None = None,
        may_take: Callable[[], bool],
        polled: Callable[[], None] = lambda: None,
        assigned: Callable[[list[int]], None] = lambda partitions: None,
        hindered: Callable[[int | None, str | None], None] = lambda partition, detail: None,
        committed: Callable[[Batch], None] = lambda batch: None,
        steps: Step = lambda step: None,
        metadata_ms: int = METADATA_MS,
    ) -> None:
        """`metadata_ms`: within which a change of the tasks topic's partitions is found."""
        self.room = Room(limits, metrics)
        self.assignments: dict[int, Assignment] = {}
        self._kafka, self._topics, self._metrics = kafka, topics, metrics
        self._limits, self._max_message_bytes = limits, max_message_bytes
        self._limits_now = read_limits
        self._may_take, self._polled, self._assigned = may_take, polled, assigned
        self._hindered, self._steps, self._metadata_ms = hindered, steps, metadata_ms
        self._ledgers: dict[int, Ledger] = {}
        self._complaint: str | None = None
        self._consumer: AIOKafkaConsumer
        self._group: TaskGroup
        self._polling: anyio.CancelScope
        self._plan = self._shared(judge, committed)

    def _shared(self, judge: JudgeTask, committed: Callable[[Batch], None]) -> Plan:
        kafka, topics = self._kafka, self._topics
        return Plan(
            judge=judge,
            metrics=self._metrics,
            tasks=topics.tasks,
            ledger=topics.ledger,
            outputs={
                Output.ACCEPTED: topics.accepted,
                Output.REJECTED: topics.rejected,
                Output.DEAD_LETTER: topics.dead_letter,
            },
            partitions=topics.partitions,
            task_bytes=self._max_message_bytes.get(topics.tasks, DEFAULT_MAX_MESSAGE_BYTES),
            open_transactor=self._transactor,
            read_limits=self._read_limits,
            restore=lambda ledger, tp: restore(ledger, tp, consumer_options(kafka)),
            tick_s=self.tick_s,
            heartbeat_s=kafka.heartbeat_ms / 1000,
            drain_s=kafka.drain_s,
            window=self._limits.window,
            outbox_bytes=self._limits.outbox_bytes,
            room=self.room,
            hindered=self._hindered,
            committed=committed,
            steps=self._steps,
        )

    def _transactor(self, partition: int) -> Transactor:
        return Transactor(
            f"{self._topics.tasks}-{partition}",
            client_options(self._kafka),
            group=self._kafka.group,
            max_message_bytes=self._max_message_bytes,
            transaction_timeout_ms=self._kafka.transaction_timeout_ms,
            steps=self._steps,
        )

    async def _read_limits(self) -> None:
        """An operator may have raised what a topic takes."""
        if self._limits_now is not None:
            with suppress(Failure):
                self._max_message_bytes = await self._limits_now()

    def tick_s(self) -> float:
        """A broker bears about 100 transactions a second from one process, so more partitions commit less often."""
        return max(self._kafka.tick_ms, 10 * len(self.assignments)) / 1000

    async def run(self, shutdown: anyio.Event) -> None:
        """Until `shutdown`, and then until everything that runs is drained and committed."""
        wait = RETRY_FIRST_S
        while not shutdown.is_set():
            self._polled()
            try:
                await self._serve(shutdown)
                wait = RETRY_FIRST_S
            except* (KafkaError, OSError) as failures:
                self._complain(f"tasks can't be read: {explain(failures.exceptions[0])}")
                with anyio.move_on_after(wait):
                    await shutdown.wait()
                wait = min(wait * 2, RETRY_MAX_S)

    async def _serve(self, shutdown: anyio.Event) -> None:
        """One consumer: after a group authorisation error only a new one works."""
        kafka = self._kafka
        self._consumer = AIOKafkaConsumer(
            **consumer_options(kafka),
            group_id=kafka.group,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="none",
            session_timeout_ms=kafka.session_timeout_ms,
            heartbeat_interval_ms=kafka.heartbeat_ms,
            rebalance_timeout_ms=int((kafka.drain_s + GRACE_S + 5) * 1000),
            max_poll_interval_ms=NEVER_MS,
            metadata_max_age_ms=self._metadata_ms,
        )
        async with anyio.create_task_group() as self._group:
            try:
                await self._consumer.start()
                self._consumer.subscribe([self._topics.tasks], listener=self)
                self._complain(None)
                self._group.start_soon(self._leave_the_poll, shutdown)
                with anyio.CancelScope() as self._polling:
                    await self._poll(shutdown)
            finally:
                with anyio.CancelScope(shield=True):
                    await self._close(list(self.assignments.values()))
                    await close(self._consumer)
            self._group.cancel_scope.cancel()

    # ---- polling

    async def _leave_the_poll(self, shutdown: anyio.Event) -> None:
        """A poll waits without end for a rebalance that the broker is not there to finish."""
        await shutdown.wait()
        await anyio.sleep(LEAVE_S)
        self._polling.cancel()

    async def _poll(self, shutdown: anyio.Event) -> None:
        while not shutdown.is_set():
            self._polled()
            check_group(self._consumer)
            roomy = [a.tp for a in self.assignments.values() if a.has_room()]
            self._metrics.ready_partitions.set(sum(a.window is not None for a in self.assignments.values()))
            if not roomy or self.room.tasks <= 0 or not self._may_take():
                await self._until_changed(shutdown)
                continue
            try:
                # Never cancelled before the end (that would switch off aiokafka's own watch), never without
                # partitions (it would read all of them), never with no room.
                polled = await self._consumer.getmany(*roomy, timeout_ms=POLL_MS, max_records=self.room.tasks)
            except NoOffsetForPartitionError:
                continue  # of before the seek
            except OffsetOutOfRangeError as error:
                for assignment in (self.assignments.get(tp.partition) for tp in error.args[0]):
                    if assignment is not None:
                        assignment.lost_its_place()
                await self._until_changed(shutdown)
                continue
            except GroupAuthorizationFailedError:
                raise
            except KafkaError as error:
                self._complain(f"tasks can't be read: {explain(error)}")
                if isinstance(error, CorruptRecordException):  # what it had taken by then is forgotten, not its offsets
                    for assignment in self.assignments.values():
                        assignment.lost_its_place()
                await self._until_changed(shutdown)
                continue
            self._complain(None)
            self._hand_over(polled)

    def _complain(self, detail: str | None) -> None:
        if detail != self._complaint:
            self._complaint = detail
            self._hindered(None, detail)
            if detail is not None:
                log.error(detail)

    def _hand_over(self, polled: Mapping[TopicPartition, list[Any]]) -> None:
        """To the windows that are ready now, in one step with the end of the poll, which moved the positions: what
        began before a rebalance and ended behind the seek of the next assignment would never come again."""
        for tp, records in polled.items():
            self._metrics.records_received["stream"].inc(len(records))
            assignment = self.assignments.get(tp.partition)
            if assignment is not None:
                for record in records:
                    assignment.take(record)
                self._metrics.lag(tp.topic, tp.partition, self._lag(tp, records[-1].offset))

    def _lag(self, tp: TopicPartition, offset: int) -> int:
        return max((self._consumer.highwater(tp) or 0) - offset - 1, 0)

    async def _until_changed(self, shutdown: anyio.Event) -> None:
        with anyio.move_on_after(POLL_MS / 1000):
            await self.room.changed.wait()

    # ---- assignment: aiokafka calls these, and sends no heartbeats while the first one runs

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._metrics.rebalances.inc()
        partitions = sorted(tp.partition for tp in assigned)
        there = len(self._consumer.partitions_for_topic(self._topics.tasks) or ())
        if there != self._topics.partitions:
            self._complain(f"{self._topics.tasks} has {there} partitions, not {self._topics.partitions}")
            return
        self._complain(None)
        self._ledgers = {p: self._ledgers.get(p) or Ledger(self._topics.ledger_days) for p in partitions}
        for partition in partitions:
            assignment = Assignment(partition, self._consumer, self._ledgers[partition], self._plan)
            self.assignments[partition] = assignment
            self._group.start_soon(assignment.run)
        self._show_assigned()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        partitions = {tp.partition for tp in revoked}
        await self._close([a for p, a in self.assignments.items() if p in partitions])

    async def _close(self, assignments: list[Assignment]) -> None:
        async with anyio.create_task_group() as group:
            for assignment in assignments:
                group.start_soon(assignment.close)
        for assignment in assignments:  # a revoke in the middle of the last drain closes the same ones
            if self.assignments.pop(assignment.partition, None) is not None:
                self._metrics.forget_partition(assignment.partition)
                self._metrics.forget_lag(self._topics.tasks, assignment.partition)
        self._show_assigned()

    def _show_assigned(self) -> None:
        self._metrics.assigned_partitions.set(len(self.assignments))
        self._assigned(sorted(self.assignments))
