"""How far a loop is behind: records from what is committed to the last stable offset, and since when the first waits.

Looked at by itself, whether the loop polls or not: a gauge that only polls move stands still behind a closed gate. A
loop that has nothing to do may not notice either that its brokers are gone: whoever can't look at the lag finds out.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Protocol

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError

from consumer.errors import Failure
from consumer.kafka.client import consumer_options
from consumer.kafka.closing import close
from consumer.kafka.knock import silence
from consumer.kafka.waiting import LOOK_S
from consumer.model import Condition
from consumer.settings.model import KafkaSettings

log = logging.getLogger(__name__)

REFRESH_S = 10.0
UNKNOWN_S = 30.0  # after which a number that could not be refreshed is no longer told
PEEK_MS = 1_000
LET_GO_S = 2.0
ARRIVALS = 1_000  # remembered for each partition


class Reports(Protocol):
    def lags(self, topic: str, partition: int, records: int, waits_since: float | None) -> None:
        """`waits_since`: when the first of these records came, in seconds since the epoch; None: there is none."""

    def lag_gone(self, topic: str, partition: int) -> None:
        """The partition is no longer ours, or its lag is not known any more."""

    def begin(self, condition: Condition, detail: str = "", about: str = "") -> None: ...
    def end(self, condition: Condition, about: str = "") -> None: ...


class Arrivals:
    """When the records of one partition came, as far as it was watched. Pure; exact to one refresh."""

    def __init__(self, end: int) -> None:
        """`end`: as it was when the watch began. What is below it came before, and when is not known here."""
        self.watched_from = end
        self._seen: deque[tuple[int, float]] = deque()  # an end, and when it was seen first

    def saw(self, end: int, now: float) -> None:
        if end > (self._seen[-1][0] if self._seen else self.watched_from):
            self._seen.append((end, now))
        if len(self._seen) > ARRIVALS:  # of an outage of hours: half as exact
            self._seen = deque(list(self._seen)[1::2])

    def of(self, offset: int) -> float | None:
        """When the record at `offset` came; None if before the watch, or not yet. Asked in rising order."""
        while self._seen and self._seen[0][0] <= offset:
            self._seen.popleft()
        return self._seen[0][1] if self._seen and offset >= self.watched_from else None


class Lag:
    """That of one loop. `consumer` is the loop's own while it has one."""

    def __init__(
        self,
        topic: str,
        about: str,
        kafka: KafkaSettings,
        idle: Callable[[TopicPartition], bool],
        reports: Reports,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`idle`: nothing of the partition is in flight. A position at the end is then no lag, though the mark of a
        transaction may lie between it and what is committed. `about`: the loop, in conditions."""
        self.consumer: AIOKafkaConsumer | None = None
        self._topic, self._about, self._kafka = topic, about, kafka
        self._idle, self._reports, self._now = idle, reports, now
        self._arrivals: dict[TopicPartition, Arrivals] = {}
        self._peeked: dict[TopicPartition, tuple[int, float | None]] = {}
        self._shown: set[TopicPartition] = set()
        self._refreshed_at = self._now()
        self._asked: AIOKafkaConsumer | None = None  # whom a refresh is asking now
        self._asking: anyio.CancelScope
        self._knocks = False
        self._rests = anyio.Event()  # nobody is asked
        self._rests.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with anyio.create_task_group() as group:
            while True:
                self.look()
                if self._is_unknown and not self._knocks:
                    self._knocks = True
                    group.start_soon(self._knock)
                if self.consumer is not None and self._is_due:
                    self._asked, self._asking, self._rests = self.consumer, anyio.CancelScope(), anyio.Event()
                    group.start_soon(self._try_to_refresh, self.consumer)
                await anyio.sleep(LOOK_S)

    async def let_go(self) -> None:
        """To be awaited before the consumer is closed: a connection that is being opened then would stay open."""
        self.consumer = None
        with anyio.move_on_after(LET_GO_S, shield=True):
            await self._rests.wait()

    def look(self) -> None:
        """To be called about every `LOOK_S`: what is not known any more goes."""
        if self._asked is not None and self._asked is not self.consumer:
            self._asking.cancel()  # it may wait for ever: its consumer is closed
        if self.consumer is not None:
            self._forget(self._shown - self.consumer.assignment())
        if self._is_unknown:
            self._forget(set(self._shown))
            self._reports.begin(Condition.LAG_UNKNOWN, f"of {self._topic}", self._about)

    async def _knock(self) -> None:
        with suppress(Failure):  # a file of the settings: whoever connects says so
            if (why := await silence(self._kafka)) and self._is_unknown:
                self._reports.begin(Condition.KAFKA_AWAY, why, self._asker)
        await anyio.sleep(REFRESH_S)
        self._knocks = False

    @property
    def _asker(self) -> str:
        """For whom Kafka is away: the loop itself may not have noticed, or know better."""
        return f"the lag of {self._about}"

    @property
    def _is_unknown(self) -> bool:
        return self._now() - self._refreshed_at >= UNKNOWN_S

    @property
    def _is_due(self) -> bool:
        if self.consumer is None or self._asked is not None:
            return False
        return self._now() - self._refreshed_at >= REFRESH_S or not self.consumer.assignment() <= self._shown

    def forget(self, partitions: Iterable[int]) -> None:
        """They are no longer ours."""
        self._forget({TopicPartition(self._topic, partition) for partition in partitions})

    def _forget(self, partitions: set[TopicPartition]) -> None:
        for tp in partitions:
            self._arrivals.pop(tp, None)
            self._peeked.pop(tp, None)
            if tp in self._shown:
                self._shown.remove(tp)
                self._reports.lag_gone(self._topic, tp.partition)

    async def _try_to_refresh(self, consumer: AIOKafkaConsumer) -> None:
        """However long a broker takes: what is cut off in the middle leaves connections open."""
        try:
            with self._asking:
                await self._refresh(consumer, sorted(consumer.assignment()))
                self._refreshed_at = self._now()
                self._reports.end(Condition.LAG_UNKNOWN, self._about)
                self._reports.end(Condition.KAFKA_AWAY, self._asker)
        except (KafkaError, IllegalOperation, OSError, Failure) as failure:
            log.debug("the lag of %s is not refreshed: %s", self._topic, type(failure).__name__)
        finally:
            self._asked = None
            self._rests.set()

    async def _refresh(self, consumer: AIOKafkaConsumer, assigned: list[TopicPartition]) -> None:
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(assigned) if assigned else {}
        first = {tp: await self._first_unanswered(consumer, tp, end) for tp, end in ends.items()}
        since = await self._since(first, ends)
        for tp in set(first) & consumer.assignment():
            self._shown.add(tp)
            self._reports.lags(self._topic, tp.partition, ends[tp] - first[tp], since[tp])

    async def _first_unanswered(self, consumer: AIOKafkaConsumer, tp: TopicPartition, end: int) -> int:
        """The end, if there is none."""
        if self._idle(tp) and await consumer.position(tp) >= end:
            return end
        committed: int | None = await consumer.committed(tp)
        if committed is None:
            committed = (await consumer.beginning_offsets([tp]))[tp]
        return min(committed, end)

    async def _since(
        self, first: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, float | None]:
        """When the first unanswered record of each partition came."""
        since: dict[TopicPartition, float | None] = {}
        unwatched: dict[TopicPartition, int] = {}
        for tp, offset in first.items():
            arrivals = self._arrivals.setdefault(tp, Arrivals(ends[tp]))
            arrivals.saw(ends[tp], self._now())
            since[tp] = arrivals.of(offset)
            if offset < arrivals.watched_from:
                peeked = self._peeked.get(tp)
                if peeked is None or peeked[0] != offset:
                    unwatched[tp] = offset
                else:
                    since[tp] = peeked[1]
        if unwatched:
            there = await _written_at(self._kafka, unwatched)
            for tp, offset in unwatched.items():
                since[tp] = min(there[tp], self._now()) if tp in there else None
                self._peeked[tp] = offset, since[tp]
        return since


async def _written_at(kafka: KafkaSettings, offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, float]:
    """When the record at each offset (or the first behind it) was written, in seconds since the epoch."""
    consumer = AIOKafkaConsumer(
        **consumer_options(kafka),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # what retention took in between is told by the loop
        max_partition_fetch_bytes=1,  # a batch comes whole
    )
    found: dict[TopicPartition, float] = {}
    try:
        with anyio.CancelScope(shield=True):  # not cut off in the middle: aiokafka forgets what it is opening
            await consumer.start()
        consumer.assign(list(offsets))
        for tp, offset in offsets.items():
            consumer.seek(tp, offset)
        for tp in offsets:
            for records in (await consumer.getmany(tp, timeout_ms=PEEK_MS, max_records=1)).values():
                found[tp] = records[0].timestamp / 1000
    finally:
        await close(consumer)
    return found
