"""How every client of this process talks with the brokers of a cluster, of which one may hang.

aiokafka waits 40 s for an answer, and for a connection as long, while nobody else of the same client may connect. A
cluster needs nine to see that a broker is gone and to choose other leaders. It also asks for the layout of the cluster
as fast as it gets an answer while a partition has no leader, 1,300 times a second, and a new client knows no broker but
those of the settings. So here:

- A question is given up when nothing was heard of its broker for `ANSWER_S`, and so is a connection. What may rightly
  take longer is waited for as long as that broker answers something else.
- Connections to several brokers are made at the same time, and all who want the same one share one attempt. Nobody
  waits for one to a broker that was silent before: it is tried in the background, until it answers.
- Between two questions for the layout there is a pause, as Kafka's own clients make it (`retry.backoff.ms`).
- A new client asks first whoever the last one of this process found in the cluster, and silent ones last.

aiokafka has no public place for any of this.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from typing import Any

from aiokafka import conn
from aiokafka.admin import client as admin_client
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.conn import AIOKafkaConnection, AIOKafkaProtocol, CloseReason
from aiokafka.consumer import consumer
from aiokafka.errors import KafkaConnectionError, KafkaError, NodeNotReadyError, RequestTimedOutError
from aiokafka.producer import producer
from aiokafka.protocol.admin import ApiVersionRequest, CreateTopicsRequest, DeleteTopicsRequest
from aiokafka.protocol.group import JoinGroupRequest, SyncGroupRequest

from consumer.kafka.closing import Accumulator, ask

ANSWER_S = 5.0
WATCH = "watch"  # the connection that asks whether a broker is still there
PAUSE_MAX_S = 1.0  # between questions for the layout that nobody answers
MAY_TAKE_LONG = (JoinGroupRequest, SyncGroupRequest, CreateTopicsRequest, DeleteTopicsRequest)

Host = tuple[str, int, int]  # name, port, address family

# What this process knows, whichever client found it out.
_found: dict[str, list[Host]] = {}  # the brokers of a cluster, by the bootstrap servers of the settings
_silent: set[tuple[str, int]] = set()  # brokers that let a question wait in vain, and have answered none since
_made: ContextVar[list[AIOKafkaConnection] | None] = ContextVar("connections of a client that starts")


def use_for_all_clients() -> None:
    """From now on every client of this process is one of these."""
    conn.AIOKafkaConnection = Connection  # type: ignore[misc]
    conn.AIOKafkaProtocol = Protocol  # type: ignore[misc]
    producer.MessageAccumulator = Accumulator  # type: ignore[attr-defined]
    for module in (admin_client, consumer, producer):
        module.AIOKafkaClient = Client  # type: ignore[attr-defined]


class Protocol(AIOKafkaProtocol):
    """Notes when bytes came: a long answer on a slow line is no silence."""

    heard_at = 0.0  # by the clock of the event loop, in seconds

    def data_received(self, data: bytes) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        super().data_received(data)


class Connection(AIOKafkaConnection):
    """A connection that is closed when its broker is silent."""

    async def connect(self) -> Any:
        if (made := _made.get(None)) is not None:
            made.append(self)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await super().connect()  # type: ignore[no-untyped-call]
        except TimeoutError:
            _silent.add((self.host, self.port))
            raise

    def send(self, request: Any, expect_response: bool = True) -> Any:
        answer = super().send(request, expect_response)  # type: ignore[no-untyped-call]
        if not expect_response or isinstance(request, MAY_TAKE_LONG):
            return answer
        answer.close()  # aiokafka's own wait, of 40 s
        return self._answered(self._requests[-1][2], self._protocol)

    async def _answered(self, answer: asyncio.Future[Any], line: Any) -> Any:
        clock = asyncio.get_running_loop().time
        asked = clock()
        try:
            while not answer.done():
                left = max(asked, line.heard_at) + ANSWER_S - clock()
                if left <= 0:
                    _silent.add((self.host, self.port))
                    self.close(reason=CloseReason.CONNECTION_TIMEOUT)  # type: ignore[no-untyped-call]
                    raise RequestTimedOutError
                await asyncio.wait([answer], timeout=left)
            result = answer.result()
            _silent.discard((self.host, self.port))
            return result
        finally:
            answer.cancel()
            ask(answer)


class Client(AIOKafkaClient):
    """What consumers, producers and admin clients ask with."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._opening: dict[tuple[Any, Any], asyncio.Task[Any]] = {}
        self._ended = False
        self._asked: frozenset[str] | None = None  # topics, in the last question for the layout
        self._not_before = 0.0  # the next one, by the clock of the event loop
        self._pause: float = self._retry_backoff  # between the last one and the next

    # ---- whom to ask first

    @property
    def hosts(self) -> list[Host]:
        given: list[Host] = super().hosts
        found = _found.get(str(self._bootstrap_servers), [])
        known = {host[:2] for host in found}
        every = [*found, *(host for host in given if host[:2] not in known)]
        return sorted(every, key=lambda host: host[:2] in _silent)

    async def bootstrap(self) -> None:
        """aiokafka forgets the connection when this is cancelled."""
        made: list[AIOKafkaConnection] = []
        before = _made.set(made)
        try:
            await super().bootstrap()  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            for connection in made:
                connection.close()
            raise
        finally:
            _made.reset(before)
        self._note_found()

    async def _md_synchronizer(self) -> None:
        _made.set(None)  # it begins in the bootstrap, and goes on
        await super()._md_synchronizer()  # type: ignore[no-untyped-call]

    def _note_found(self) -> None:
        if brokers := self.cluster.brokers():
            given: list[Host] = super().hosts
            hosts = [(broker.host, broker.port, given[0][2]) for broker in brokers]
            _found[str(self._bootstrap_servers)] = random.sample(hosts, len(hosts))

    # ---- the layout

    async def _metadata_update(self, cluster_metadata: Any, topics: Any) -> bool:
        """Pauses before it asks once more about the same topics; about others it asks at once."""
        clock = asyncio.get_running_loop().time
        asked = frozenset(topics or ())
        if asked == self._asked:
            await asyncio.sleep(self._not_before - clock())
        self._asked, told = asked, False
        try:
            told = bool(await super()._metadata_update(cluster_metadata, topics))  # type: ignore[no-untyped-call]
        finally:
            self._pause = self._retry_backoff if told else min(2 * self._pause, PAUSE_MAX_S)
            self._not_before = clock() + self._pause
        if told:
            self._note_found()
        return told

    # ---- connections

    @property
    def _get_conn_lock(self) -> AbstractAsyncContextManager[None]:
        """None: aiokafka's own lets nobody connect while one attempt hangs."""
        return nullcontext()

    async def _get_conn(self, node_id: Any, *, group: Any = ConnectionGroup.DEFAULT, no_hint: bool = False) -> Any:
        wanted = (node_id, group)
        known = self._conns.get(wanted)
        if known is not None and known.connected():
            return known
        if self._ended:  # what still goes on after a forced end would open one that nobody closes
            return None
        if wanted not in self._opening:
            opening = asyncio.create_task(super()._get_conn(node_id, group=group))  # type: ignore[no-untyped-call]
            self._opening[wanted] = opening
            opening.add_done_callback(lambda _: self._opening.pop(wanted))
            opening.add_done_callback(ask)
        if group != WATCH and self._is_silent(node_id):
            self.force_metadata_update()  # type: ignore[no-untyped-call]
            return None
        return await asyncio.shield(self._opening[wanted])

    def _is_silent(self, node_id: Any) -> bool:
        broker = self.cluster.broker_metadata(node_id)
        return broker is not None and (broker.host, broker.port) in _silent

    async def close(self) -> None:
        self._ended = True
        for opening in (tasks := list(self._opening.values())):
            opening.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await super().close()  # type: ignore[no-untyped-call]

    # ---- questions

    async def coordinator_lookup(self, coordinator_type: Any, coordinator_key: Any) -> Any:
        """A line that another question was given up on ends this one as well, and would end a producer for good."""
        try:
            return await super().coordinator_lookup(coordinator_type, coordinator_key)  # type: ignore[no-untyped-call]
        except KafkaConnectionError:
            raise NodeNotReadyError("its connection was closed") from None

    async def send(self, node_id: Any, request: Any, *, group: Any = ConnectionGroup.DEFAULT) -> Any:
        asking = super().send(node_id, request, group=group)  # type: ignore[no-untyped-call]
        if not isinstance(request, MAY_TAKE_LONG):
            return await asking
        answer = asyncio.create_task(asking)
        try:
            while not (await asyncio.wait([answer], timeout=ANSWER_S))[0]:
                await self._still_there(node_id)
            return answer.result()
        except KafkaError:
            if silent := self._conns.get((node_id, group)):
                silent.close(reason=CloseReason.CONNECTION_TIMEOUT)
            raise
        finally:
            answer.cancel()
            ask(answer)

    async def _still_there(self, node_id: Any) -> None:
        """Raises `KafkaError` when a broker answers nothing. A broker reads one question of a connection at a time: so
        it is asked by one that nobody waits on."""
        other = await self._get_conn(node_id, group=WATCH)
        if other is None:
            raise NodeNotReadyError(f"broker {node_id} hangs")
        await other.send(ApiVersionRequest())
