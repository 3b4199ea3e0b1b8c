"""How a client talks with brokers that answer, hang, or are gone: listeners that keep silent, and real Kafka."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import anyio
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from consumer.kafka import brokers
from consumer.kafka.client import client_options
from consumer.kafka.closing import close
from consumer.settings.model import KafkaSettings
from tests.brokers import Broker

ANSWER_S = 0.3


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "ANSWER_S", ANSWER_S)


@contextmanager
def silent() -> Iterator[str]:
    """The address of one who lets everybody connect and answers nothing, as a stopped process does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def producer(*servers: str) -> AIOKafkaProducer:
    return AIOKafkaProducer(**client_options(KafkaSettings(bootstrap_servers=",".join(servers))))


@asynccontextmanager
async def started(*servers: str) -> AsyncIterator[float]:
    """Gives the seconds that it took."""
    client, began = producer(*servers), anyio.current_time()
    try:
        await client.start()
        yield anyio.current_time() - began
    finally:
        await close(client)


async def test_a_broker_that_answers_nothing_is_given_up() -> None:
    with silent() as address, anyio.fail_after(20 * ANSWER_S):
        client = producer(address)
        with pytest.raises(KafkaConnectionError):
            await client.start()
        await close(client)


@pytest.mark.kafka
async def test_one_that_is_silent_among_others_costs_one_deadline_and_then_nothing(kafka: Broker) -> None:
    with silent() as address:
        for _ in range(10):  # whoever is asked first
            async with started(address, kafka.bootstrap_servers):
                pass
        async with started(address, kafka.bootstrap_servers) as seconds:
            assert seconds < ANSWER_S


@pytest.mark.kafka
async def test_brokers_that_the_process_has_met_serve_its_later_clients(kafka: Broker) -> None:
    host, port = kafka.bootstrap_servers.split(",")[0].split(":")

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    only = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, started(only):
        pass
    async with started(only):  # nobody listens there any more
        pass


@pytest.mark.kafka
async def test_control_a_process_that_has_met_nobody_needs_its_list() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        only = f"127.0.0.1:{listener.getsockname()[1]}"
    client = producer(only)
    with pytest.raises(KafkaConnectionError):
        await client.start()
    await close(client)


async def test_a_start_that_is_cut_off_leaves_no_connection() -> None:
    with silent() as address:
        client = producer(address)
        with anyio.move_on_after(ANSWER_S / 3):
            await client.start()
        await close(client)
        gc.collect()  # a connection that is left open warns of it, which fails the test


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
