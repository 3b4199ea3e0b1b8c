"""The life of `notify`: waits for Genesys, tells of rejected files, stops."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing
from functools import partial

import anyio
from anyio.abc import TaskGroup
from prometheus_client import CollectorRegistry

from consumer.attempts import Gates, Sleep
from consumer.genesys.api import Api
from consumer.genesys.connect import connected
from consumer.inspection.policy.file import PolicyFile
from consumer.inspection.policy.policy import Policy
from consumer.kafka.topics import kafka_failures, partitions
from consumer.notify.loop import notify
from consumer.notify.notifier import Notified, Notifier, Sentence
from consumer.notify.outages import Outages
from consumer.notify.rejections import consuming
from consumer.notify.shutdown import Shutdown
from consumer.service.assembly import POLICY_WATCH_S, GenesysReports, policy_file
from consumer.service.conditions import Conditions
from consumer.service.health import Health, serving
from consumer.service.life import Running
from consumer.settings.load import Credentials
from consumer.settings.model import Settings
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import Reporter

log = logging.getLogger(__name__)

SEEN_EVERY_S = 10.0


async def serve(
    settings: Settings, credentials: Credentials, shutdown: Shutdown, started: Callable[[Running], None]
) -> None:
    """Tells until `shutdown`, and then what is committed already.

    Raises `PolicyError`, `SettingsProblem`, and `Refused` or `Unavailable` when the topic can't be read at the start.
    """
    metrics = Metrics(CollectorRegistry())
    conditions = Conditions(metrics, settings.attempts.bug_ceiling)
    reporter = Reporter(metrics, conditions)
    health = Health(conditions, reporter, needs=["kafka"])
    policies = policy_file(settings, reporter)
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(health, metrics.registry, settings.web))
        sleep, gates = partial(_sleep, reporter), _gates(settings, reporter)
        reports = GenesysReports(reporter, gates)
        genesys = await stack.enter_async_context(connected(settings, credentials, reports=reports, sleep=sleep))
        await partitions(settings.kafka, settings.topics.rejected)
        group = await stack.enter_async_context(anyio.create_task_group())
        group.start_soon(policies.watch, POLICY_WATCH_S, anyio.sleep)
        group.start_soon(_cut_off, group, shutdown, settings.kafka.drain_s)
        started(Running(port, metrics, conditions, health, policies))
        notifier = _notifier(settings, genesys.api, policies, _outages(settings, genesys.api, gates, sleep))
        with kafka_failures(settings.kafka):
            async with (
                consuming(settings.kafka, settings.topics.rejected, reporter) as rejections,
                aclosing(rejections.records(shutdown)) as records,
            ):
                group.start_soon(rejections.waiting.watch, partial(reporter.polled, "notify"))
                await notify(records, notifier, shutdown, partial(_told, reporter))
        group.cancel_scope.cancel()


async def _cut_off(group: TaskGroup, shutdown: Shutdown, drain_s: float) -> None:
    await shutdown.wait()
    await anyio.sleep(drain_s)
    log.warning("stopped in the middle: %g s were not enough", drain_s)
    group.cancel_scope.cancel()


def _gates(settings: Settings, reporter: Reporter) -> Gates:
    attempts = settings.attempts
    return Gates(failures=1, probe_s=attempts.probe_s, probe_max_s=attempts.probe_max_s, probes={}, reports=reporter)


def _outages(settings: Settings, api: Api, gates: Gates, sleep: Sleep) -> Outages:
    attempts = settings.attempts
    return Outages(
        gates,
        api.check_access,
        attempts=attempts.attempts,
        first_s=attempts.probe_s,
        longest_s=attempts.probe_max_s,
        sleep=sleep,
    )


async def _sleep(reporter: Reporter, seconds: float) -> None:
    """A wait for Genesys, which is no standstill: /livez hears of it."""
    end = anyio.current_time() + seconds
    while (left := end - anyio.current_time()) > 0:
        reporter.polled("notify")
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


def _told(reporter: Reporter, told: Notified) -> None:
    reporter.told(told.outcome, told.detail)
