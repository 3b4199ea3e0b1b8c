"""One tasks partition while it is ours: from its assignment to its revocation, whatever happens to its producer."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import anyio
from aiokafka import ConsumerRecord
from aiokafka.errors import IllegalStateError, KafkaError, OffsetOutOfRangeError
from aiokafka.structs import OffsetAndMetadata
from anyio.abc import TaskGroup

from consumer.errors import Malformed
from consumer.judge.answers import Answer, Inspection
from consumer.model import OF_VERDICT, Attachment, Source, Task, Tries
from consumer.model.caution import CAUTION
from consumer.model.resting import TASK, resting
from consumer.settings.model import Settings
from consumer.stream.caution import Caution, Note
from consumer.stream.flights import Flights
from consumer.stream.hindrances import Hindrances
from consumer.stream.last_tries import LastTries
from consumer.stream.outbox import Outbox
from consumer.stream.partition_log import PartitionLog
from consumer.stream.ports import JudgeTask, Producers, Reports
from consumer.stream.records import home_of, moved_task, records_of, task_of, tried_task
from consumer.stream.room import Room, Seat
from consumer.stream.transaction import ProducerRecord, TooLarge, TransactionFailed, Transactor
from consumer.stream.trust import Distrusted
from consumer.stream.window import Window
from consumer.telemetry.labels import RebuildCause, Standing

REBUILD_FIRST_S, REBUILD_MAX_S = 0.2, 10.0


class Assignment:
    """Satisfies `judge.answers.Answers`."""

    def __init__(
        self,
        log: PartitionLog,
        producers: Producers,
        judge: JudgeTask,
        room: Room,
        settings: Settings,
        tick_s: Callable[[], float],
        reports: Reports,
    ) -> None:
        self.tp = log.tasks
        self.partition = log.tasks.partition
        self.window: Window | None = None  # None: not ready, nothing is taken
        self._log, self._ledger = log, log.ledger
        self._producers, self._judge_task, self._room = producers, judge, room
        self._settings, self._tick_s, self._reports = settings, tick_s, reports
        self._outbox = Outbox()
        self._flights, self._last_tries = Flights(), LastTries()
        self._taken_at: deque[tuple[int, float]] = deque()  # offset and time of what is not committed
        self._lost = False
        self._hindrances = Hindrances(log.tasks.partition, reports)
        self._at_once = asyncio.Event()  # the next tick comes now
        life, window = secrets.token_hex(8), settings.limits.window
        self._caution = Caution(log.tasks.partition, window, life, self._at_once.set, reports)
        self._failed = False  # the last producer failed, and nothing was committed since
        self._closing = asyncio.Event()
        self._closed = asyncio.Event()
        self._preparing = anyio.CancelScope()
        self._tasks: TaskGroup  # they live as long as this: one that is late settles in the window that it was taken in

    async def run(self) -> None:
        """Until `close`: one producer's life after the other, each beginning with what is committed."""
        try:
            async with anyio.create_task_group() as self._tasks:
                wait = REBUILD_FIRST_S
                while not self._closing.is_set():
                    began = anyio.current_time()
                    cause = await self._live()
                    if cause is None:
                        break
                    self._failed = True
                    self._reports.rebuilt(cause)
                    if cause == "refused":
                        await self._producers.limits.read_again()
                    wait = REBUILD_FIRST_S if anyio.current_time() - began > REBUILD_MAX_S else wait
                    # Fenced may mean that an own transaction timed out: who is still assigned is the owner, and
                    # initialises again.
                    with anyio.move_on_after(max(wait, 2 * self._settings.kafka.heartbeat_ms / 1000)):
                        await self._closing.wait()
                    wait = min(wait * 2, REBUILD_MAX_S)
                self._tasks.cancel_scope.cancel()
        finally:
            self._hindrances.over()  # whatever it was, it is its next owner's to say
            self._caution.over()
            self._closed.set()

    async def close(self) -> None:
        """Takes nothing more, lets running inspections finish for a while, commits, and lets the producer go."""
        self._closing.set()
        self._at_once.set()
        self._preparing.cancel()
        await self._closed.wait()

    async def _live(self) -> RebuildCause | None:
        """One producer, from its initialisation until it fails (the cause) or the assignment closes (None)."""
        cause: RebuildCause | None = None
        transactor = self._producers.open(self.partition, self._step)
        try:
            with anyio.CancelScope() as self._preparing:
                start = await self._prepare(transactor)
            if self._preparing.cancelled_caught:
                return None
            self._log.seek(start)  # one step with becoming ready: what is polled in between is lost
            self.window = Window(start)
            self._taken_at.clear()
            self._room.wake()
            await self._tick_until_closed(transactor, self.window)
        except (TransactionFailed, TooLarge, Malformed, Distrusted, KafkaError, IllegalStateError, OSError) as failure:
            cause = self._hindrances.cause(failure, again=self._failed)
        finally:
            self.window = None
            self._caution.lost()
            await transactor.dispose()
        return cause

    async def _prepare(self, transactor: Transactor) -> int:
        """The offset to start from, when the partition is ready to. In this order: what is fetched before the
        initialisation may change afterwards, when the predecessor's open transaction ends."""
        if self._failed:
            self._step("confirm")  # who was expelled and has not heard of it would fence the owner
            await self._log.until_confirmed()
        await transactor.open()
        self._step("wait for open transactions")
        await self._log.until_decided()
        self._step("fetch the committed offset")
        start = await self._log.start()
        self._step("restore the ledger")
        await self._log.restore_ledger()
        self._outbox.rebuilt(self._ledger)
        self._last_tries.rebuilt()
        if (note := self._caution.begin(start)) is not None:
            await self._transact(transactor, (), start.offset, note)
        self._step("seek")
        return start.offset

    def _step(self, step: str) -> None:
        self._hindrances.waits_for(step)
        self._reports.step(self.partition, step)

    def look(self) -> None:
        """Tells of a wait for Kafka that has become long. To be called about every second."""
        self._hindrances.look()

    def lost_its_place(self) -> None:
        """The log no longer has the position: begin anew from what is committed."""
        self._lost = True

    # ---- tasks

    def has_room(self) -> bool:
        return (
            self.window is not None
            and not self._closing.is_set()
            and self.window.uncommitted < self._settings.limits.window
            and self._outbox.size_bytes < self._settings.limits.outbox_bytes
        )

    @property
    def is_idle(self) -> bool:
        """Ready, and everything that was taken is committed."""
        return self.window is not None and not self._taken_at

    def take(self, record: ConsumerRecord[bytes, bytes]) -> None:
        """Begins to judge a record. Dropped while the partition is not ready: the seek, which is one step with
        becoming ready, brings it again."""
        window = self.window
        if window is None or self._closing.is_set() or not window.take(record.offset):
            return
        self._taken_at.append((record.offset, time.monotonic()))
        seat = self._room.started(record.key or b"", len(record.value or b""))
        self._tasks.start_soon(self._judge, window, record, seat)

    async def _judge(self, window: Window, record: ConsumerRecord[bytes, bytes], seat: Seat) -> None:
        TASK.set(seat)
        CAUTION.set(self._caution.of(record.offset))
        try:
            await seat.begin()
            task, doubt = task_of(record, self._producers.signatures)
            if doubt is not None:
                self._reports.doubted("tasks", {doubt: 1})
            at = Source(self.tp.topic, self.partition, record.offset, record.timestamp)
            with self._reports.judging(at, task.trace if doubt is None else None, task.headers):
                await self._judge_task(task, self, resting)
            window.settle(record.offset)
        finally:
            self._room.ended(seat)

    # ---- answers

    def generation(self, identity: bytes) -> int | None:
        waiting = self._outbox.generation(identity)
        known = self._ledger.generation(identity)
        if waiting is None or known is None:
            return known if waiting is None else waiting
        return OF_VERDICT if OF_VERDICT in (waiting, known) else max(waiting, known)

    async def once(self, identity: bytes, message: bytes, inspection: Inspection) -> None:
        await self._flights.until_answered(identity, message, inspection, self)

    def give(self, answer: Answer) -> None:
        self._outbox.put(answer)
        self._reports.given(self.partition)
        self._last_tries.forget(answer.entry.identity)

    def owns(self, conversation_id: str) -> bool:
        return home_of(conversation_id, self._settings.topics) == self.partition

    def move(self, task: Task, conversation_id: str) -> bool:
        return self._write_again(moved_task(task, conversation_id, self._settings.topics, self._producers.signatures))

    def tries(self, identity: bytes, task: Task) -> Tries | None:
        return self._last_tries.left(identity, task)

    def try_last(self, task: Task, attachment: Attachment) -> bool:
        written = self._write_again(tried_task(task, attachment, self._settings.topics, self._producers.signatures))
        if written and attachment.identity is not None:
            self._last_tries.note(attachment.identity)
        return written

    def _write_again(self, record: ProducerRecord) -> bool:
        if record.size > self._producers.limits.of(self.tp.topic):
            return False
        self._outbox.move(record)
        return True

    async def _tick_until_closed(self, transactor: Transactor, window: Window) -> None:
        wait = self._tick_s() * (1 + self.partition / self._settings.topics.partitions)  # staggered
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._at_once.wait()
            self._at_once.clear()
            wait = self._tick_s()
            closing = self._closing.is_set()
            if closing:
                self._caution.leave()
                await self._flights.drain(0 if self._caution.has_suspects else self._settings.kafka.drain_s)
            await self._commit(transactor, window)
            if closing:
                return
            self._failed = False
            self._hindrances.over()
            if self._caution.is_suspicious and self.is_idle and await self._log.has_come_to(self._caution.until):
                self._caution.passed()
            if self._lost:
                self._lost = False
                raise OffsetOutOfRangeError(self.tp)

    async def _commit(self, transactor: Transactor, window: Window) -> None:
        batch, offset = self._outbox.take(), window.committable  # one step: no await between the two
        note = self._caution.note(offset)
        self._show(window)
        moves = self._taken_at and offset > self._taken_at[0][0]
        if not (batch or moves or self._caution.is_news(note)):
            return
        records = records_of(batch, self.partition, self._settings.topics, self._producers.signatures)
        timestamps = await self._transact(transactor, records, offset, note)
        now_ms = int(time.time() * 1000)
        for answer, told_ms in zip(batch.answers, timestamps, strict=False):
            self._ledger.add(answer.entry, told_ms if self._settings.kafka.tells_time else now_ms)
        self._outbox.committed(batch)
        while self._taken_at and self._taken_at[0][0] < offset:
            self._taken_at.popleft()
        for answer in batch.answers:
            if (told := answer.letter or answer.decision) is not None:
                self._reports.answered(told)
        self._room.wake()

    async def _transact(
        self, transactor: Transactor, records: Sequence[ProducerRecord], offset: int, note: Note
    ) -> list[int]:
        try:
            with self._reports.committing(self.partition):
                timestamps = await transactor.commit(records, {self.tp: OffsetAndMetadata(offset, note.text)})
        except TransactionFailed:
            self._reports.transacted("failed")
            raise
        self._reports.transacted("committed")
        self._caution.committed(offset, note)
        return timestamps

    def _show(self, window: Window) -> None:
        oldest_at = self._taken_at[0][1] if self._taken_at else None
        letters = self._ledger.open_for(self._settings.topics.dead_letter_retention_days, time.time())
        ledger = len(self._ledger), *letters
        self._reports.stands(self.partition, Standing(window.uncommitted, self._outbox.size_bytes, oldest_at, *ledger))
