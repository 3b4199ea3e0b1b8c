"""When Python looks for garbage: rarely, and never through what the start has made.

A collection stops the event loop. Left to itself, Python goes through all that is in flight every few seconds, which
takes 100 to 200 ms under load, and 3 % of the processor's time. It finds a few thousand objects a minute: nearly all
goes without it. So there are full collections alone, the rarer the longer they take, and sooner where memory grows.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Awaitable, Callable

MEMORY_EVERY_S = 1.0
COLLECTED_EVERY_S = 60.0  # at most, while memory does not grow
TIME_SHARE = 0.0005  # of the time: a collection that takes 300 ms of CPU comes every ten minutes
SUPPOSED_S = 0.3  # what the first one takes
GROWN, GROWN_EVERY_S = 2.0, 10.0  # twice the memory that was left may be garbage


def freeze() -> None:
    """To be called when everything is loaded and set up. From then on `collect_at_times` collects, and nobody else."""
    gc.collect()
    gc.freeze()
    gc.disable()


async def collect_at_times(
    sleep: Callable[[float], Awaitable[object]],
    now: Callable[[], float] = time.monotonic,
    memory: Callable[[], int] = sys.getallocatedblocks,
    computed: Callable[[], float] = time.thread_time,
) -> None:
    """Until cancelled. `computed`: the CPU time of this thread. By the clock a collection takes several times as long
    on a busy machine, and would come the later."""
    at, took_s, left = now(), SUPPOSED_S, memory()
    while True:
        await sleep(MEMORY_EVERY_S)
        began = now()
        grown = began - at >= GROWN_EVERY_S and memory() >= GROWN * left
        if grown or began - at >= max(COLLECTED_EVERY_S, took_s / TIME_SHARE):
            before = computed()
            gc.collect()
            took_s, at, left = computed() - before, now(), memory()
