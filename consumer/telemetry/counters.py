"""How often something happened. The event loop counts many things for each attachment: so there is no lock, and what
Prometheus wants to see is put together when it asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily


class Total:
    """One series. Each has one thread that counts."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        self.value += amount


class Present:
    """How many are within it now. One for all of them: it keeps nothing of any."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *exc: object) -> None:
        self.count -= 1


class Counters:
    """One series for each of `values`, which are those of the labels."""

    def __init__(
        self,
        name: str,
        text: str,
        labels: Sequence[str],
        values: Iterable[tuple[str, ...]],
        registry: CollectorRegistry,
    ) -> None:
        self._name, self._text, self._labels = name, text, labels
        self.of = {each: Total() for each in values}
        registry.register(self)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """For the registry."""
        family = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for each, count in self.of.items():
            family.add_metric(each, count.value)
        yield family
