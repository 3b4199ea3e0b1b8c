"""Clients closed whatever state they are in.

aiokafka's own `stop` waits for a broker that is not there, and what is cut off in the middle of it leaves everything
behind: a sender and a fetcher that knock at that broker for ever, a heartbeat that keeps partitions from their next
owner. A consumer that is stopped while one of its fetches pauses even raises CancelledError, which nobody asked for,
and which ends whoever called without a word.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import anyio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import MessageAccumulator, MessageBatch

STOP_S = 2.0  # with the deadline of a commit it has to fit into a pod's 30 s
STEP_S = 1.0  # of each step by force

log = logging.getLogger(__name__)


async def close(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Stops `client`, in order if that takes no longer than it may, else by force. Raises nothing, is never cut off."""
    with anyio.CancelScope(shield=True):
        if not await _done(client.stop(), STOP_S):  # type: ignore[no-untyped-call] # a consumer's
            kind = "producer" if isinstance(client, AIOKafkaProducer) else "consumer"
            log.warning("a %s did not stop by itself: closing it by force", kind)
            await _end(client)
        ask_for_transaction(client)


async def close_by_force(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Ends every task of `client` and closes its sockets. An open transaction stays open. Is never cut off."""
    with anyio.CancelScope(shield=True):
        await _end(client)


async def _end(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    parts: list[object]
    if isinstance(client, AIOKafkaProducer):
        parts, connections = [client, client._message_accumulator, client._sender], client.client
        client._closed = True  # else it complains when it is collected
        client._message_accumulator.fail_all(KafkaError("the producer was discarded"))
    else:
        parts, connections = [client, client._coordinator, client._fetcher], client._client
    await _done(connections.close(), STEP_S)  # first: a sender answers its cancellation by waiting for its requests
    tasks = [task for task in asyncio.all_tasks() if _runs_for(task, parts)]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=STEP_S)
    await _done(connections.close(), STEP_S)  # what they connected to meanwhile
    ask_for_transaction(client)


def ask_for_transaction(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Whether one failed that nobody waits for any more."""
    if isinstance(client, AIOKafkaProducer) and client._txn_manager is not None:
        ask(client._txn_manager._transaction_waiter)


def why_transaction_failed(producer: AIOKafkaProducer) -> BaseException | None:
    """What ended its transaction in the background, of which its next call says only that there is none."""
    waiter = producer._txn_manager._transaction_waiter
    return waiter.exception() if waiter and waiter.done() and not waiter.cancelled() else None


async def _done(call: Coroutine[Any, Any, None], within_s: float) -> bool:
    """Whether it succeeded in time. If it takes longer it goes on."""
    task = asyncio.create_task(call)
    task.add_done_callback(ask)
    await asyncio.wait([task], timeout=within_s)
    return task.done() and not task.cancelled() and task.exception() is None


class _Pending(set[MessageBatch]):
    """Where a batch that waits to be sent again is taken out twice."""

    def remove(self, batch: MessageBatch) -> None:
        self.discard(batch)


class Accumulator(MessageAccumulator):
    """A producer's batches, which fail without a traceback: aiokafka's own stumble over one that is sent again, and
    leave exceptions that nobody asks for."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)  # type: ignore[no-untyped-call]
        self._pending_batches = _Pending()

    def fail_all(self, exception: BaseException) -> None:
        super().fail_all(exception)  # type: ignore[no-untyped-call]
        for batch in [*self._pending_batches, *(b for queue in self._batches.values() for b in queue)]:
            ask(batch._drain_waiter)
            ask(batch.future)


def _runs_for(task: asyncio.Task[Any], owners: list[object]) -> bool:
    """Whether a task runs a method of one of `owners`: aiokafka keeps no list of them."""
    frame = getattr(task.get_coro(), "cr_frame", None)
    return frame is not None and any(frame.f_locals.get("self") is owner for owner in owners)


def ask(future: asyncio.Future[Any] | None) -> None:
    """A future whose exception nobody asked for warns of it, with a traceback, whenever it is collected."""
    if future is not None and future.done() and not future.cancelled():
        future.exception()
