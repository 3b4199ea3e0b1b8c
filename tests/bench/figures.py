"""What a benchmark prints: named figures, and medians with their spread."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

Figures = dict[str, float | int | str]


def spread(name: str, values: Sequence[float], digits: int = 1) -> Figures:
    """The median of several runs, and the lowest and the highest of them."""
    return {
        name: round(median(values), digits),
        f"{name}, lowest": round(min(values), digits),
        f"{name}, highest": round(max(values), digits),
    }


def table(title: str, figures: Figures) -> str:
    width = max(map(len, figures)) + 2
    return "\n".join([title, *(f"  {name:<{width}}{value:>12}" for name, value in figures.items())])
