"""Where each assigned partition stands. It is told at each tick, and looked at each time that somebody asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily

from consumer.telemetry.labels import Standing

GAUGES: dict[str, tuple[str, Callable[[Standing], float]]] = {
    "uncommitted_offsets": ("Offsets that are taken above the committed one", lambda one: one.uncommitted),
    "outbox_bytes": ("Answers that wait for the next commit", lambda one: one.outbox_bytes),
    "oldest_uncommitted_age_seconds": (
        "How long ago the oldest task that is not committed was taken",
        lambda one: age(one.oldest_at, time.monotonic()),
    ),
    "ledger_entries": ("Answers that the ledger remembers", lambda one: one.ledger_entries),
    "open_dead_letters": (
        "Dead letters that were neither replayed nor answered later, as the ledger tells",
        lambda one: one.open_dead_letters,
    ),
    "oldest_open_dead_letter_age_seconds": (
        "How old the oldest open dead letter is; 0 when there is none",
        lambda one: age(one.oldest_dead_at, time.time()),
    ),
}


class Standings:
    def __init__(self, prefix: str, registry: CollectorRegistry) -> None:
        self._prefix = prefix
        self.of: dict[int, Standing] = {}  # by partition; who loses one takes it out
        registry.register(self)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For the registry."""
        for name, (text, value) in GAUGES.items():
            family = GaugeMetricFamily(f"{self._prefix}_{name}", text, labels=["partition"])
            for partition, standing in self.of.items():
                family.add_metric([str(partition)], value(standing))
            yield family


def age(since: float | None, now: float) -> float:
    """0 where there is nothing that could have an age."""
    return 0.0 if since is None else max(now - since, 0.0)
