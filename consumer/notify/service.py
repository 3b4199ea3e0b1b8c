"""The life of `notify`: waits for Genesys, tells of rejected files, stops."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from functools import partial

import anyio
from anyio.abc import TaskGroup

from consumer.attempts import Gates
from consumer.genesys.api import Api
from consumer.genesys.connect import Genesys, connected
from consumer.inspection.policy.policy import Policy, PolicyFile
from consumer.kafka.topics import kafka_failures, partitions
from consumer.notify.loop import notify
from consumer.notify.notifier import Notifier, Sentence, Told
from consumer.notify.outages import Outages
from consumer.notify.rejections import consuming
from consumer.notify.shutdown import Shutdown
from consumer.service.conditions import Conditions
from consumer.service.health import Health, serving
from consumer.service.life import POLICY_WATCH_S
from consumer.settings.load import Credentials
from consumer.settings.model import Settings
from consumer.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

SEEN_EVERY_S = 10.0


async def serve(
    settings: Settings,
    secrets: Credentials,
    metrics: Metrics,
    policies: PolicyFile,
    shutdown: Shutdown,
    started: Callable[[int], None] = lambda port: None,
) -> None:
    """Tells until `shutdown`, and then what is committed already. `started` is given the port of `/readyz`."""
    health = Health()
    conditions = Conditions(health, metrics, settings.attempts.bug_ceiling)
    seen = partial(conditions.polled, "notify")
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(health, metrics.registry, settings.web))
        api = (await stack.enter_async_context(_genesys(settings, metrics, seen, secrets))).api
        await partitions(settings.kafka, settings.topics.rejected)
        group = await stack.enter_async_context(anyio.create_task_group())
        group.start_soon(policies.watch, POLICY_WATCH_S, anyio.sleep)
        group.start_soon(_cut_off, group, shutdown, settings.kafka.drain_s)
        log.info("serving /metrics, /livez and /readyz", extra={"port": port})
        started(port)
        notifier = _notifier(settings, api, policies, _outages(settings, api, conditions, seen))
        with kafka_failures(settings.kafka):
            async with (
                consuming(
                    settings.kafka,
                    settings.topics.rejected,
                    polled=seen,
                    assigned=conditions.assigned,
                ) as rejections,
                aclosing(rejections.records(shutdown)) as records,
            ):
                await notify(records, notifier, shutdown, partial(_told, metrics))
        group.cancel_scope.cancel()


async def _cut_off(group: TaskGroup, shutdown: Shutdown, drain_s: float) -> None:
    await shutdown.wait()
    await anyio.sleep(drain_s)
    log.warning("stopped in the middle: %g s were not enough", drain_s)
    group.cancel_scope.cancel()


def _outages(settings: Settings, api: Api, conditions: Conditions, seen: Callable[[], None]) -> Outages:
    attempts = settings.attempts
    gates = Gates(
        failures=1,
        probe_s=attempts.probe_s,
        probe_max_s=attempts.probe_max_s,
        probes={},
        on_change=conditions.gate_changed,
    )
    conditions.watch(gates)
    return Outages(
        gates,
        api.check_access,
        attempts=attempts.attempts,
        first_s=attempts.probe_s,
        longest_s=attempts.probe_max_s,
        sleep=partial(_sleep, seen),
    )


async def _sleep(seen: Callable[[], None], seconds: float) -> None:
    """A wait for Genesys, which is no standstill: /livez hears of it."""
    end = anyio.current_time() + seconds
    while (left := end - anyio.current_time()) > 0:
        seen()
        await anyio.sleep(min(left, SEEN_EVERY_S))


def _notifier(settings: Settings, api: Api, policies: PolicyFile, outages: Outages) -> Notifier:
    chosen = settings.notify
    assert chosen.channel != "off", "refused before"
    return Notifier(
        api,
        spoken(policies, chosen.language),
        channel=chosen.channel,
        silent=frozenset(chosen.silent),
        wait_out=outages,
        sleep=outages.sleep,
    )


def spoken(policy: Callable[[], Policy], always: str | None) -> Sentence:
    """What customers are told: in the language `always`, else in their own, else in the policy's."""
    return lambda reason, language: policy().sentence(reason, always or language)


def _told(metrics: Metrics, told: Told) -> None:
    metrics.notifications[told.outcome].inc()
    if told.outcome == "failed":
        log.warning("nobody was told of a rejected file: %s", told.detail)


def _genesys(
    settings: Settings, metrics: Metrics, seen: Callable[[], None], secrets: Credentials
) -> AbstractAsyncContextManager[Genesys]:
    def called(call: str, status: int | None) -> None:
        seen()
        metrics.api_call(call, status)

    def renewed(lifetime_s: float) -> None:
        metrics.token_expires_timestamp_seconds.set(time.time() + lifetime_s)

    return connected(
        settings,
        secrets,
        on_call=called,
        on_token=renewed,
        on_wait=metrics.api_wait_seconds.inc,
        sleep=partial(_sleep, seen),
    )
