"""The only talk with a transactional producer, and its laws.

Each was measured on Apache Kafka 4.3.1 and 4.2.1 with aiokafka 0.14, and has a test on a real broker that fails
without it:

1. Every produce future is awaited before the offset is sent: a commit succeeds although a send failed.
2. After any error the producer is finished, whatever the exception's type: an abort may send nothing, and the next
   commit of the same producer would publish the "aborted" records. It is discarded; its successor's initialisation
   completes or aborts what it left.
3. Every call has a deadline of its own, and disposal ends by force: send, commit and stop can hang for ever.
4. Sizes are checked on our side against the topic's own limit: a refusal by the broker breaks the partition's
   sequence for good.
5. Nothing here is cancelled in the middle: a cancelled commit goes on in the background, with an unknown outcome.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError
from aiokafka.structs import OffsetAndMetadata

from consumer.kafka.client import partitioned
from consumer.kafka.closing import ask, close, close_by_force, why_transaction_failed
from consumer.kafka.limits import TopicLimits
from consumer.model import Headers
from consumer.wire.results import record_size

MAX_BATCH_BYTES = 1024 * 1024  # one request for a tick's answers instead of one for each 16 KiB

CALL_DEADLINE_S = 12.0  # a cluster chooses other leaders some 10 s after a broker fell silent

WAITS_FOR = {  # step → what an operator is told
    "confirm": "asking its group whether it is still its own",
    "initialise": "initialising its producer",
    "wait for open transactions": "a transaction in its ledger whose producer is gone has not ended",
    "fetch the committed offset": "reading its offset",
    "restore the ledger": "restoring its ledger",
    "begin": "beginning a transaction",
    "send": "its writes are not acknowledged",
    "await sends": "its writes are not acknowledged",
    "send offsets": "writing its offset",
    "commit": "ending its transaction",
}

Step = Callable[[str], None]
Offsets = Mapping[TopicPartition, int | OffsetAndMetadata]


class TransactionFailed(Exception):
    """The producer is finished, and whether the transaction was committed is unknown until its successor starts."""

    def __init__(self, step: str, cause: BaseException) -> None:
        super().__init__(f"{step}: {type(cause).__name__}")
        self.step = step
        self.cause = cause


class TooLarge(Exception):
    """A record that its topic does not take. Nothing was sent."""

    def __init__(self, topic: str, size: int, limit: int) -> None:
        super().__init__(f"a record of {size} bytes for {topic}, which takes {limit}: raise its max.message.bytes")


@dataclass(frozen=True, slots=True)
class ProducerRecord:
    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None  # None: as the default partitioner says

    @property
    def size(self) -> int:
        return record_size(self.key, self.value, self.headers)


class Transactor:
    """One transactional producer from its initialisation to its disposal.

    `step` is told the name of each step before it is taken: the tests stop the process there.
    """

    def __init__(
        self,
        transactional_id: str,
        options: Mapping[str, Any],
        *,
        group: str,
        limits: TopicLimits,
        step: Step,
        transaction_timeout_ms: int = 15_000,
        call_deadline_s: float = CALL_DEADLINE_S,
    ) -> None:
        self._group = group
        self._limits = limits
        self._deadline_s = call_deadline_s
        self._step = step
        self._producer = AIOKafkaProducer(
            **options,
            partitioner=partitioned,
            transactional_id=transactional_id,
            transaction_timeout_ms=transaction_timeout_ms,
            max_batch_size=min([MAX_BATCH_BYTES, *limits.all()]),  # a topic's limit is that of a batch
            max_request_size=max([MAX_BATCH_BYTES * 2, *limits.all()]),
            request_timeout_ms=int(call_deadline_s * 1000),
        )
        self._finished = False
        self._hangs = False

    async def open(self) -> None:
        """Initialises the producer: fences its predecessor, and completes or aborts the transaction that it left."""
        with anyio.CancelScope(shield=True):  # law 5: aiokafka forgets the connections that it is opening
            await self._call("initialise", self._producer.start, 2 * self._deadline_s)  # a broker that starts is slow

    async def commit(self, records: Sequence[ProducerRecord], offsets: Offsets) -> list[int]:
        """Publishes `records` and commits `offsets`, both or neither; the broker's timestamp of each record, in ms.

        Raises `TooLarge` before anything is sent, `TransactionFailed` when the producer is finished.
        """
        for record in records:
            limit = self._limits.of(record.topic)
            if record.size > limit:
                raise TooLarge(record.topic, record.size, limit)
        with anyio.CancelScope(shield=True):
            await self._call("begin", self._producer.begin_transaction)
            timestamps = await self._produce(records)
            await self._call("send offsets", lambda: self._send_offsets(offsets))
            await self._call("commit", self._producer.commit_transaction)
            self._step("committed")
        return timestamps

    async def _produce(self, records: Sequence[ProducerRecord]) -> list[int]:
        futures: list[asyncio.Future[Any]] = []

        async def send_all() -> None:
            for record in records:
                key, value, headers = record.key, record.value, list(record.headers)
                future = await self._producer.send(
                    record.topic, key=key, value=value, headers=headers, partition=record.partition
                )
                futures.append(future)  # one by one: those before a failed send must not be forgotten

        try:
            await self._call("send", send_all)
            await self._call("await sends", lambda: _all(futures))
        except BaseException as failed:
            for future in futures:
                future.add_done_callback(ask)
            refused = _first_refusal(futures) or why_transaction_failed(self._producer)
            if refused is None or not isinstance(failed, TransactionFailed):
                raise
            raise TransactionFailed("await sends", refused) from failed
        return [future.result().timestamp for future in futures]

    async def _send_offsets(self, offsets: Offsets) -> None:
        if offsets:
            await self._producer.send_offsets_to_transaction(dict(offsets), self._group)

    async def _call(self, step: str, call: Callable[[], Any], deadline_s: float | None = None) -> Any:
        """Law 2 and 3. `asyncio.timeout` in place of a cancel scope: aiokafka's futures know only asyncio's."""
        if self._finished:
            raise TransactionFailed(step, IllegalOperation("this producer is finished"))
        self._step(step)
        try:
            async with asyncio.timeout(deadline_s or self._deadline_s):
                return await call()
        except (KafkaError, IllegalOperation, AssertionError, TimeoutError, OSError) as error:
            self._finished, self._hangs = True, isinstance(error, TimeoutError)
            raise TransactionFailed(step, error) from error
        except BaseException:
            self._finished = True
            raise

    async def dispose(self) -> None:
        """Closes the producer whatever state it is in, by force where it hangs. An open transaction stays open."""
        self._finished = True
        await (close_by_force if self._hangs else close)(self._producer)


async def _all(futures: Iterable[asyncio.Future[Any]]) -> None:
    """Until each is done, or one has failed. Most of them are done together, and those cost nothing here."""
    while waiting := [future for future in futures if not future.done()]:
        await waiting[0]
    for future in futures:
        future.result()


def _first_refusal(futures: Iterable[asyncio.Future[Any]]) -> BaseException | None:
    """Why a producer failed in the background: the next send only hears that it did."""
    done = (future for future in futures if future.done() and not future.cancelled())
    return next((error for future in done if (error := future.exception())), None)
