"""`notify`: tells customers, or who works on their conversation, of rejected files. Off by default."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from prometheus_client import CollectorRegistry

from consumer.cli.loading import checked
from consumer.cli.outcome import Exit, ended, unwrapped
from consumer.download.clients import api_client, login_client
from consumer.genesys.api import Api
from consumer.genesys.hosts import Hosts
from consumer.genesys.limiter import Limiter
from consumer.genesys.login import Login
from consumer.genesys.notify import Notifier, Record, Sentence, Told, notify
from consumer.health import Health, serving
from consumer.inspection.policy import Policy, PolicyFile
from consumer.kafka_client import consumer_options
from consumer.log import setup
from consumer.metrics import Metrics
from consumer.parts import policy_file
from consumer.service import POLICY_WATCH_S
from consumer.settings import Settings
from consumer.settings_load import Credentials, credentials
from consumer.topics import kafka_failures, partitions

log = logging.getLogger(__name__)

POLL_MS = 500


def run_notify(config: Path | None) -> None:
    """Until SIGTERM or SIGINT. Begins with what is rejected from now on: old rejections are nobody's news."""
    settings = checked(config).settings
    if settings.notify.channel == "off":
        raise ended(Exit.USAGE, "NOTIFY__CHANNEL is off: set it to message or attributes")
    setup(settings.log)
    anyio.run(_serve, settings, credentials(settings, config))


async def _serve(settings: Settings, secrets: Credentials) -> None:
    metrics, health = Metrics(CollectorRegistry()), Health(ready=True)
    with unwrapped():
        async with AsyncExitStack() as stack:
            port = await stack.enter_async_context(serving(health, metrics.registry, settings.web))
            api = await _api(settings, metrics, secrets, stack)
            await partitions(settings.kafka, settings.topics.rejected)
            stopped = anyio.Event()
            group = await stack.enter_async_context(anyio.create_task_group())
            policies = policy_file(settings, metrics)
            group.start_soon(_on_signals, stopped, policies)
            group.start_soon(policies.watch, POLICY_WATCH_S, anyio.sleep)
            consumer = await stack.enter_async_context(_consumer(settings))
            log.info("serving /metrics, /livez and /readyz", extra={"port": port})
            async with aclosing(_rejections(consumer, stopped, health)) as records:
                await notify(records, _notifier(settings, api, policies), partial(_told, metrics))
            group.cancel_scope.cancel()


async def _on_signals(stopped: anyio.Event, policies: PolicyFile) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async for received in signals:
            if received is signal.SIGHUP:
                policies.reload()
            else:
                stopped.set()


def _notifier(settings: Settings, api: Api, policies: PolicyFile) -> Notifier:
    chosen = settings.notify
    assert chosen.channel != "off", "refused before"
    return Notifier(api, spoken(policies, chosen.language), channel=chosen.channel, silent=frozenset(chosen.silent))


def spoken(policy: Callable[[], Policy], always: str | None) -> Sentence:
    """What customers are told: in the language `always`, else in their own, else in the policy's."""
    return lambda reason, language: policy().sentence(reason, always or language)


def _told(metrics: Metrics, told: Told) -> None:
    metrics.notifications[told.outcome].inc()
    if told.outcome == "failed":
        log.warning("nobody was told of a rejected file: %s", told.detail)


async def _rejections(consumer: AIOKafkaConsumer, stopped: anyio.Event, health: Health) -> AsyncGenerator[Record, None]:
    """Each rejected result with the commit of its own place. Small polls: what was polled is told before the end."""
    while not stopped.is_set():
        health.poller_seen("notify", time.monotonic())
        for partition, records in (await consumer.getmany(timeout_ms=POLL_MS, max_records=10)).items():
            for record in records:
                if stopped.is_set():
                    return
                health.poller_seen("notify", time.monotonic())
                yield record.value, _commit(consumer, partition, record)


def _commit(
    consumer: AIOKafkaConsumer, partition: TopicPartition, record: ConsumerRecord[bytes | None, bytes | None]
) -> Callable[[], Awaitable[None]]:
    async def commit() -> None:
        await consumer.commit({partition: record.offset + 1})

    return commit


@asynccontextmanager
async def _consumer(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    kafka = settings.kafka
    consumer = AIOKafkaConsumer(
        settings.topics.rejected,
        **consumer_options(kafka),
        group_id=f"{kafka.group}-notify",
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="latest",
        session_timeout_ms=kafka.session_timeout_ms,
        heartbeat_interval_ms=kafka.heartbeat_ms,
    )
    with kafka_failures(kafka):
        try:
            await consumer.start()
            yield consumer
        finally:
            with anyio.move_on_after(5, shield=True):
                await consumer.stop()


async def _api(settings: Settings, metrics: Metrics, secrets: Credentials, stack: AsyncExitStack) -> Api:
    chosen = settings.genesys
    hosts = Hosts.of(
        chosen.region,
        login_url=str(chosen.login_url) if chosen.login_url else None,
        api_url=str(chosen.api_url) if chosen.api_url else None,
    )
    to_login = login_client(hosts.login_url, ca_file=chosen.ca_file, any_address=chosen.login_url is not None)
    to_api = api_client(hosts.api_url, ca_file=chosen.ca_file, any_address=chosen.api_url is not None)
    await stack.enter_async_context(to_login)
    await stack.enter_async_context(to_api)
    login = Login(to_login, secrets, on_call=metrics.api_call)
    limiter = Limiter(chosen.calls_per_minute, on_wait=metrics.api_wait_seconds.inc)
    return Api(to_api, login, limiter, on_call=metrics.api_call)
