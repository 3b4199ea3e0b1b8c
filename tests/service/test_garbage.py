"""Python looks for garbage rarely, and never through what the start has made."""

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
print(gc.get_freeze_count() > 1_000, gc.get_threshold()[0])
"""


def test_what_the_start_has_made_is_never_looked_at_again() -> None:
    """In a process of its own: what is frozen stays so."""
    done = subprocess.run([sys.executable, "-c", IN_A_PROCESS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", str(garbage.YOUNG)]


class Enough(Exception):
    pass


async def test_cycles_are_collected_at_times() -> None:
    class Cycle:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            gone.append(True)

    gone: list[bool] = []
    Cycle()
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        if len(waited) == 2:
            raise Enough
        waited.append(seconds)

    gc.disable()
    try:
        with pytest.raises(Enough):
            await garbage.collect_at_times(sleep)
    finally:
        gc.enable()
    assert (gone, waited) == ([True], [garbage.FULL_EVERY_S] * 2)
