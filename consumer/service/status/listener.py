"""Serves the status page: on this machine alone, to whoever asks by this machine's own name, and nothing but GET.

A page of anybody's can make a browser ask 127.0.0.1 under a name of its own (DNS rebinding). Such a request is refused.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry

from consumer.service.health import Health
from consumer.service.status.page import HEADERS, page
from consumer.service.status.readings import OVER_S, Look, Readings
from consumer.service.status.view import view_of
from consumer.settings.load import SettingsProblem

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
NAMES = frozenset({HOST, "localhost", "::1"})
FRESH_S = 1.0  # however often it is asked for, it is made anew this often


class Pages:
    """The page, with rates since somebody looked before."""

    def __init__(self, health: Health, registry: CollectorRegistry, now: Callable[[], float] = time.time) -> None:
        """`now`: seconds since the epoch."""
        self._health, self._registry, self._now = health, registry, now
        self._looks: deque[Look] = deque([self._look()])
        self._made: tuple[float, str] | None = None

    def newest(self) -> str:
        now = self._now()
        if self._made is None or not 0 <= now - self._made[0] < FRESH_S:
            look = self._look()
            while len(self._looks) > 1 and look.at - self._looks[1].at >= OVER_S:
                self._looks.popleft()
            self._made = now, page(view_of([look], {look.process: self._looks[0]}))
            self._looks.append(look)
        return self._made[1]

    def _look(self) -> Look:
        readings = Readings.of(self._registry.collect())
        return Look("this process", self._now(), readings, ready=self._health.facts)


@asynccontextmanager
async def serving_page(health: Health, registry: CollectorRegistry, port: int | None) -> AsyncIterator[int | None]:
    """Serves until left, and gives the port; nothing where there is none. Raises `SettingsProblem` if it is taken."""
    if port is None:
        yield None
        return
    pages = Pages(health, registry)

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=pages.newest(), content_type="text/html")

    app = web.Application(middlewares=[_guarded])
    app.router.add_get("/", show, allow_head=False)
    app.on_response_prepare.append(_with_headers)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            raise SettingsProblem([f"STATUS__PORT: can't listen on {HOST}:{port}: {error.strerror}"]) from None
        port = runner.addresses[0][1]
        log.info("the status page is served", extra={"address": f"http://{HOST}:{port}"})
        yield port
    finally:
        await runner.cleanup()


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not _is_by_own_name(request.headers.getall("Host", [])):
        return web.Response(status=421, text="this page answers to the names of this machine alone\n")
    if request.method != "GET":
        return web.Response(status=405, text="this page is only looked at\n", headers={"Allow": "GET"})
    try:
        return await handler(request)
    except web.HTTPException as refused:
        return web.Response(status=refused.status, text=f"{refused.reason}\n")


def _is_by_own_name(hosts: list[str]) -> bool:
    """Whatever port it names: it may be forwarded."""
    if len(hosts) != 1:
        return False
    try:
        return urlsplit(f"//{hosts[0]}").hostname in NAMES and "@" not in hosts[0]
    except ValueError:
        return False


async def _with_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers["Server"] = "attachment-consumer"
