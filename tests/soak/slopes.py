"""Whether something grows: a straight line through what was measured, and how sure its slope is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

SURE = 2.0  # standard errors
GROUP_S = 10.0  # what lies as close together is one measurement: neighbours are alike


@dataclass(frozen=True, slots=True)
class Slope:
    """`growth` is what the line rises from its begin to its end, `error` the standard error of that."""

    mean: float
    growth: float
    error: float
    an_hour: float

    def is_flat(self, allowed: float) -> bool:
        """Unless it surely rises by more than `allowed`."""
        return self.growth - SURE * self.error <= allowed


def slope(points: Sequence[tuple[float, float]]) -> Slope:
    """Of (seconds, value), in order; at least three times as long as `GROUP_S`, else `ValueError`."""
    grouped = _grouped(points)
    count = len(grouped)
    if count < 3:
        raise ValueError("too few measurements for a slope")
    middle = sum(at for at, _ in grouped) / count
    mean = sum(value for _, value in grouped) / count
    spread = sum((at - middle) ** 2 for at, _ in grouped)
    rise = sum((at - middle) * (value - mean) for at, value in grouped) / spread
    left_over = sum((value - mean - rise * (at - middle)) ** 2 for at, value in grouped)
    seconds = grouped[-1][0] - grouped[0][0]
    error = sqrt(left_over / (count - 2) / spread)
    return Slope(mean, rise * seconds, error * seconds, rise * 3_600)


def _grouped(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    groups: dict[int, list[tuple[float, float]]] = {}
    for at, value in points:
        groups.setdefault(int(at // GROUP_S), []).append((at, value))
    return [
        (sum(at for at, _ in group) / len(group), sum(value for _, value in group) / len(group))
        for group in groups.values()
    ]
