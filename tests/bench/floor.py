"""The least that Python does for the same answers: `python -m tests.bench.floor`, set up by environment variables.

The same calls over the same transport, SHA-256, libmagic over the whole body, the file kept in memory, one result,
transactions. It checks nothing, shares nothing and tries nothing again.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from typing import Any

import httpx
import magic
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from consumer.http.clients import api_client, file_client
from consumer.http.urls import UrlRules

AT_ONCE, TICK_S = 64, 0.1
ASKED = {"accept": "application/json", "accept-encoding": "identity"}
MESSAGES = "/api/v2/conversations/messages"


class Floor:
    def __init__(self, api: httpx.AsyncClient, files: httpx.AsyncClient, token: str) -> None:
        self._api, self._files = api, files
        self._headers = ASKED | {"authorization": f"Bearer {token}"}
        self.kept: dict[str, bytes] = {}
        self.results: list[tuple[bytes, bytes]] = []

    async def answer(self, event: bytes) -> None:
        said = orjson.loads(event)
        conversation, message = said["conversationId"], said["messageId"]
        bulk = f"{MESSAGES}/{conversation}/messages/bulk"
        headers = self._headers | {"content-type": "application/json"}
        found = (await self._api.post(bulk, content=orjson.dumps([message]), headers=headers)).content
        attachment = orjson.loads(found)["entities"][0]["normalizedMessage"]["content"][0]["attachment"]
        link = attachment["url"].rpartition("/")[2]
        where = f"/api/v2/downloads/{link}?issueRedirect=false&redirectToAuth=false"
        url = orjson.loads((await self._api.get(where, headers=self._headers)).content)["url"]
        body = (await self._files.get(url, headers={"accept-encoding": "identity"})).content
        digest = hashlib.sha256(body).hexdigest()
        self.kept[digest] = body
        detected = magic.from_buffer(body, mime=True)
        result = {"id": attachment["id"], "conversationId": conversation, "messageId": message, "pad": "p" * 400}
        result |= {"name": attachment["filename"], "detectedType": detected, "size": len(body), "sha256": digest}
        self.results.append((conversation.encode(), orjson.dumps(result)))


async def run(given: dict[str, str]) -> None:
    brokers, group, out = given["BROKERS"], given["GROUP"], given["OUT"]
    rules = UrlRules.of("mypurecloud.com", allowed_origins=given["ORIGINS"].split())
    producer = AIOKafkaProducer(bootstrap_servers=brokers, transactional_id=group, max_batch_size=1 << 20)
    consumer = AIOKafkaConsumer(
        given["EVENTS"], bootstrap_servers=brokers, group_id=group, auto_offset_reset="earliest",
        enable_auto_commit=False, isolation_level="read_committed",
    )  # fmt: skip
    async with api_client(given["API"]) as api, file_client(rules) as files, producer, consumer:
        floor = Floor(api, files, await _token(given))
        free, done = asyncio.Semaphore(AT_ONCE), dict[TopicPartition, int]()
        ticking = asyncio.create_task(_commit(floor, producer, done, group, out))
        while not ticking.done():
            running = []
            for tp, records in (await consumer.getmany(timeout_ms=200, max_records=AT_ONCE)).items():
                running += [asyncio.create_task(_one(floor, free, record)) for record in records]
                done[tp] = records[-1].offset + 1
            await asyncio.gather(*running)


async def _one(floor: Floor, free: asyncio.Semaphore, record: Any) -> None:
    async with free:
        await floor.answer(record.value)


async def _commit(
    floor: Floor, producer: AIOKafkaProducer, done: dict[TopicPartition, int], group: str, out: str
) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        results, floor.results = floor.results, []
        if results:
            async with producer.transaction():
                await asyncio.gather(*[await producer.send(out, value, key) for key, value in results])
                await producer.send_offsets_to_transaction(dict(done), group)


async def _token(given: dict[str, str]) -> str:
    basic = base64.b64encode(f"{given['CLIENT_ID']}:{given['CLIENT_SECRET']}".encode()).decode()
    async with api_client(given["LOGIN"]) as login:
        form = {"grant_type": "client_credentials"}
        answer = await login.post("/oauth/token", data=form, headers=ASKED | {"authorization": f"Basic {basic}"})
        token: str = answer.json()["access_token"]
        return token


if __name__ == "__main__":
    asyncio.run(run(dict(os.environ)))
