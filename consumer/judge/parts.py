"""What of a task goes on side by side: it rests only while each of them does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import anyio

from consumer.model.resting import works

Work = Callable[[], Coroutine[Any, Any, None]]


async def together(parts: Iterable[Work]) -> None:
    """Returns when all of them are done. One alone needs no task of its own."""
    parts = list(parts)
    if len(parts) == 1:
        await parts[0]()
        return
    works(len(parts) - 1)  # what began them only waits
    async with anyio.create_task_group() as group:
        for part in parts:
            group.start_soon(_part, part)
    works(1)


async def _part(part: Work) -> None:
    try:
        await part()
    finally:
        works(-1)
