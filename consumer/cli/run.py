"""`run`: the service, until a signal ends it."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio.abc import TaskGroup

from consumer.cli.outcome import Exit, ended, unwrapped

if TYPE_CHECKING:
    from consumer.service.life import Running
    from consumer.settings.model import Settings

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
TOLD_EVERY_S = 2.0


def run_service(config: Path | None) -> None:
    """Serves until SIGTERM or SIGINT. The first drains and says what it waits for; the second stops now.

    SIGHUP reads the policy file again.
    """
    from consumer.cli.loading import checked
    from consumer.inspection.workers.pool import WorkersNotStarted, hide_from_peers
    from consumer.service import heap
    from consumer.settings.load import credentials
    from consumer.telemetry.log import setup

    hide_from_peers()
    heap.keep()
    loaded = checked(config, make_folders=True)
    setup(loaded.settings.log)
    for unknown in loaded.unknown:
        log.warning(unknown)
    try:
        anyio.run(_serve, loaded.settings, credentials(loaded.settings, config))
    except WorkersNotStarted as missing:
        raise ended(Exit.DOWN, str(missing)) from None


async def _serve(settings: Settings, credentials: Callable[[], tuple[str, str]]) -> None:
    from consumer.service import garbage
    from consumer.service.life import run

    shutdown = anyio.Event()
    running: list[Running] = []
    with unwrapped(), ExitStack() as stack:
        async with anyio.create_task_group() as group:
            group.start_soon(garbage.collect_at_times, anyio.sleep)
            group.start_soon(_on_signals, group, shutdown, running, settings.kafka.drain_s)

            def started(now_running: Running) -> None:
                running.append(now_running)
                garbage.freeze()
                stack.enter_context(now_running.metrics.loop_cpu.sampling())
                log.info("serving /metrics, /livez and /readyz", extra={"port": now_running.metrics_port})

            await run(settings, credentials, shutdown, started)
            group.cancel_scope.cancel()


async def _on_signals(group: TaskGroup, shutdown: anyio.Event, running: list[Running], drain_s: float) -> None:
    with anyio.open_signal_receiver(*SIGNALS) as signals:
        async for received in signals:
            if received is signal.SIGHUP:
                for service in running:
                    service.policies.reload()
                continue
            if shutdown.is_set():
                log.warning("stopped now; what ran is done again after the start")
                logging.shutdown()
                os._exit(128 + received)  # a cancelled task may shield itself, and this was the second request
            log.warning("draining for at most %g s; a second signal stops now", drain_s)
            shutdown.set()
            group.start_soon(_tell_what_is_waited_for, running)


async def _tell_what_is_waited_for(running: list[Running]) -> None:
    while running:
        metrics = running[0].metrics
        log.warning(
            "waiting for what runs",
            extra={"inspections": metrics.inspecting.count, "tasks": metrics.in_flight},
        )
        await anyio.sleep(TOLD_EVERY_S)
