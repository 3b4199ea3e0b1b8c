"""All that a set-up consists of, looked at at the same time, each part for a bounded time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial

import anyio
from prometheus_client import CollectorRegistry

from consumer.service.conditions import Conditions
from consumer.service.doctor.genesys import look_at_file_host, look_at_genesys
from consumer.service.doctor.kafka import look_at_kafka
from consumer.service.doctor.lines import CheckLine, Outcome
from consumer.service.doctor.machine import look_at_antivirus, look_at_storage, look_at_workers
from consumer.settings.load import Credentials
from consumer.settings.model import Settings
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import Reporter

LONGEST_S = 7.0  # the command, with its start, at most 10 s

Part = Callable[[], Awaitable[list[CheckLine]]]


async def look(settings: Settings, credentials: Credentials, conversation: str | None) -> list[CheckLine]:
    """Every line, whatever fails. Writes nothing but a probe into the storage, and disturbs no running service."""
    metrics = Metrics(CollectorRegistry())
    reporter = Reporter(metrics, Conditions(metrics, settings.attempts.bug_ceiling))
    until = anyio.current_time() + LONGEST_S
    parts: list[Part] = [
        partial(look_at_kafka, settings, until),
        partial(look_at_genesys, settings, credentials, conversation, reporter, until),
        partial(look_at_file_host, settings, until),
        partial(look_at_storage, settings, until),
        partial(look_at_antivirus, settings, until),
        partial(look_at_workers, settings, reporter, until),
    ]
    found: dict[int, list[CheckLine]] = {}

    async def take(number: int, part: Part) -> None:
        found[number] = await part()

    async with anyio.create_task_group() as group:
        for number, part in enumerate(parts):
            group.start_soon(take, number, part)
    return [line for _, lines in sorted(found.items()) for line in lines]


def worst(lines: Iterable[CheckLine]) -> Outcome:
    """Something to change before something to wait for: waiting helps only where nothing has to be changed."""
    outcomes = {line.outcome for line in lines}
    return next((one for one in (Outcome.WRONG, Outcome.AWAY) if one in outcomes), Outcome.FINE)
