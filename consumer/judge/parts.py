"""What of a task goes on side by side: it rests only while each of them does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import anyio

from consumer.model.resting import works

Work = Callable[[], Coroutine[Any, Any, None]]


def together(parts: Sequence[Work]) -> Coroutine[Any, Any, None]:
    """Until all of them are done. One alone needs no task of its own."""
    return parts[0]() if len(parts) == 1 else _side_by_side(parts)


async def _side_by_side(parts: Sequence[Work]) -> None:
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
