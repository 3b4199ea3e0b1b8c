"""The life of the service: start, run, drain, stop. Shutdown comes in as an argument."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, get_args

import anyio
from prometheus_client import CollectorRegistry

from consumer import __version__
from consumer.errors import Refused, Unavailable
from consumer.inspection.policy.file import PolicyFile
from consumer.intake.intake import Intake
from consumer.kafka.knock import BrokersRefuse
from consumer.kafka.limits import TopicLimits
from consumer.model import Condition
from consumer.service.assembly import assembled
from consumer.service.capacity import Capacity
from consumer.service.conditions import Conditions
from consumer.service.demand import Demand
from consumer.service.health import Health, serving
from consumer.service.status.listener import serving_page
from consumer.settings.load import Credentials
from consumer.settings.model import Settings
from consumer.stream.stream import Stream
from consumer.telemetry.labels import Proof
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.tracing import reporting

log = logging.getLogger(__name__)

T = TypeVar("T")

TOPICS_RETRY_S = 5.0
ABOUT = "start"  # in conditions
AT_START = (Condition.TOPICS_WRONG, Condition.KAFKA_REFUSED, Condition.KAFKA_AWAY)


@dataclass(frozen=True, slots=True)
class Running:
    """What is known once the service serves."""

    metrics_port: int
    metrics: Metrics
    conditions: Conditions
    health: Health
    policies: PolicyFile
    page_port: int | None = None  # of the status page; None: it is off


@dataclass(frozen=True, slots=True)
class _ProcessState:
    """Satisfies `stream.ports.ProcessState`."""

    conditions: Conditions
    capacity: Capacity

    @property
    def takes_tasks(self) -> bool:
        return self.conditions.takes_tasks

    @property
    def load(self) -> float:
        return self.capacity.load


async def run(
    settings: Settings, credentials: Credentials, shutdown: anyio.Event, started: Callable[[Running], None]
) -> None:
    """Serves until `shutdown` is set, and then until what runs is drained and committed.

    Raises `LibmagicMissing`, `PolicyError` or `SettingsProblem` when it can't start at all. Whatever else is missing
    (Kafka, a topic, a permission, Genesys) is said by `/readyz` and tried again.
    """
    metrics = Metrics(CollectorRegistry())
    loop = asyncio.get_running_loop()
    metrics.event_loop_tasks.set_function(lambda: len(asyncio.all_tasks(loop)))
    conditions = Conditions(metrics, settings.attempts.bug_ceiling)
    limits = TopicLimits(settings.kafka, settings.topics)
    async with AsyncExitStack() as stack:
        reporter = await stack.enter_async_context(reporting(metrics, conditions, settings.tracing))
        health = Health(conditions, reporter, needs=get_args(Proof))
        stack.callback(conditions.over)
        port = await stack.enter_async_context(serving(health, metrics.registry, settings.web))
        page_port = await stack.enter_async_context(serving_page(health, metrics.registry, settings.status.port))
        parts = await stack.enter_async_context(assembled(settings, credentials, limits, reporter))
        if settings.genesys.metadata == "event":
            conditions.begin(Condition.EVENTS_BELIEVED)
        _say_what_starts(settings, parts.policies)
        started(Running(port, metrics, conditions, health, parts.policies, page_port))
        judge = parts.judge
        process = _ProcessState(conditions, parts.capacity)
        stream = Stream(judge.judge, settings, limits, process, judge.patience.crowd, reporter)
        parts.capacity.takes_tasks(stream.room)
        intake = Intake(settings, limits, Demand(conditions, stream, reporter), reporter)
        async with anyio.create_task_group() as background:
            for watch in (*parts.watches, intake.lag.run, stream.lag.run):
                background.start_soon(watch)
            background.start_soon(_say_draining, shutdown, conditions)
            await _until(shutdown, parts.check_dependencies)
            background.start_soon(parts.prove)
            if await _until(shutdown, partial(_topics_are_right, limits, conditions)):
                async with anyio.create_task_group() as loops:
                    loops.start_soon(intake.run, shutdown)
                    loops.start_soon(stream.run, shutdown)
            background.cancel_scope.cancel()


def _say_what_starts(settings: Settings, policies: PolicyFile) -> None:
    told = {
        "version": __version__,
        "brokers": settings.kafka.bootstrap_servers,
        "region": settings.genesys.region,
        "events": settings.topics.events,
        "topics": list(settings.topics.ours),
        "partitions": settings.topics.partitions,
        "storage": settings.storage.url,
        "antivirus": settings.antivirus.address or "none",
        "confinement": settings.inspection.confinement,
        "signatures": settings.signatures.mode,
        "policy": policies.current.version,
    }
    log.info("the attachment consumer starts", extra=told)


async def _say_draining(shutdown: anyio.Event, conditions: Conditions) -> None:
    await shutdown.wait()
    conditions.begin(Condition.DRAINING)


async def _topics_are_right(limits: TopicLimits, conditions: Conditions) -> bool:
    """True, once they are. Says what is wrong meanwhile."""
    while True:
        try:
            await limits.check()
        except (Refused, Unavailable) as failure:
            now = _condition_of(failure)
            for other in AT_START:
                if other is not now:
                    conditions.end(other, ABOUT)
            conditions.begin(now, failure.detail, ABOUT)
            await anyio.sleep(TOPICS_RETRY_S)
        else:
            for over in AT_START:
                conditions.end(over, ABOUT)
            if limits.weaknesses:
                conditions.begin(Condition.TOPICS_WEAK, "\n".join(limits.weaknesses), ABOUT)
            return True


def _condition_of(failure: Refused | Unavailable) -> Condition:
    if isinstance(failure, Unavailable):
        return Condition.KAFKA_AWAY
    return Condition.KAFKA_REFUSED if isinstance(failure, BrokersRefuse) else Condition.TOPICS_WRONG


async def _until(shutdown: anyio.Event, work: Callable[[], Awaitable[T]]) -> T | None:
    """What the work gives, or None if the shutdown comes before."""
    result: T | None = None
    async with anyio.create_task_group() as group:

        async def watch() -> None:
            await shutdown.wait()
            group.cancel_scope.cancel()

        group.start_soon(watch)
        result = await work()
        group.cancel_scope.cancel()
    return result
