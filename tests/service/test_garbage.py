"""Garbage is looked for often in what is new, rarely in all, and never in what the start has made."""

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


class Cycle:
    def __init__(self, gone: list[bool]) -> None:
        self.me, self.gone = self, gone

    def __del__(self) -> None:
        self.gone.append(True)


async def test_new_cycles_are_collected_at_once() -> None:
    gone, waited = list[bool](), list[float]()

    async def sleep(seconds: float) -> None:
        if gone:
            raise Enough
        waited.append(seconds)
        Cycle(gone)

    gc.disable()
    try:
        with pytest.raises(Enough):
            await garbage.collect_at_times(sleep)
    finally:
        gc.enable()
    assert waited == [garbage.NEW_EVERY_S]


@pytest.mark.parametrize(
    ("takes_s", "grows_at_s", "full_at_s"),
    [
        (0.01, None, [600, 660, 720, 780]),
        (0.3, None, [600]),
        (0.3, 100, [100, 700]),
        (0.3, 30, [60, 660]),
        (0.01, 650, [600, 660, 720, 780]),
    ],
    ids=["cheap", "dear", "more memory", "more memory at once", "cheap and more memory"],
)
async def test_a_full_collection_is_as_rare_as_it_is_dear_and_more_memory_makes_it_less_rare(
    takes_s: float, grows_at_s: float | None, full_at_s: list[float]
) -> None:
    clock, full = [0.0], list[int]()

    async def sleep(seconds: float) -> None:
        clock[0] += seconds
        if clock[0] > 800:
            raise Enough

    def collected(phase: str, about: dict[str, int]) -> None:
        if phase == "stop" and about["generation"] == 2:
            full.append(round(clock[0]))
            clock[0] += takes_s

    gc.disable()
    gc.callbacks.append(collected)
    try:
        with pytest.raises(Enough):
            await garbage.collect_at_times(
                sleep, lambda: clock[0], lambda: 100 if grows_at_s is None or clock[0] < grows_at_s else 201
            )
    finally:
        gc.callbacks.remove(collected)
        gc.enable()
    assert full == full_at_s
