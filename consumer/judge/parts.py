"""What of a task goes on side by side: it rests only while each of them does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import anyio

from consumer.model.resting import resting, works

AT_ONCE = 1_000  # as many as one bulk call asks for; an event may name five times as many
Work = Callable[[], Coroutine[Any, Any, None]]


def together(parts: Sequence[Work]) -> Coroutine[Any, Any, None]:
    """Until all of them are done. One alone needs no task of its own."""
    return parts[0]() if len(parts) == 1 else _side_by_side(parts)


async def _side_by_side(parts: Sequence[Work]) -> None:
    slots = anyio.Semaphore(min(AT_ONCE, len(parts)))
    async with anyio.create_task_group() as group:
        for part in parts:
            if slots.value:
                slots.acquire_nowait()
            else:
                with resting():
                    await slots.acquire()
            works(1)
            group.start_soon(_part, part, slots)
        works(-1)  # what began them only waits
    works(1)


async def _part(part: Work, slots: anyio.Semaphore) -> None:
    try:
        await part()
    finally:
        works(-1)
        slots.release()
