"""`notify`: tells customers, or who works on their conversation, of rejected files. Off by default."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing
from functools import partial
from pathlib import Path

import anyio
from anyio.abc import TaskGroup
from prometheus_client import CollectorRegistry

from consumer.attempts import Gates
from consumer.cli.loading import checked
from consumer.cli.outcome import Exit, ended, unwrapped
from consumer.conditions import Conditions
from consumer.download.clients import api_client, login_client
from consumer.genesys.api import Api
from consumer.genesys.hosts import Hosts
from consumer.genesys.limiter import Limiter
from consumer.genesys.login import Login
from consumer.health import Health, serving
from consumer.inspection.policy import Policy, PolicyFile
from consumer.log import setup
from consumer.metrics import Metrics
from consumer.notify.loop import notify
from consumer.notify.notifier import Notifier, Sentence, Told
from consumer.notify.outages import Outages
from consumer.notify.rejections import consuming
from consumer.notify.shutdown import Shutdown
from consumer.parts import policy_file
from consumer.service import POLICY_WATCH_S
from consumer.settings import Settings
from consumer.settings_load import Credentials, credentials
from consumer.topics import kafka_failures, partitions

log = logging.getLogger(__name__)

SEEN_EVERY_S = 10.0


def run_notify(config: Path | None) -> None:
    """Until SIGTERM or SIGINT. Begins with what is rejected from now on: old rejections are nobody's news."""
    settings = checked(config).settings
    if settings.notify.channel == "off":
        raise ended(Exit.USAGE, "NOTIFY__CHANNEL is off: set it to message or attributes")
    setup(settings.log)
    anyio.run(_serve, settings, credentials(settings, config))


async def _serve(settings: Settings, secrets: Credentials) -> None:
    metrics, shutdown = Metrics(CollectorRegistry()), Shutdown()
    policies = policy_file(settings, metrics)
    with unwrapped():
        async with anyio.create_task_group() as group:
            group.start_soon(_on_signals, group, shutdown, policies)
            await serve(settings, secrets, metrics, policies, shutdown)
            group.cancel_scope.cancel()


async def _on_signals(group: TaskGroup, shutdown: Shutdown, policies: PolicyFile) -> None:
    """A second signal to stop stops now."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async for received in signals:
            if received is signal.SIGHUP:
                policies.reload()
            elif shutdown.requested:
                group.cancel_scope.cancel()
            else:
                shutdown.request()


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
        api = await _api(settings, metrics, seen, secrets, stack)
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


async def _api(
    settings: Settings, metrics: Metrics, seen: Callable[[], None], secrets: Credentials, stack: AsyncExitStack
) -> Api:
    chosen = settings.genesys
    hosts = Hosts.of(
        chosen.region,
        login_url=str(chosen.login_url) if chosen.login_url else None,
        api_url=str(chosen.api_url) if chosen.api_url else None,
    )
    ca, proxy = chosen.ca_file, str(chosen.proxy) if chosen.proxy else None
    own_login, own_api = chosen.login_url is not None, chosen.api_url is not None
    to_login = login_client(hosts.login_url, ca_file=ca, any_address=own_login, proxy=proxy)
    to_api = api_client(hosts.api_url, ca_file=ca, any_address=own_api, proxy=proxy)
    await stack.enter_async_context(to_login)
    await stack.enter_async_context(to_api)

    def called(call: str, status: int | None) -> None:
        seen()
        metrics.api_call(call, status)

    login = Login(to_login, secrets, on_call=called)
    limiter = Limiter(chosen.calls_per_minute, sleep=partial(_sleep, seen), on_wait=metrics.api_wait_seconds.inc)
    return Api(to_api, login, limiter, on_call=called)
