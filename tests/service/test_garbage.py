"""Garbage is looked for rarely, sooner where memory grows, and never in what the start has made."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from consumer.service import garbage

IN_A_PROCESS = """
import gc
from consumer.service import garbage
made_by_the_start = [[] for _ in range(1_000)]
garbage.freeze()
print(gc.get_freeze_count() > 1_000, gc.isenabled())
"""


def test_what_the_start_has_made_is_never_looked_at_again() -> None:
    """In a process of its own: what is frozen stays so."""
    done = subprocess.run([sys.executable, "-c", IN_A_PROCESS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


class Enough(Exception):
    pass


@pytest.mark.parametrize(
    ("takes_s", "stands_still_s", "grows_at_s", "full_at_s"),
    [
        (0.01, 0.0, None, [600, 660, 720, 780]),
        (0.25, 0.0, None, [600]),
        (0.25, 0.0, 100, [100, 600]),
        (0.25, 0.0, 5, [10, 510]),
        (0.01, 0.0, 650, [600, 650, 710, 770]),
        (0.01, 2.0, None, [600, 662, 724, 786]),
    ],
    ids=["cheap", "dear", "more memory", "more memory at once", "cheap and more memory", "on a busy machine"],
)
async def test_a_collection_is_as_rare_as_it_is_dear_and_comes_sooner_where_memory_grows(
    takes_s: float, stands_still_s: float, grows_at_s: float | None, full_at_s: list[float]
) -> None:
    clock, computed, full = [0.0], [0.0], list[int]()

    async def sleep(seconds: float) -> None:
        clock[0] += seconds
        if clock[0] > 800:
            raise Enough

    def collected(phase: str, about: dict[str, int]) -> None:
        if phase == "stop" and about["generation"] == 2:
            full.append(round(clock[0]))
            clock[0] += takes_s + stands_still_s
            computed[0] += takes_s

    gc.disable()
    gc.callbacks.append(collected)
    try:
        with pytest.raises(Enough):
            await garbage.collect_at_times(
                sleep,
                lambda: clock[0],
                lambda: 100 if grows_at_s is None or clock[0] < grows_at_s else 200,
                lambda: computed[0],
            )
    finally:
        gc.callbacks.remove(collected)
        gc.enable()
    assert full == full_at_s
