"""The first loop: records in, tasks out, noise dropped.

At least once is enough here: the ledger absorbs what is written twice. So: an idempotent producer, and the offsets of
the input committed after the acknowledgements. What a task is keyed by decides which partition owns its conversation.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import partial
from typing import Any, Protocol

import anyio
import anyio.lowlevel
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    IllegalOperation,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from anyio import to_thread

from consumer.errors import Failure
from consumer.intake.notices import ABOUT, Notices
from consumer.kafka import lag, starting
from consumer.kafka.client import METADATA_MS, NEVER_MS, client_options, consumer_options, partition_of
from consumer.kafka.closing import ask, close
from consumer.kafka.commits import commit, commit_what_is_no_record
from consumer.kafka.explain import condition_of, explain
from consumer.kafka.lag import Lag
from consumer.kafka.limits import TopicLimits
from consumer.kafka.signing import signatures_of
from consumer.kafka.starting import start_of
from consumer.kafka.waiting import LEAVE_S, POLL_MS, RETRY_FIRST_S, RETRY_MAX_S, Waiting
from consumer.model import Condition, Headers, Source
from consumer.settings.model import Settings
from consumer.telemetry.labels import Loop, Noise
from consumer.wire.events import DEAR
from consumer.wire.splitting import TaskRecord, tasks_of, untouched
from consumer.wire.tasks import TRACE_BYTES, traced

log = logging.getLogger(__name__)

POLL_RECORDS = 500
ACKNOWLEDGED_S = 30.0  # for the next of several writes: aiokafka would wait for ever, also for a producer that is stuck
QUIET_POLLS = 10  # after which a loop is well that had failed: nothing is there to take
UNACKNOWLEDGED = 1_000  # tasks; a poll may hold millions
IN_A_ROW = 100  # tasks that are sent before others have a turn


class Reports(starting.Reports, lag.Reports, Protocol):
    def polled(self, loop: Loop) -> None:
        """The loop went round: it lives, whether there was something to take or not."""

    def received(self, loop: Loop, records: int) -> None: ...
    def dropped(self, kind: Noise) -> None: ...
    def wrote(self, tasks: int) -> None:
        """So many tasks are acknowledged."""

    def passing_on(self, at: Source, headers: Headers) -> AbstractContextManager[str | None]:
        """Surrounds a record until its tasks are acknowledged; what they carry for its trace, if it has one."""

    def crashed(self) -> None:
        """An error that nobody foresaw was caught and logged."""


class Demand(Protocol):
    """Whether more tasks are wanted now, and how soon. It is told of each that is acknowledged."""

    @property
    def more(self) -> bool: ...

    @property
    def gather_s(self) -> float:
        """Between two polls, unless one is full: each that brings something costs a write and a commit."""

    def wrote(self, partition: int, offset: int) -> None: ...


class Intake:
    """Reads the events topic, writes the tasks topic. Any number of processes share the work."""

    def __init__(
        self,
        settings: Settings,
        limits: TopicLimits,
        demand: Demand,
        reports: Reports,
        metadata_ms: int = METADATA_MS,
        tasks_of: Callable[..., list[TaskRecord]] = tasks_of,
    ) -> None:
        """`metadata_ms`: within which a partition that the events topic gained is found."""
        self._notices = Notices(reports, time.time)
        self._kafka, self._topics = settings.kafka, settings.topics
        self._limits, self._demand, self._reports = limits, demand, reports
        self._signatures = signatures_of(settings.signatures)
        self._metadata_ms, self._tasks_of = metadata_ms, tasks_of
        self._waiting = Waiting(Condition.KAFKA_AWAY, ABOUT, reports)
        self._in_flight = False  # a poll's records are not all tasks yet, or their offsets not committed
        self.lag = Lag(self._topics.events, ABOUT, self._kafka, lambda _: not self._in_flight, reports, time.time)

    @property
    def _task_bytes(self) -> int:
        """What the topic takes, before it is signed."""
        return self._limits.of(self._topics.tasks) - self._signatures.overhead

    async def run(self, shutdown: anyio.Event) -> None:
        """Until `shutdown`, and a moment longer for what is being written. What is cut off then comes again."""
        ended = anyio.Event()

        async def serve() -> None:
            await self._serve_again_and_again(shutdown)
            ended.set()

        async with anyio.create_task_group() as group:
            group.start_soon(serve)
            group.start_soon(self._waiting.watch, partial(self._reports.polled, "intake"))
            await shutdown.wait()
            with anyio.move_on_after(LEAVE_S):
                await ended.wait()
            group.cancel_scope.cancel()

    async def _serve_again_and_again(self, shutdown: anyio.Event) -> None:
        """After any failure: new clients, from what is committed."""
        wait = RETRY_FIRST_S
        while not shutdown.is_set():
            self._reports.polled("intake")
            began = anyio.current_time()
            try:
                await self._serve(shutdown)
            except (KafkaError, IllegalOperation, OSError, Failure) as failure:
                wait = RETRY_FIRST_S if anyio.current_time() - began > RETRY_MAX_S else wait
                self._complain(failure)
                with anyio.move_on_after(wait):
                    await shutdown.wait()
                wait = min(wait * 2, RETRY_MAX_S)

    def _complain(self, failure: BaseException) -> None:
        detail = f"events can't be taken in: {explain(failure)}"
        if condition_of(failure) is Condition.KAFKA_REFUSED:
            self._waiting.over()
            self._reports.begin(Condition.KAFKA_REFUSED, detail, ABOUT)
        else:
            self._reports.end(Condition.KAFKA_REFUSED, ABOUT)
            self._waiting.failed(detail)

    def _well(self) -> None:
        self._reports.end(Condition.KAFKA_REFUSED, ABOUT)
        self._waiting.over()

    async def _serve(self, shutdown: anyio.Event) -> None:
        consumer, producer = self._clients()
        try:
            self._waiting.begin("joining the group")
            await consumer.start()
            self.lag.consumer = consumer
            self._waiting.begin("initialising its producer")
            await producer.start()
            quiet = 0
            while not shutdown.is_set():
                self._reports.polled("intake")
                self._notices.end()
                if not self._demand.more:
                    self._well()
                    with anyio.move_on_after(POLL_MS / 1000):
                        await shutdown.wait()
                    continue
                self._waiting.begin("the group does not come to rest")
                polled = await self._poll(consumer)
                quiet = 0 if polled else quiet + 1
                if polled:
                    gathered = anyio.current_time() + self._demand.gather_s
                    await self._pass_on(polled, consumer, producer)
                    if sum(map(len, polled.values())) < POLL_RECORDS:
                        await anyio.sleep_until(gathered)
                if quiet == QUIET_POLLS:
                    await commit_what_is_no_record(consumer)
                if polled or quiet >= QUIET_POLLS:
                    self._well()
        finally:
            self._in_flight = False
            await self.lag.let_go()
            await close(producer)
            await close(consumer)

    def _clients(self) -> tuple[AIOKafkaConsumer, AIOKafkaProducer]:
        kafka = self._kafka
        consumer = AIOKafkaConsumer(
            self._topics.events,
            **consumer_options(kafka),
            group_id=f"{kafka.group}-intake",
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="none",  # what retention took is told
            session_timeout_ms=kafka.session_timeout_ms,
            heartbeat_interval_ms=kafka.heartbeat_ms,
            max_poll_interval_ms=NEVER_MS,
            metadata_max_age_ms=self._metadata_ms,
        )
        producer = AIOKafkaProducer(
            **client_options(kafka),
            enable_idempotence=True,
            max_batch_size=1024 * 1024,
            max_request_size=max(2 * 1024 * 1024, self._limits.of(self._topics.tasks)),
        )
        return consumer, producer

    async def _pass_on(
        self,
        polled: Mapping[TopicPartition, list[Any]],
        consumer: AIOKafkaConsumer,
        producer: AIOKafkaProducer,
    ) -> None:
        """Writes all tasks of a poll, and commits behind it once they are acknowledged."""
        self._in_flight = True
        self._waiting.begin("its writes are not acknowledged")
        await self._write(producer, polled)
        self._waiting.begin("committing its offsets")
        await commit(consumer, {tp: records[-1].offset + 1 for tp, records in polled.items()})
        self._in_flight = False

    async def _poll(self, consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, list[Any]]:
        try:
            return dict(await consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS))
        except NoOffsetForPartitionError as error:
            nowhere = [error.args[0]]
        except OffsetOutOfRangeError as error:
            nowhere = list(error.args[0])
        for tp in nowhere:
            start = await start_of(consumer, tp, self._reports)
            with suppress(IllegalStateError):  # moved away meanwhile: its next owner finds the same
                consumer.seek(tp, start.offset)
        return {}

    async def _write(self, producer: AIOKafkaProducer, polled: Mapping[TopicPartition, Iterable[Any]]) -> None:
        """All tasks of a poll, record by record; raises when one of them was not acknowledged."""
        sent: list[asyncio.Future[Any]] = []
        try:
            with ExitStack() as until_acknowledged:
                for tp, record in ((tp, record) for tp, records in polled.items() for record in records):
                    at = Source(tp.topic, tp.partition, record.offset, record.timestamp)
                    headers = tuple(record.headers)
                    if not (tasks := await self._tasks(record, headers, at)):
                        continue
                    trace = until_acknowledged.enter_context(self._reports.passing_on(at, headers))
                    for task in tasks:
                        if len(sent) % IN_A_ROW == IN_A_ROW - 1:
                            await anyio.lowlevel.checkpoint()
                        sent.append(await self._send(producer, task, trace))
                        if len(sent) == UNACKNOWLEDGED:
                            await self._acknowledged(sent)
                            sent.clear()
                await self._acknowledged(sent)
        except BaseException:
            for unasked in sent:  # nobody awaits the rest
                unasked.add_done_callback(ask)
            raise

    async def _acknowledged(self, sent: list[asyncio.Future[Any]]) -> None:
        for acknowledgement in sent:
            if not acknowledgement.done():
                async with asyncio.timeout(ACKNOWLEDGED_S):
                    await acknowledgement
            written = acknowledgement.result()
            self._demand.wrote(written.partition, written.offset)
        self._reports.wrote(len(sent))

    async def _tasks(self, record: Any, headers: Headers, at: Source) -> list[TaskRecord]:
        """An error of ours would come again with the record, and end the service at each start."""
        self._reports.received("intake", 1)
        dropped: list[Noise] = []
        split = partial(self._tasks_of, record.value, record.key, headers, at, self._task_bytes, dropped.append)
        try:
            tasks = split() if len(record.value or b"") <= DEAR else await to_thread.run_sync(split)
            for kind in dropped:
                self._reports.dropped(kind)
                self._notices.hear(kind, at)
            return tasks
        except Exception:
            where = f"{at.topic} {at.partition}:{at.offset}"
            log.exception("a bug: %s can't be made into tasks, and is one as it is", where)
            self._reports.crashed()
            return [untouched(record.value, at, self._task_bytes)]

    async def _send(self, producer: AIOKafkaProducer, task: TaskRecord, trace: str | None) -> Any:
        topic, partition = self._topics.tasks, partition_of(task.key, self._topics.partitions)
        goes_on = trace is not None and task.size + TRACE_BYTES <= self._task_bytes
        headers = task.headers + (traced(trace) if goes_on else ())
        headers = self._signatures.sign(topic, partition, task.key, task.value, headers)
        async with asyncio.timeout(ACKNOWLEDGED_S):
            return await producer.send(topic, task.value, task.key, partition, headers=list(headers))
