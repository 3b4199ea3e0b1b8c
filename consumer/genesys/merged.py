"""One running call per key; needs that come while it runs go into the next one, together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from consumer.errors import Failure
from consumer.model.resting import resting

Need = TypeVar("Need")
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class MergedCall(Generic[Need, Result]):
    """What one call is made for."""

    needs: list[Need] = field(default_factory=list)
    closed: bool = False
    result: Result | None = None
    failure: Failure | None = None
    done: bool = False

    def close(self) -> list[Need]:
        """To be called as the call begins: who asks from now on needs one that begins later."""
        self.closed = True
        return self.needs


@dataclass(slots=True, eq=False)
class _Shelf(Generic[Need, Result]):
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    open: MergedCall[Need, Result] | None = None
    users: int = 0


class Merged(Generic[Need, Result]):
    """`call` gets the key and the batch, closes the batch when it really begins, and serves all its needs."""

    def __init__(self, call: Callable[[str, MergedCall[Need, Result]], Awaitable[Result]]) -> None:
        self._call = call
        self._shelves: dict[str, _Shelf[Need, Result]] = {}

    async def ask(self, key: str, need: Need) -> Result:
        """The result of a call that begins after this question. Raises the `Failure` of that call."""
        shelf = self._shelves.setdefault(key, _Shelf())
        if shelf.open is None or shelf.open.closed:
            shelf.open = MergedCall()
        batch = shelf.open
        batch.needs.append(need)
        shelf.users += 1
        try:
            with resting() if shelf.lock.locked() else nullcontext():  # whoever makes the call works
                await shelf.lock.acquire()
            try:
                if not batch.done:
                    await self._run(key, batch)
            finally:
                shelf.lock.release()
        finally:
            shelf.users -= 1
            if not shelf.users:
                del self._shelves[key]
        if batch.failure is not None:
            raise batch.failure.with_traceback(None)
        assert batch.result is not None, "a batch that is done has a result or a failure"
        return batch.result

    async def _run(self, key: str, batch: MergedCall[Need, Result]) -> None:
        """By the first who comes; where that one is cancelled, the next of the batch begins anew."""
        try:
            await asyncio.sleep(0)  # all messages of one event ask in the same turn of the loop
            batch.result = await self._call(key, batch)
        except Failure as failure:
            batch.failure = failure
        finally:
            batch.close()
        batch.done = True
