"""The metrics of one process at one time, as somebody looks at them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import Metric

from consumer.telemetry.usage import PREFIX

OVER_S = 30.0  # what rates are means of, once somebody has looked for that long

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Readings:
    """Values by name without the prefix of ours; what is no number is left out."""

    samples: Mapping[str, tuple[tuple[Labels, float], ...]]

    @classmethod
    def of(cls, families: Iterable[Metric]) -> Readings:
        found: dict[str, list[tuple[Labels, float]]] = {}
        for family in families:
            for sample in family.samples:
                if math.isfinite(sample.value):
                    found.setdefault(sample.name.removeprefix(f"{PREFIX}_"), []).append((sample.labels, sample.value))
        return cls({name: tuple(samples) for name, samples in found.items()})

    @property
    def is_ours(self) -> bool:
        return "build_info" in self.samples

    def of_name(self, name: str, **labels: str) -> Iterator[tuple[Labels, float]]:
        """The samples that have these labels among theirs."""
        for there, value in self.samples.get(name, ()):
            if all(there.get(label) == wanted for label, wanted in labels.items()):
                yield there, value

    def total(self, name: str, **labels: str) -> float:
        """0 where there is none."""
        return sum(value for _, value in self.of_name(name, **labels))

    def value(self, name: str, **labels: str) -> float | None:
        return next((value for _, value in self.of_name(name, **labels)), None)

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Sums by the values of a label, in the order in which they are told."""
        sums: dict[str, float] = {}
        for there, value in self.of_name(name, **labels):
            sums[there.get(label, "")] = sums.get(there.get(label, ""), 0.0) + value
        return sums


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one process."""

    process: str  # what it is called here: an address, or what it calls itself
    at: float  # seconds since the epoch
    readings: Readings | None  # None: it did not answer
    problem: str = ""  # why not
    ready: Mapping[str, Any] = field(default_factory=dict)  # the body of `/readyz`; empty where it was not asked


@dataclass(frozen=True, slots=True)
class Change:
    """Of one process between two looks; without an earlier one, since its start."""

    now: Readings
    before: Readings | None
    seconds: float

    @classmethod
    def between(cls, before: Look | None, now: Look) -> Change:
        assert now.readings is not None, "only what answered has changed"
        started = now.readings.value("process_start_time_seconds")
        earlier = before.readings if before is not None else None
        if before is None or earlier is None or earlier.value("process_start_time_seconds") != started:
            return cls(now.readings, None, max(now.at - (started or now.at), 0.0))
        return cls(now.readings, earlier, max(now.at - before.at, 0.0))

    def of(self, name: str, **labels: str) -> float:
        """How much a counter grew."""
        return self.now.total(name, **labels) - (self.before.total(name, **labels) if self.before else 0.0)

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        before = self.before.by(name, label, **labels) if self.before else {}
        return {key: value - before.get(key, 0.0) for key, value in self.now.by(name, label, **labels).items()}


def quantile(share: float, buckets: Mapping[str, float]) -> float | None:
    """Of a histogram's buckets by their bounds, cumulative: within how many seconds so great a share was.

    None where nothing was counted. What is above the last bound counts as that bound.
    """
    bounds = sorted((float(bound), count) for bound, count in buckets.items())
    total = bounds[-1][1] if bounds else 0.0
    if total <= 0:
        return None
    wanted, lower, below = share * total, 0.0, 0.0
    for bound, count in bounds:
        if math.isinf(bound):
            return lower
        if count >= wanted:
            return lower + (bound - lower) * ((wanted - below) / (count - below) if count > below else 1.0)
        lower, below = bound, count
    return lower
