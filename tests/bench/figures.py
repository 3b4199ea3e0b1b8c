"""What a benchmark prints: named figures, and medians with their spread."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

Figures = dict[str, "float | int | str | dict[str, float | int | str]"]
"""A row of several figures is a table of its own, with the same columns in each."""


def spread(name: str, values: Sequence[float], digits: int = 1) -> Figures:
    """The median of several runs, and the lowest and the highest of them."""
    return {
        name: round(median(values), digits),
        f"{name}, lowest": round(min(values), digits),
        f"{name}, highest": round(max(values), digits),
    }


def table(title: str, figures: Figures) -> str:
    width = max(map(len, figures)) + 2
    lines, columns = [title], ""
    for name, value in figures.items():
        row = value if isinstance(value, dict) else {"": value}
        if (head := "".join(f"{column:>16}" for column in row)) != columns and isinstance(value, dict):
            lines.append(f"  {'':<{width}}{head}")
            columns = head
        lines.append(f"  {name:<{width}}" + "".join(f"{cell:>16}" for cell in row.values()))
    return "\n".join(lines)
