"""Servers that are no scanner, or a sick one: what each of them does when it is talked with."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.loopback import Talk, listening


@asynccontextmanager
async def talking(talk: Talk, scheme: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The address of a server that does so on each connection; `scheme` is what stands before host and port."""
    async with listening(talk, tls) as port:
        yield f"{scheme}://127.0.0.1:{port}" + ("/scan" if scheme.startswith("icap") else "")


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    return


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(65_536):
        pass
