"""The series of a metric: one, or one for each value of a closed label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from prometheus_client import CollectorRegistry, Gauge

from consumer.telemetry.counters import Counters, Total
from consumer.telemetry.histogram import Buckets, Histogram
from consumer.telemetry.usage import PREFIX

K = TypeVar("K", bound=str)


class Series:
    """Makes them in one registry, with the prefix that all our names have."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, help_text: str) -> Total:
        return Counters(f"{PREFIX}_{name}", help_text, (), [()], self._registry).of[()]

    def gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(f"{PREFIX}_{name}", help_text, registry=self._registry)

    def counters(self, name: str, help_text: str, label: str, values: Iterable[K]) -> dict[K, Total]:
        by_value: dict[tuple[str, ...], K] = {(str(value),): value for value in values}
        counts = self.counted(name, help_text, (label,), by_value)
        return {value: counts[each] for each, value in by_value.items()}

    def counted(
        self, name: str, help_text: str, labels: Sequence[str], values: Iterable[tuple[str, ...]]
    ) -> dict[tuple[str, ...], Total]:
        return Counters(f"{PREFIX}_{name}", help_text, labels, values, self._registry).of

    def gauges(self, name: str, help_text: str, label: str, values: Iterable[K]) -> dict[K, Gauge]:
        gauge = Gauge(f"{PREFIX}_{name}", help_text, [label], registry=self._registry)
        return {value: gauge.labels(str(value)) for value in values}

    def histogram(self, name: str, help_text: str, bounds: Sequence[float]) -> Buckets:
        return Histogram[str](f"{PREFIX}_{name}", help_text, bounds, self._registry).of[""]
