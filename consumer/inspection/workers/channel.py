"""The service's end of a socket to a process of ours, in frames."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Sequence
from typing import Any

from consumer.inspection.workers import frames
from consumer.inspection.workers.codes import Unheard

MESSAGE_CAP = 16 * 1024  # bytes of a message in JSON


class Died(Exception):
    """The other side closed its end, or said what no process of ours says; the text says which."""


class Channel:
    """A frame that was waited for in vain goes on where it was. The loop watches it from the first wait on, and as long
    as nothing comes that nobody waits for."""

    def __init__(self, ours: socket.socket) -> None:
        ours.setblocking(False)
        self._ours = ours
        self._got = bytearray()
        self._least, self._most = 0, 0  # bytes that are waited for, and that are taken
        self._waiter: asyncio.Future[None] | None = None
        self._watches: asyncio.AbstractEventLoop | None = None
        self.when_filled: Callable[[bytes], None] | None = None  # told what is waited for, as soon as it alone is there

    def send(self, raw: bytes, descriptors: Sequence[int] = ()) -> None:
        try:
            frames.send(self._ours, raw, descriptors)
        except OSError:
            raise Died("it was gone") from None

    async def alone(self, count: int) -> bytes:
        """So many bytes and no more than these: `Unheard` for what comes with them."""
        await self._filled(count, more=1)
        if len(self._got) > count:
            raise Unheard("it said more than it was asked")
        return await self.exactly(count)

    async def exactly(self, count: int) -> bytes:
        await self._filled(count)
        raw = bytes(self._got)
        self._got.clear()
        return raw

    async def sized(self, cap: int) -> bytes:
        await self._filled(frames.LENGTH.size)
        (length,) = frames.LENGTH.unpack_from(self._got)
        if length > cap:
            raise Unheard("what it said was too long")
        return (await self.exactly(frames.LENGTH.size + length))[frames.LENGTH.size :]

    def has(self, count: int) -> bool:
        """Whether that much came already."""
        try:
            self._got += self._ours.recv(max(count - len(self._got), 0))
        except OSError:
            return False
        return len(self._got) >= count

    async def _filled(self, count: int, more: int = 0) -> None:
        if len(self._got) >= count:
            return
        if self._ours.fileno() < 0:
            raise Died("it was gone")
        loop = asyncio.get_running_loop()
        if self._watches is None:
            loop.add_reader(self._ours, self._came)
            self._watches = loop
        self._least, self._most, self._waiter = count, count + more, loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if len(self._got) < count:
            raise Died("it ended in the middle")

    def _came(self) -> None:
        if self._waiter is None or self._waiter.done():
            self._look_away()
            return
        try:
            piece = self._ours.recv(self._most - len(self._got))
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        self._got += piece
        if not piece or len(self._got) >= self._least:
            self._waiter.set_result(None)
            if self.when_filled is not None and len(self._got) == self._least:
                self.when_filled(bytes(self._got))

    def _look_away(self) -> None:
        if self._watches is not None:
            self._watches.remove_reader(self._ours)
            self._watches = None

    async def message(self) -> dict[str, Any]:
        try:
            said = json.loads(await self.sized(MESSAGE_CAP))
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise Unheard("what it said was malformed")
        return said

    def close(self) -> None:
        """Whoever waits for a frame is told, as if the other side had closed its end: else it would wait for ever."""
        self._look_away()
        self._ours.close()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
