"""Who the rooms report to, with spans or without. Off means that no part of OpenTelemetry is imported."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Protocol

from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import HeldConditions, Reporter


class TracingOptions(Protocol):
    """What is traced, and where it goes: the part of the settings that this module knows."""

    @property
    def exporter(self) -> str:
        """ "off" or "otlp"."""

    @property
    def endpoint(self) -> object: ...
    @property
    def ratio(self) -> float: ...
    @property
    def shutdown_s(self) -> float: ...


def is_installed() -> bool:
    """Whether the extra [otel] is there."""
    names = ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
    try:
        return all(find_spec(name) for name in names)
    except ModuleNotFoundError:  # the one above it
        return False


@asynccontextmanager
async def reporting(metrics: Metrics, conditions: HeldConditions, wanted: TracingOptions) -> AsyncIterator[Reporter]:
    """One for the process. To be left last: what ends on the way out is traced as well."""
    if wanted.exporter == "off":
        yield Reporter(metrics, conditions)
        return
    from consumer.telemetry.spans import TracingReporter, exporting

    async with exporting(metrics, str(wanted.endpoint), wanted.ratio, wanted.shutdown_s) as tracer:
        yield TracingReporter(metrics, conditions, tracer)
