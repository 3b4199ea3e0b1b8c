"""A process that tells of itself, without what it would do the work with."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, get_args

from prometheus_client import CollectorRegistry

from consumer.model import Accepted, Condition, DeadReason, Facts, Reason, Rejected
from consumer.service.conditions import Conditions
from consumer.service.health import Health, serving
from consumer.service.status.readings import Look, Readings
from consumer.settings.model import WebSettings
from consumer.telemetry.labels import Proof, Standing
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import Reporter

SECRET_HOST = "files.customer.example"


class Told:
    """What a process tells, at a time of its own."""

    def __init__(self) -> None:
        self.metrics = Metrics(CollectorRegistry())
        self.conditions = Conditions(self.metrics, 20)
        self.reporter = Reporter(self.metrics, self.conditions)
        self.health = Health(self.conditions, self.reporter, ["kafka"])
        usage = self.metrics.usage
        usage.slots("downloads", 64, lambda: 48)
        usage.slots("tasks", 1_024, lambda: 3)
        usage.memory("files", 256_000_000, lambda: 12_000_000)
        usage.api(lambda: 300, lambda: 120)
        usage.window_offsets.set(16_384)
        usage.outbox_budget_bytes.set(4_000_000)

    def works(self) -> None:
        """An hour of it, at once."""
        metrics, reporter = self.metrics, self.reporter
        for proof in get_args(Proof):
            reporter.proved(proof)
        for _ in range(90):
            metrics.answered(Accepted(Facts(size=10_000), "x"))
            metrics.event_to_answer_seconds.observe(0.7)
            metrics.api_call("message", 200)
        metrics.answered(Rejected(Reason.EMPTY, "x", Facts(size=0)))
        metrics.dead_letters[DeadReason.NOT_FOUND].inc()
        reporter.stands(0, Standing(40, 2_000, None, 91, 1, time.time() - 7_200))
        metrics.lag("genesys.attachments.tasks", 0, 12, time.time() - 110)
        metrics.lag("genesys.conversations.events", 3, 0, None)
        reporter.examined("application/pdf", 1_000_000, 0.2)
        usage = metrics.usage
        usage.spare({"cpu": 12.0, "rate": 3.5})

    def look(self, name: str = "one:9464", at: float | None = None) -> Look:
        """As somebody who reads `/metrics` and `/readyz`."""
        readings = Readings.of(self.metrics.registry.collect())
        return Look(name, time.time() if at is None else at, readings, ready=dict(self.health.facts))

    def hindered(self) -> None:
        self.conditions.begin(Condition.HOST_NOT_ALLOWED, SECRET_HOST, SECRET_HOST)
        self.conditions.begin(Condition.KAFKA_AWAY, "no broker answers", "tasks")


@asynccontextmanager
async def told_by(told: Told) -> AsyncIterator[str]:
    """Its address."""
    async with serving(told.health, told.metrics.registry, WebSettings(host="127.0.0.1", port=0)) as port:
        yield f"127.0.0.1:{port}"


def numbers(document: Any) -> list[float]:
    """All that stand in a document."""
    if isinstance(document, dict):
        return [found for value in document.values() for found in numbers(value)]
    if isinstance(document, list | tuple):
        return [found for value in document for found in numbers(value)]
    return [document] if isinstance(document, float) else []
