"""The series of a metric: one, one for each value of a closed label, or one for each partition that is assigned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge

from consumer.telemetry.usage import PREFIX

K = TypeVar("K", bound=str)


class ByPartition:
    """A gauge with a series for each partition that is assigned now."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge

    def __getitem__(self, partition: int) -> Gauge:
        return self._gauge.labels(str(partition))

    def forget(self, partition: int) -> None:
        self._gauge.remove(str(partition))


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

    def by_partition(self, name: str, help_text: str) -> ByPartition:
        return ByPartition(Gauge(f"{PREFIX}_{name}", help_text, ["partition"], registry=self._registry))
