"""Series that come and go with the partitions that are assigned."""

from __future__ import annotations

from prometheus_client import Gauge


class ByPartition:
    """A gauge with a series for each partition that is assigned now."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge

    def __getitem__(self, partition: int) -> Gauge:
        return self._gauge.labels(str(partition))

    def forget(self, partition: int) -> None:
        self._gauge.remove(str(partition))
