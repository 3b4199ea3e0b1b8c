"""The second loop: assignment and polling. One consumer, and one `Assignment` for each partition that it has."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

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

from consumer.kafka import lag
from consumer.kafka.client import METADATA_MS, NEVER_MS, client_options, consumer_options
from consumer.kafka.closing import close
from consumer.kafka.explain import condition_of, explain
from consumer.kafka.lag import Lag
from consumer.kafka.limits import TopicLimits
from consumer.kafka.membership import check_group
from consumer.kafka.signing import signatures_of
from consumer.kafka.waiting import LEAVE_S, LOOK_S, POLL_MS, RETRY_FIRST_S, RETRY_MAX_S, Waiting
from consumer.model import Condition
from consumer.settings.model import Settings
from consumer.stream import partition_log, ports, room
from consumer.stream.assignment import Assignment
from consumer.stream.ledger import Ledger
from consumer.stream.partition_log import PartitionLog
from consumer.stream.ports import JudgeTask, ProcessState
from consumer.stream.room import Room, Waiters
from consumer.stream.supply import Supply
from consumer.stream.tick import tick_s
from consumer.stream.transaction import Step, Transactor
from consumer.stream.trust import Trust
from consumer.telemetry.labels import Loop

ABOUT = "tasks"  # in conditions

GRACE_S = 10.0  # for the last commit of a partition and its hand-over, beyond the drain


class Reports(ports.Reports, partition_log.Reports, room.Reports, lag.Reports, Protocol):
    def polled(self, loop: Loop) -> None:
        """The loop went round: it lives, whether there was something to take or not."""

    def received(self, loop: Loop, records: int) -> None: ...
    def rebalanced(self) -> None: ...
    def assigned(self, partitions: Sequence[int]) -> None:
        """All tasks partitions that are ours now."""

    def ready(self, partitions: int) -> None:
        """From how many partitions tasks are taken."""

    def left(self, partition: int) -> None:
        """A tasks partition is no longer ours."""


class Stream(ConsumerRebalanceListener):
    """Takes tasks as long as there is room for them, and hands each to the assignment of its partition.

    Backpressure without pausing, which would drop what was fetched: a partition without room is not asked for.
    """

    def __init__(
        self,
        judge: JudgeTask,
        settings: Settings,
        limits: TopicLimits,
        process: ProcessState,
        crowd: Waiters,
        reports: Reports,
        metadata_ms: int = METADATA_MS,
    ) -> None:
        """`metadata_ms`: within which a change of the tasks topic's partitions is found."""
        self.room = Room(settings.limits, crowd, reports)
        self.supply = Supply(settings.limits.ahead, self.room)
        self.assignments: dict[int, Assignment] = {}
        self.limits = limits
        self._judge, self._settings, self._process, self._reports = judge, settings, process, reports
        self._kafka, self._topics = settings.kafka, settings.topics
        self._metadata_ms = metadata_ms
        self.signatures = signatures_of(settings.signatures)
        self._ledgers: dict[int, Ledger] = {}
        self._trust: dict[int, Trust] = {}
        self._complaint: tuple[Condition, str] | None = None
        self._waiting = Waiting(Condition.KAFKA_AWAY, ABOUT, reports)
        self.lag = Lag(self._topics.tasks, ABOUT, self._kafka, self._is_idle, reports)
        self._consumer: AIOKafkaConsumer
        self._group: TaskGroup
        self._polling: anyio.CancelScope

    def open(self, partition: int, step: Step) -> Transactor:
        return Transactor(
            f"{self._topics.tasks}-{partition}",
            client_options(self._kafka),
            group=self._kafka.group,
            limits=self.limits,
            step=step,
            transaction_timeout_ms=self._kafka.transaction_timeout_ms,
        )

    @property
    def load(self) -> float:
        """How near the process is to what it can do, up to 1."""
        return min(1.0, max(self.room.taken, self._process.load))

    def tick_s(self) -> float:
        return tick_s(self._kafka.tick_ms / 1000, len(self.assignments), self.load)

    async def run(self, shutdown: anyio.Event) -> None:
        """Until `shutdown`, and then until everything that runs is drained and committed."""
        wait = RETRY_FIRST_S
        while not shutdown.is_set():
            self._reports.polled("stream")
            try:
                await self._serve(shutdown)
                wait = RETRY_FIRST_S
            except* (KafkaError, OSError) as failures:
                self._complain_of(failures.exceptions[0])
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
            self._group.start_soon(self._watch)
            try:
                self._waiting.begin("connecting")
                await self._consumer.start()
                self.lag.consumer = self._consumer
                self._consumer.subscribe([self._topics.tasks], listener=self)
                self._waiting.begin("joining the group")
                self._content()
                self._group.start_soon(self._leave_the_poll, shutdown)
                with anyio.CancelScope() as self._polling:
                    await self._poll(shutdown)
            finally:
                with anyio.CancelScope(shield=True):
                    self._waiting.begin("handing over its partitions")
                    await self._close(list(self.assignments.values()))
                    await self.lag.let_go()
                    await close(self._consumer)
            self._group.cancel_scope.cancel()

    async def _watch(self) -> None:
        """Waiting for Kafka is life; what only waits is no hanging loop."""
        while True:
            await anyio.sleep(LOOK_S)
            if self._waiting.what:
                self._reports.polled("stream")
            self._waiting.look()
            for one in self.assignments.values():
                one.look()
            self._reports.ready(sum(a.window is not None for a in self.assignments.values()))
            self.room.look()

    # ---- polling

    async def _leave_the_poll(self, shutdown: anyio.Event) -> None:
        """A poll waits without end for a rebalance that the broker is not there to finish."""
        await shutdown.wait()
        await anyio.sleep(LEAVE_S)
        self._polling.cancel()

    async def _poll(self, shutdown: anyio.Event) -> None:
        while not shutdown.is_set():
            self._reports.polled("stream")
            check_group(self._consumer)
            roomy = [a.tp for a in self.assignments.values() if a.has_room()]
            if not roomy or self.room.tasks <= 0 or not self._process.takes_tasks:
                await self._until_changed(shutdown)
                continue
            try:
                # Never cancelled before the end (that would switch off aiokafka's own watch), never without
                # partitions (it would read all of them), never with no room.
                self._waiting.begin("the group does not come to rest")
                polled = await self._consumer.getmany(*roomy, timeout_ms=POLL_MS, max_records=self.room.tasks)
                self._waiting.over()
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
                self._complain_of(error)
                if isinstance(error, CorruptRecordException):  # what it had taken by then is forgotten, not its offsets
                    for assignment in self.assignments.values():
                        assignment.lost_its_place()
                await self._until_changed(shutdown)
                continue
            self._content()
            self._hand_over(polled)

    def _complain_of(self, error: BaseException) -> None:
        self._complain(condition_of(error), f"tasks can't be read: {explain(error)}")

    def _complain(self, condition: Condition, detail: str) -> None:
        if self._complaint is not None and self._complaint[0] is not condition:
            self._content()
        self._complaint = condition, detail
        self._reports.begin(condition, detail, ABOUT)

    def _content(self) -> None:
        if self._complaint is not None:
            self._reports.end(self._complaint[0], ABOUT)
            self._complaint = None

    def _hand_over(self, polled: Mapping[TopicPartition, list[Any]]) -> None:
        """To the windows that are ready now, in one step with the end of the poll, which moved the positions: what
        began before a rebalance and ended behind the seek of the next assignment would never come again."""
        for tp, records in polled.items():
            self._reports.received("stream", len(records))
            self.supply.came(tp.partition)
            assignment = self.assignments.get(tp.partition)
            if assignment is not None:
                for record in records:
                    assignment.take(record)

    def _is_idle(self, tp: TopicPartition) -> bool:
        return tp.partition in self.assignments and self.assignments[tp.partition].is_idle

    async def _until_changed(self, shutdown: anyio.Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_MS / 1000):
                await self.room.changed.wait()

    # ---- assignment: aiokafka calls these, and sends no heartbeats while the first one runs

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._reports.rebalanced()
        partitions = sorted(tp.partition for tp in assigned)
        there = len(self._consumer.partitions_for_topic(self._topics.tasks) or ())
        if there != self._topics.partitions:
            detail = f"{self._topics.tasks} has {there} partitions, not {self._topics.partitions}"
            self._complain(Condition.TOPICS_WRONG, detail)
            return
        self._content()
        self._waiting.over()
        self._ledgers = {p: self._ledgers.get(p) or Ledger(self._topics.ledger_days) for p in partitions}
        self._trust = {p: self._trust.get(p) or self._no_trust_yet(p) for p in partitions}
        for partition in partitions:
            assignment = self.assignments[partition] = self._assignment(partition)
            self._group.start_soon(assignment.run)
        self._show_assigned()

    def _assignment(self, partition: int) -> Assignment:
        tasks = TopicPartition(self._topics.tasks, partition)
        ledger, trust = self._ledgers[partition], self._trust[partition]
        log = PartitionLog(tasks, self._topics.ledger, self._consumer, ledger, trust, self._kafka, self._reports)
        return Assignment(log, self, self._judge, self.room, self._settings, self.tick_s, self._reports)

    def _no_trust_yet(self, partition: int) -> Trust:
        since = self._settings.signatures.forged_since
        forged_since_ms = int(since.timestamp() * 1000) if since else None
        return Trust(self.signatures, self._topics.ledger, partition, self._topics.ledger_days, forged_since_ms)

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        partitions = {tp.partition for tp in revoked}
        self._waiting.begin("joining the group")
        await self._close([a for p, a in self.assignments.items() if p in partitions])

    async def _close(self, assignments: list[Assignment]) -> None:
        async with anyio.create_task_group() as group:
            for assignment in assignments:
                group.start_soon(assignment.close)
        for assignment in assignments:  # a revoke in the middle of the last drain closes the same ones
            if self.assignments.pop(assignment.partition, None) is not None:
                self._reports.left(assignment.partition)
                self.lag.forget([assignment.partition])
        self._show_assigned()

    def _show_assigned(self) -> None:
        self._reports.assigned(sorted(self.assignments))
