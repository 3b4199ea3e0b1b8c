"""Time and memory of each bomb in a new worker. `python -m tests.inspection.measured` prints it as one table."""

from __future__ import annotations

from tests.bench.figures import Figures
from tests.inspection.bombs import BOMBS, HEAVY
from tests.inspection.measured import MIB, cost, started


async def run() -> Figures:
    """Seconds, and MiB above an idle worker, of each; and the largest of both."""
    async with started() as template:
        costs = {name: await cost(make(), template) for name, make in (BOMBS | HEAVY).items()}
    figures: Figures = {}
    for name, found in costs.items():
        figures[f"{name}, s"] = round(found.seconds, 3)
        figures[f"{name}, MiB"] = round(found.extra / MIB, 1)
    figures["longest, s"] = round(max(found.seconds for found in costs.values()), 3)
    figures["most, MiB"] = round(max(found.extra for found in costs.values()) / MIB, 1)
    return figures
