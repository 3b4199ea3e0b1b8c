"""When Python looks for garbage: often through what is new, rarely through all, never through what the start has made.

A collection stops the event loop. Left to itself Python counts what is made less what goes. Under a steady load that
stays near nothing, so that what is new is looked through after many seconds, when it is all that is in flight: 100 to
200 ms. Ten times a second it is some ms. Nearly all cyclic garbage is new; a full collection goes through every task in
flight, up to 300 ms, and finds a few thousand objects a minute.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Awaitable, Callable

NEW_EVERY_S = 0.1
FULL_EVERY_S = 60.0  # at most
FULL_SHARE = 0.0005  # of the time: one that takes 300 ms comes every ten minutes
SUPPOSED_S = 0.3  # what the first one takes
GROWN = 2.0  # as much memory as after the last one may be garbage: then it comes as often as it may


def freeze() -> None:
    """To be called when everything is loaded and set up. From then on `collect_at_times` collects, and nobody else."""
    gc.collect()
    gc.freeze()
    gc.disable()


async def collect_at_times(
    sleep: Callable[[float], Awaitable[object]],
    now: Callable[[], float] = time.monotonic,
    memory: Callable[[], int] = sys.getallocatedblocks,
) -> None:
    """Until cancelled."""
    full_at, took_s, left = now(), SUPPOSED_S, memory()
    while True:
        await sleep(NEW_EVERY_S)
        gc.collect(0)
        began = now()
        past_s = began - full_at
        if past_s >= FULL_EVERY_S and (took_s <= FULL_SHARE * past_s or memory() > GROWN * left):
            gc.collect()
            full_at, left = now(), memory()
            took_s = full_at - began
