"""`/metrics`, `/livez`, `/readyz`. The facts are put into a `Health` by those who know them; nothing is asked here."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from consumer.model import Dependency
from consumer.settings.load import SettingsProblem
from consumer.settings.model import WebSettings

STILL_S = 120.0  # the loops turn many times a second, behind closed gates too; a start at a frozen broker takes 80 s


@dataclass(slots=True)
class Health:
    """What the service knows of itself. Times of gates are seconds since the epoch, of the poller monotonic seconds."""

    ready: bool = False  # assigned, and taking tasks unless a gate is closed
    assigned: list[int] = field(default_factory=list)  # tasks partitions
    closed_gates: dict[Dependency, float] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)  # what is missing or wrong, in sentences for the operator
    polls: dict[str, float] = field(default_factory=dict)  # loop → when it went round last

    def poller_seen(self, loop: str, at: float) -> None:
        """`loop` went round at `at` (`time.monotonic()`)."""
        self.polls[loop] = at


@asynccontextmanager
async def serving(
    health: Health,
    registry: CollectorRegistry,
    settings: WebSettings,
    now: Callable[[], float] = time.monotonic,
) -> AsyncIterator[int]:
    """Serves until left; gives the port. Raises `SettingsProblem` when the address can't be listened on."""
    app = web.Application()
    app.router.add_get("/metrics", _metrics(registry))
    app.router.add_get("/livez", _livez(health, now))
    app.router.add_get("/readyz", _readyz(health))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            raise SettingsProblem(
                [f"WEB__HOST, WEB__PORT: can't listen on {settings.host}:{settings.port}: {error.strerror}"]
            ) from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _metrics(registry: CollectorRegistry) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    return handle


def _livez(health: Health, now: Callable[[], float]) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        still_s = {loop: round(now() - at, 1) for loop, at in health.polls.items()}
        alive = all(seconds < STILL_S for seconds in still_s.values())
        return web.json_response({"alive": alive, "lastPollSeconds": still_s}, status=200 if alive else 503)

    return handle


def _readyz(health: Health) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        ready = health.ready and not health.refusals
        facts = {
            "ready": ready,
            "assignedPartitions": sorted(health.assigned),
            "closedGates": {gate.value: _iso(since) for gate, since in health.closed_gates.items()},
            "refusals": health.refusals,
        }
        return web.json_response(facts, status=200 if ready else 503)

    return handle


def _iso(since: float) -> str:
    return datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds")
