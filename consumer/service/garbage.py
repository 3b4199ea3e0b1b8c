"""When Python looks for garbage: rarely, and never through what the start has made.

A collection stops the event loop. At the thresholds that Python begins with, it takes an eighth of the time under load,
and a full one up to 157 ms, since each goes through every module and class that was ever loaded. What is cyclic garbage
here is little: a full collection a minute is enough.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable

YOUNG = 20_000  # objects more than have gone, before the youngest are looked at
FULL_EVERY_S = 60.0


def freeze() -> None:
    """To be called when everything is loaded and set up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 50, 1_000)


async def collect_at_times(sleep: Callable[[float], Awaitable[object]]) -> None:
    """A full collection at least every `FULL_EVERY_S` seconds, until cancelled."""
    while True:
        await sleep(FULL_EVERY_S)
        gc.collect()
