"""`/metrics`, `/livez`, `/readyz`: what the rooms reported and which conditions hold. Nothing is asked here."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from consumer.service.conditions import Conditions, Held
from consumer.settings.load import SettingsProblem
from consumer.settings.model import WebSettings
from consumer.telemetry.labels import Proof
from consumer.telemetry.reporter import Reporter

STILL_S = 120.0  # the loops turn many times a second, behind closed gates too, and say so while they wait for Kafka


class Health:
    """What the probes answer, read from what the rooms reported."""

    def __init__(
        self,
        conditions: Conditions,
        reporter: Reporter,
        needs: Collection[Proof],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`needs`: what must have worked once before this process is ready, so that no rollout goes on with less."""
        self._conditions, self._reporter, self._needs, self._now = conditions, reporter, needs, now

    @property
    def alive(self) -> bool:
        return all(seconds < STILL_S for seconds in self.still_s.values())

    @property
    def still_s(self) -> dict[str, float]:
        """Seconds since each loop went round last."""
        return {loop: round(self._now() - at, 1) for loop, at in self._reporter.polls.items()}

    @property
    def ready(self) -> bool:
        """Once everything that it needs has worked, and with no partitions as well: a spare process waits for one. An
        outage of others changes nothing from then on: only what this process's own set-up causes does."""
        return not self.not_yet and not self._conditions.stopped

    @property
    def not_yet(self) -> list[Proof]:
        """What has to work before this process is ready for the first time."""
        return [need for need in self._needs if need not in self._reporter.proven]

    @property
    def state(self) -> str:
        if self._conditions.stopped:
            return "stopped"
        if self.not_yet:
            return "starting"
        return "waiting" if self._conditions.waiting else "ready"

    @property
    def facts(self) -> dict[str, Any]:
        """The body of `/readyz`."""
        return {
            "ready": self.ready,
            "state": self.state,
            "notYet": self.not_yet,
            "assignedPartitions": self._reporter.partitions,
            "conditions": [_told(held) for held in self._conditions.held],
        }


def _told(held: Held) -> dict[str, str]:
    told = held.condition.told
    return {
        "condition": held.condition.value,
        "about": held.about,
        "sentence": told.sentence,
        "detail": held.detail,
        "remedy": told.remedy,
        "since": datetime.fromtimestamp(held.since, UTC).isoformat(timespec="seconds"),
    }


@asynccontextmanager
async def serving(
    health: Health,
    registry: CollectorRegistry,
    settings: WebSettings,
) -> AsyncIterator[int]:
    """Serves until left; gives the port. Raises `SettingsProblem` when the address can't be listened on."""
    app = web.Application()
    app.router.add_get("/metrics", _metrics(registry))
    app.router.add_get("/livez", _livez(health))
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


def _livez(health: Health) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        facts = {"alive": health.alive, "lastPollSeconds": health.still_s}
        return web.json_response(facts, status=200 if health.alive else 503)

    return handle


def _readyz(health: Health) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        return web.json_response(health.facts, status=200 if health.ready else 503)

    return handle
