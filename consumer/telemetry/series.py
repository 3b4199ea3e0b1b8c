"""The series of a metric: one, or one for each value of a closed label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge

from consumer.telemetry.histogram import Buckets, Histogram
from consumer.telemetry.usage import PREFIX

K = TypeVar("K", bound=str)


class Series:
    """Makes them in one registry, with the prefix that all our names have."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, help_text: str) -> Counter:
        return Counter(f"{PREFIX}_{name}_total", help_text, registry=self._registry)

    def gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(f"{PREFIX}_{name}", help_text, registry=self._registry)

    def counters(self, name: str, help_text: str, label: str, values: Iterable[K]) -> dict[K, Counter]:
        counter = Counter(f"{PREFIX}_{name}_total", help_text, [label], registry=self._registry)
        return {value: counter.labels(str(value)) for value in values}

    def gauges(self, name: str, help_text: str, label: str, values: Iterable[K]) -> dict[K, Gauge]:
        gauge = Gauge(f"{PREFIX}_{name}", help_text, [label], registry=self._registry)
        return {value: gauge.labels(str(value)) for value in values}

    def histogram(self, name: str, help_text: str, bounds: Sequence[float]) -> Buckets:
        return Histogram[str](f"{PREFIX}_{name}", help_text, bounds, self._registry).of[""]
