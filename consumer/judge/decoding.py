"""What a task's bytes announce, without holding up the loop."""

from __future__ import annotations

from collections.abc import Sequence

from anyio import to_thread

from consumer.wire.events import DEAR, Item
from consumer.wire.remembered import decoded


async def decoded_beside(value: bytes | None) -> Sequence[Item]:
    """As `decode`."""
    if value is None or len(value) <= DEAR:
        return decoded(value)
    return await to_thread.run_sync(decoded, value)
