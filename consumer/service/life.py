"""The life of the service: start, run, drain, stop. Shutdown comes in as an argument."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import anyio
from prometheus_client import CollectorRegistry

from consumer.errors import Refused, Unavailable
from consumer.inspection.policy.policy import PolicyFile
from consumer.intake import Intake
from consumer.kafka import topics
from consumer.service.assembly import Parts, assembled
from consumer.service.conditions import Conditions
from consumer.service.health import Health, serving
from consumer.settings.model import Settings
from consumer.stream.outbox import Batch
from consumer.stream.stream import Stream
from consumer.stream.transaction import DEFAULT_MAX_MESSAGE_BYTES, Step
from consumer.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

T = TypeVar("T")

POLICY_WATCH_S = 5.0
TOPICS_RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class Running:
    """What is known once the service serves."""

    metrics_port: int
    metrics: Metrics
    health: Health
    policies: PolicyFile


async def run(
    settings: Settings,
    *,
    shutdown: anyio.Event,
    credentials: Callable[[], tuple[str, str]] | None = None,
    started: Callable[[Running], None] = lambda running: None,
    steps: Step = lambda step: None,
) -> None:
    """Serves until `shutdown` is set, and then until what runs is drained and committed.

    Raises `LibmagicMissing`, `PolicyError` or `SettingsProblem` when it can't start at all. Whatever else is missing
    (Kafka, a topic, a permission, Genesys) is said by `/readyz` and tried again.
    """
    metrics = Metrics(CollectorRegistry())
    health = Health()
    conditions = Conditions(health, metrics, settings.attempts.bug_ceiling)
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(health, metrics.registry, settings.web))
        parts = await stack.enter_async_context(assembled(settings, metrics, conditions, credentials))
        started(Running(port, metrics, health, parts.policies))
        async with anyio.create_task_group() as background:
            background.start_soon(parts.gates.run)
            background.start_soon(parts.policies.watch, POLICY_WATCH_S, anyio.sleep)
            await _until(shutdown, parts.check_dependencies)
            limits = await _until(shutdown, partial(_checked_topics, settings, conditions))
            if limits is not None:
                await _both_loops(settings, parts, limits, metrics, conditions, shutdown, steps)
            background.cancel_scope.cancel()


async def _both_loops(
    settings: Settings,
    parts: Parts,
    limits: Mapping[str, int],
    metrics: Metrics,
    conditions: Conditions,
    shutdown: anyio.Event,
    steps: Step,
) -> None:
    names = settings.topics
    judge = parts.judge(limits.get(names.dead_letter, DEFAULT_MAX_MESSAGE_BYTES))
    intake = Intake(
        settings.kafka,
        names,
        metrics,
        max_task_bytes=limits.get(names.tasks, DEFAULT_MAX_MESSAGE_BYTES),
        may_take=lambda: not conditions.stuck,
        polled=lambda: conditions.polled("intake"),
        hindered=lambda detail: conditions.hinder("intake", detail),
    )
    stream = Stream(
        judge.judge,
        settings.kafka,
        names,
        settings.limits,
        metrics,
        max_message_bytes=limits,
        read_limits=partial(_limits, settings) if settings.kafka.check_topics else None,
        may_take=conditions.may_take,
        polled=lambda: conditions.polled("stream"),
        assigned=conditions.assigned,
        hindered=lambda partition, detail: conditions.hinder(("partition", partition), detail),
        committed=lambda batch: _count(metrics, batch),
        steps=steps,
    )
    async with anyio.create_task_group() as loops:
        loops.start_soon(intake.run, shutdown)
        loops.start_soon(stream.run, shutdown)


def _count(metrics: Metrics, batch: Batch) -> None:
    """Only what is committed counts: a reader of the metrics and one of the topics see the same."""
    for answer in batch.answers:
        if answer.letter is not None:
            metrics.dead_letters[answer.letter.reason].inc()
        if answer.decision is not None:
            decision = answer.decision
            metrics.answered(decision.verdict)
            if decision.event_time is not None:
                age = datetime.now(UTC) - decision.event_time
                metrics.event_to_answer_seconds.observe(max(age.total_seconds(), 0.0))


async def _checked_topics(settings: Settings, conditions: Conditions) -> Mapping[str, int]:
    """What each topic takes, once they are as they must be. Says what is wrong meanwhile."""
    if not settings.kafka.check_topics:
        return {}
    while True:
        try:
            limits = await _limits(settings)
        except (Refused, Unavailable) as failure:
            log.error("not started yet: %s", failure.detail)
            conditions.hinder("topics", failure.detail)
            await anyio.sleep(TOPICS_RETRY_S)
        else:
            conditions.hinder("topics", None)
            return limits


async def _limits(settings: Settings) -> Mapping[str, int]:
    return (await topics.check(settings.kafka, settings.topics)).max_message_bytes


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
