"""Asks processes for what they tell of themselves: `/metrics`, and `/readyz` for the details of conditions."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import orjson
from prometheus_client.parser import text_string_to_metric_families

from consumer.http.clients import api_client
from consumer.http.transport import Timeouts
from consumer.service.status.readings import Look, Readings

LONGEST_S = 5.0
LARGEST = 4_000_000  # bytes of an answer

NOT_OURS = "what answers there is no attachment consumer"


class NoAnswer(Exception):
    """Why there is none, in our own words."""


def base_url(given: str) -> str:
    """`host:port`, or a URL with or without `/metrics`, as the URL that paths are put behind.

    Raises `ValueError` for what is none.
    """
    url = given if "://" in given else f"http://{given}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("no address of a process: host:port, or http://host:port")
    _ = parts.port  # raises for what is none
    return f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('/metrics').rstrip('/')}"


class Processes:
    """Those at some addresses, each by a connection of its own that is kept."""

    def __init__(self, clients: dict[str, httpx.AsyncClient]) -> None:
        self._clients = clients

    async def look(self) -> list[Look]:
        """At all of them at once; whoever does not answer is told with the reason."""
        found: dict[str, Look] = {}

        async def take(name: str, client: httpx.AsyncClient) -> None:
            found[name] = await _look(name, client)

        async with anyio.create_task_group() as group:
            for name, client in self._clients.items():
                group.start_soon(take, name, client)
        return [found[name] for name in self._clients]


@asynccontextmanager
async def reached(urls: Sequence[str]) -> AsyncIterator[Processes]:
    """`urls`: as `base_url` gives them."""
    timeouts = Timeouts(LONGEST_S, LONGEST_S)
    async with AsyncExitStack() as stack:
        clients = {
            url.partition("://")[2]: await stack.enter_async_context(
                api_client(url, any_address=True, timeouts=timeouts)
            )
            for url in dict.fromkeys(urls)
        }
        yield Processes(clients)


async def _look(name: str, client: httpx.AsyncClient) -> Look:
    now = time.time()
    try:
        readings = Readings.of(text_string_to_metric_families((await _answer(client, "/metrics", (200,))).decode()))
    except NoAnswer as why:
        return Look(name, now, None, str(why))
    except (ValueError, KeyError):  # no text, or not that of metrics
        return Look(name, now, None, NOT_OURS)
    if not readings.is_ours:
        return Look(name, now, None, NOT_OURS)
    try:
        return Look(name, now, readings, ready=await _ready(client))
    except NoAnswer as why:
        return Look(name, now, readings, f"/readyz: {why}")


async def _ready(client: httpx.AsyncClient) -> dict[str, Any]:
    try:
        body = orjson.loads(await _answer(client, "/readyz", (200, 503)))
    except orjson.JSONDecodeError:
        raise NoAnswer(NOT_OURS) from None
    if not isinstance(body, dict):
        raise NoAnswer(NOT_OURS)
    return body


async def _answer(client: httpx.AsyncClient, path: str, statuses: tuple[int, ...]) -> bytes:
    body = bytearray()
    try:
        with anyio.fail_after(LONGEST_S):
            async with client.stream("GET", path, headers={"Accept": "text/plain"}) as answer:
                if answer.status_code not in statuses:
                    raise NoAnswer(f"it answers {answer.status_code} to {path}")
                async for piece in answer.aiter_raw():
                    body += piece
                    if len(body) > LARGEST:
                        raise NoAnswer(NOT_OURS)
    except TimeoutError:
        raise NoAnswer(f"no answer in {LONGEST_S:.0f} s") from None
    except httpx.TransportError as error:
        raise NoAnswer(str(error)) from None
    return bytes(body)
