"""Servers of files that send whatever bytes they are given."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.loopback import Talk, listening


def talking(talk: Talk, tls: ssl.SSLContext | None = None) -> AbstractAsyncContextManager[int]:
    """The port. `talk` has a connection to itself; the request's head has been read already."""

    async def after_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await talk(reader, writer)

    return listening(after_the_head, tls)


@asynccontextmanager
async def answering(*pieces: bytes) -> AsyncIterator[int]:
    """The port of a server that sends just these bytes and closes."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    async with talking(talk) as port:
        yield port
