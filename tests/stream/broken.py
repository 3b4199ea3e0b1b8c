"""The engine with one law broken in each variant: the controls that show that a test can fail."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import anyio
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from consumer.kafka.closing import ask_for_transaction
from consumer.stream.assignment import Assignment
from consumer.stream.records import records_of
from consumer.stream.transaction import Offsets, ProducerRecord, Transactor
from consumer.stream.window import Window
from consumer.telemetry.labels import RebuildCause

LATE = 6  # tasks


class RestoresFirst(Assignment):
    """The ledger is replayed before the producer is initialised."""

    async def _prepare(self, transactor: Transactor) -> int:
        self._reports.step(self.partition, "restore the ledger")
        await self._log.restore_ledger()
        await transactor.open()
        start = (await self._log.start()).offset
        self._outbox.rebuilt(self._ledger)
        self._log.seek(start)
        return start


class FetchesFirst(Assignment):
    """The committed offset is fetched before the producer is initialised."""

    async def _prepare(self, transactor: Transactor) -> int:
        start = (await self._log.start()).offset
        await transactor.open()
        await self._log.restore_ledger()
        self._outbox.rebuilt(self._ledger)
        self._log.seek(start)
        return start


class ComputesLate(Assignment):
    """The watermark is computed after an `await`, here one that lasts until tasks were both taken and settled: so many
    that others behind them do not name again all that they named."""

    async def _commit(self, transactor: Transactor, window: Window) -> None:
        batch, taken = self._outbox.take(), window.position
        with anyio.move_on_after(1):
            while window.committable < taken + LATE:
                await self._room.changed.wait()  # it does when a task is settled
        offset = window.committable
        if batch or offset > taken:
            records = records_of(batch, self.partition, self._settings.topics, self._producers.signatures)
            timestamps = await transactor.commit(records, {self.tp: offset})
            for answer, timestamp in zip(batch.answers, timestamps, strict=False):
                self._ledger.add(answer.entry, timestamp)
            self._outbox.committed(batch)
        if offset >= taken + LATE:
            self._reports.step(self.partition, "committed late")


class OneIdPerWorker(Transactor):
    """The transactional id is the worker's, so nobody fences its predecessor. It can be stopped with answers in hand
    and no transaction open: an open one would end by its timeout before a successor begins."""

    def __init__(self, transactional_id: str, options: Mapping[str, Any], **rest: Any) -> None:
        super().__init__(f"{transactional_id}-{os.getpid()}", options, **rest)

    async def commit(self, records: Sequence[ProducerRecord], offsets: Offsets) -> list[int]:
        if records:
            self._step("has answers")
        return await super().commit(records, offsets)


class ForgetsFutures(Transactor):
    """Records are sent, and what became of them is not awaited before the commit."""

    async def _produce(self, records: Sequence[ProducerRecord]) -> list[int]:
        for r in records:
            future = await self._producer.send(r.topic, r.value, r.key, r.partition, headers=list(r.headers))
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
        with suppress(TimeoutError):
            await self._producer.flush()
        return [0] * len(records)


class WaitsBetweenSends(Transactor):
    """What became of a record is known before the next one is sent: a network is as slow as that at times."""

    async def open(self) -> None:
        await super().open()
        producer: Any = self._producer  # what waits is aiokafka's own inside
        send = producer.send

        async def send_and_look(*arguments: Any, **options: Any) -> asyncio.Future[Any]:
            future: asyncio.Future[Any] = await send(*arguments, **options)
            ended = producer._txn_manager.wait_for_transaction_end()
            await asyncio.wait([future, ended], return_when=asyncio.FIRST_COMPLETED)
            return future

        producer.send = send_and_look


class LedgerOutside(Transactor):
    """Ledger entries are written beside the transaction, by a producer of their own."""

    async def commit(self, records: Sequence[ProducerRecord], offsets: Offsets) -> list[int]:
        entries = [record for record in records if record.topic.endswith(".ledger")]
        beside = AIOKafkaProducer(bootstrap_servers=self._producer.client._bootstrap_servers)
        await beside.start()
        for entry in entries:
            await beside.send_and_wait(entry.topic, entry.value, entry.key, entry.partition)
        await beside.stop()
        timestamps = await super().commit([record for record in records if record not in entries], offsets)
        return [*[0] * len(entries), *timestamps]


class AbortsAndGoesOn(Transactor):
    """After an error the transaction is aborted and the producer used again."""

    async def commit(self, records: Sequence[ProducerRecord], offsets: Offsets) -> list[int]:
        await self._producer.begin_transaction()
        try:
            for r in records:
                await self._producer.send_and_wait(r.topic, r.value, r.key, r.partition, headers=list(r.headers))
            await self._send_offsets(offsets)
        except Exception:
            ask_for_transaction(self._producer)
            await self._producer.abort_transaction()
            raise
        await self._producer.commit_transaction()
        return [0] * len(records)


class NeverForces(Transactor):
    """A producer that does not stop by itself is left alone."""

    async def dispose(self) -> None:
        ask_for_transaction(self._producer)
        with suppress(TimeoutError, KafkaError):
            await asyncio.wait_for(self._producer.stop(), 2)


class WaitsForTheNextAssignment(Assignment):
    """Takes being fenced for the end of its ownership."""

    async def _live(self) -> RebuildCause | None:
        cause = await super()._live()
        return None if cause == "fenced" else cause


VARIANTS: dict[str, dict[str, type]] = {
    "product": {},
    "restores first": {"Assignment": RestoresFirst},
    "fetches first": {"Assignment": FetchesFirst},
    "computes late": {"Assignment": ComputesLate},
    "one id per worker": {"Transactor": OneIdPerWorker},
    "forgets futures": {"Transactor": ForgetsFutures},
    "ledger outside": {"Transactor": LedgerOutside},
}
