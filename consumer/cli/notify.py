"""`notify`: tells customers, or who works on their conversation, of rejected files. Off by default."""

from __future__ import annotations

import logging
import signal
from contextlib import ExitStack
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from consumer.cli.loading import checked
from consumer.cli.outcome import Exit, ended, unwrapped
from consumer.notify.service import serve
from consumer.notify.shutdown import Shutdown
from consumer.service.life import Running
from consumer.settings.load import Credentials, credentials
from consumer.settings.model import Settings
from consumer.telemetry.log import setup

log = logging.getLogger(__name__)


def run_notify(config: Path | None) -> None:
    """Until SIGTERM or SIGINT. Begins with what is rejected from now on: old rejections are nobody's news."""
    settings = checked(config).settings
    if settings.notify.channel == "off":
        raise ended(Exit.USAGE, "NOTIFY__CHANNEL is off: set it to message or attributes")
    setup(settings.log)
    anyio.run(_serve, settings, credentials(settings, config))


async def _serve(settings: Settings, secrets: Credentials) -> None:
    shutdown = Shutdown()
    running: list[Running] = []

    with unwrapped(), ExitStack() as stack:

        def started(now_running: Running) -> None:
            running.append(now_running)
            stack.enter_context(now_running.metrics.loop_cpu.sampling())
            log.info("serving /metrics, /livez and /readyz", extra={"port": now_running.metrics_port})

        async with anyio.create_task_group() as group:
            group.start_soon(_on_signals, group, shutdown, running)
            await serve(settings, secrets, shutdown, started)
            group.cancel_scope.cancel()


async def _on_signals(group: TaskGroup, shutdown: Shutdown, running: list[Running]) -> None:
    """A second signal to stop stops now."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async for received in signals:
            if received is signal.SIGHUP:
                for service in running:
                    service.policies.reload()
            elif shutdown.requested:
                group.cancel_scope.cancel()
            else:
                shutdown.request()
