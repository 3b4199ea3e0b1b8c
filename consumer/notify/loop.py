"""One rejected result after the other: prepared, its place committed, told of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from consumer.notify.notifier import Notice, Notified, Notifier
from consumer.notify.shutdown import Shutdown

Polled = tuple[bytes | None, Callable[[], Awaitable[bool]]]  # a result; the commit of its place, and whether it is ours


async def notify(
    records: AsyncIterator[Polled], notifier: Notifier, shutdown: Shutdown, on_told: Callable[[Notified], None]
) -> None:
    """Tells of each record whose place it could commit, so that none is told of twice. Ends when `records` do.

    A shutdown leaves what is prepared, and lets what is committed be sent.
    """
    async for value, commit in records:
        prepared: Notice | Notified | None = None
        with shutdown.leaving():
            prepared = await notifier.prepare(value)
        if prepared is not None and await commit():
            await _tell(prepared, notifier, on_told)


async def _tell(prepared: Notice | Notified, notifier: Notifier, on_told: Callable[[Notified], None]) -> None:
    told = prepared if isinstance(prepared, Notified) else Notified("failed", "it was stopped in the middle")
    try:
        if isinstance(prepared, Notice):
            told = await notifier.send(prepared)
    finally:
        on_told(told)
