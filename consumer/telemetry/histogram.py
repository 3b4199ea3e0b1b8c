"""How often values were of which size. The event loop counts several for each attachment: so there is no lock, and no
walk through the bounds, and what Prometheus wants to see is put together when it asks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.utils import floatToGoString

K = TypeVar("K", bound=str)


class Buckets:
    """One series."""

    __slots__ = ("_bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds`: rising; a value counts for the first that is not below it."""
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self._bounds, value)] += 1
        self.sum += value


class Histogram(Generic[K]):
    """One series for each value of a label, or a single one: `of[""]`."""

    def __init__(
        self,
        name: str,
        text: str,
        bounds: Sequence[float],
        registry: CollectorRegistry,
        label: str = "",
        values: Collection[K] = (),
    ) -> None:
        self._name, self._text, self._label = name, text, label
        self._bounds = [floatToGoString(one) for one in (*bounds, float("inf"))]  # type: ignore[no-untyped-call]
        self.of: dict[K | str, Buckets] = {value: Buckets(bounds) for value in values or ("",)}
        registry.register(self)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """For the registry."""
        family = HistogramMetricFamily(self._name, self._text, labels=[self._label] if self._label else [])
        for value, one in self.of.items():
            buckets = list(zip(self._bounds, map(float, accumulate(one.counts)), strict=True))
            family.add_metric([value] if self._label else [], buckets, one.sum)
        yield family
