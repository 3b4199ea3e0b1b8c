"""The pages on how events get into Kafka: their programs run, against a socket and a broker that are real."""

from __future__ import annotations

import asyncio
import re
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import yaml
from aiohttp import web
from aiokafka import AIOKafkaConsumer
from anyio.to_thread import run_sync
from confluent_kafka import Producer

from consumer.model import Event
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.wire.events import Noise, decode

PAGES = Path(__file__).parents[2] / "deploy" / "events"
EVENT = {"topicName": "v2.routing.queues.q.conversations.messages", "eventBody": {"id": "c-1", "participants": []}}
BARE = {"topicName": "v2.detail.events.conversation.c.customer.end", "eventBody": {"conversationId": "c-2"}}
HEARTBEAT = {"topicName": "channel.metadata", "eventBody": {"message": "WebSocket Heartbeat"}}


def program(page: str, language: str = "python") -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", (PAGES / page).read_text(), re.DOTALL)
    return str(found)


def test_the_template_for_eventbridge_names_what_it_has() -> None:
    template = yaml.safe_load(re.sub(r"!(Ref|GetAtt) ", "", program("eventbridge.md", "yaml")))
    assert template["Resources"]["Producer"]["Properties"]["Handler"] == "producer.handle"
    referred = set(re.findall(r"!(?:Ref|GetAtt) (\w+)", program("eventbridge.md", "yaml")))
    assert referred <= template["Resources"].keys() | template["Parameters"].keys()
    variables = template["Resources"]["Producer"]["Properties"]["Environment"]["Variables"]
    assert set(re.findall(r'environ\["(\w+)"\]', program("eventbridge.md"))) == variables.keys()


@pytest.mark.kafka
async def test_the_function_for_eventbridge_carries_a_batch_and_names_what_was_not_taken(
    kafka_settings: KafkaSettings, topics: TopicSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run as the cloud runs it, but for its secrets and for the login of its broker."""

    class Secrets:
        def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - the cloud's own name
            return {"SecretString": '{"username": "u", "password": "p"}'}

    def producer(options: dict[str, Any]) -> Producer:
        plain = {name: value for name, value in options.items() if name[:4] not in ("sasl", "secu")}
        return Producer(plain | {"message.max.bytes": 10_000})

    for name, value in {
        "BROKERS": kafka_settings.bootstrap_servers,
        "TOPIC": topics.events,
        "LOGIN_SECRET": "s",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "boto3", SimpleNamespace(client=lambda service: Secrets()))
    monkeypatch.setattr("confluent_kafka.Producer", producer)
    function: dict[str, Any] = {"__name__": "producer"}
    exec(compile(program("eventbridge.md"), "producer.py", "exec"), function)
    envelope = {"detail-type": "v2.detail.events.conversation.{id}.customer.end", "detail": BARE}
    bodies = [orjson.dumps(envelope).decode(), "[1]", "no JSON"]
    batch = {"Records": [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]}
    answer = await run_sync(function["handle"], batch, None)
    read = await _read_raw(kafka_settings, topics.events, 3)

    assert answer == {"batchItemFailures": []}
    assert set(read) == {(b"c-2", bodies[0].encode()), (None, b"[1]"), (None, b"no JSON")}
    too_large = {"Records": [{"messageId": "7", "body": "x" * 20_000}]}
    assert await run_sync(function["handle"], too_large, None) == {"batchItemFailures": [{"itemIdentifier": "7"}]}


@pytest.mark.kafka
async def test_the_bridge_carries_what_the_channel_says(
    kafka_settings: KafkaSettings, topics: TopicSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribed: list[Any] = []
    port = 0

    async def login(request: web.Request) -> web.Response:
        assert request.headers["Authorization"].startswith("Basic ")
        return web.json_response({"access_token": "t", "expires_in": 60})

    async def made(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer t"
        return web.json_response({"id": "channel-1", "connectUri": f"ws://127.0.0.1:{port}/socket"})

    async def subscribe(request: web.Request) -> web.Response:
        subscribed.extend(await request.json())
        return web.json_response({"entities": subscribed})

    async def socket(request: web.Request) -> web.WebSocketResponse:
        channel = web.WebSocketResponse()
        await channel.prepare(request)
        for event in (HEARTBEAT, EVENT, BARE):
            await channel.send_json(event)
        await channel.receive()
        return channel

    app = web.Application()
    app.add_routes([web.post("/oauth/token", login), web.post("/api/v2/notifications/channels", made)])
    app.add_routes([web.put("/api/v2/notifications/channels/channel-1/subscriptions", subscribe)])
    app.add_routes([web.get("/socket", socket)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    for name, value in {
        "GENESYS_LOGIN": f"http://127.0.0.1:{port}",
        "GENESYS_API": f"http://127.0.0.1:{port}",
        "GENESYS_CLIENT_ID": "id",
        "GENESYS_CLIENT_SECRET": "secret",
        "GENESYS_TOPICS": "v2.routing.queues.q.conversations.messages,v2.users.u.conversations.messages",
        "KAFKA_BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
        "TOPIC": topics.events,
    }.items():
        monkeypatch.setenv(name, value)
    bridge: dict[str, Any] = {"__name__": "bridge"}
    exec(compile(program("notifications.md"), "bridge.py", "exec"), bridge)
    running = asyncio.create_task(bridge["main"]())
    try:
        read = await _read(kafka_settings, topics.events, 3)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await runner.cleanup()
    assert len(subscribed) == 2
    assert {(key, value) for key, value in read} == {
        (None, orjson.dumps(HEARTBEAT)), (b"c-1", orjson.dumps(EVENT)), (b"c-2", orjson.dumps(BARE)),
    }  # fmt: skip
    kinds = [type(decode(value)[0]) for _, value in read]
    assert (kinds.count(Noise), kinds.count(Event)) == (2, 1), "a heartbeat, and a snapshot that holds no message"


async def test_the_bridge_waits_longer_and_longer_for_a_channel_that_closes_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each new channel counts against a limit, and costs calls."""
    for name in ("GENESYS_TOPICS", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.setenv(name, "x")
    bridge: dict[str, Any] = {"__name__": "bridge"}
    exec(compile(program("notifications.md"), "bridge.py", "exec"), bridge)
    waits: list[float] = []

    class Enough(Exception):
        pass

    class Producer:
        def __init__(self, **options: Any) -> None: ...
        async def start(self) -> None: ...
        async def stop(self) -> None: ...

    async def ends_at_once(*arguments: Any) -> None: ...

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 8:
            raise Enough

    bridge |= {"AIOKafkaProducer": Producer, "carry": ends_at_once}
    monkeypatch.setattr("asyncio.sleep", sleep)
    with pytest.raises(Enough):
        await bridge["main"]()
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]


async def _read(kafka: KafkaSettings, topic: str, count: int) -> list[tuple[bytes | None, bytes]]:
    """With each value as orjson writes it."""
    return [(key, orjson.dumps(orjson.loads(value))) for key, value in await _read_raw(kafka, topic, count)]


async def _read_raw(kafka: KafkaSettings, topic: str, count: int) -> list[tuple[bytes | None, bytes]]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            found = [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()
    return [(record.key, record.value or b"") for record in found]
