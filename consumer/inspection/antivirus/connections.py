"""Connections to a scanner, kept and used again: so many scans at once, each in a time of its own."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar

import anyio
from anyio.abc import ByteStream

from consumer.errors import Refused, Unavailable
from consumer.inspection.antivirus.outcome import away
from consumer.settings.scanners import Address

BROKEN = (OSError, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


class ScannerConnection(Protocol):
    """One connection, with one question at a time."""

    usable: bool  # the last question was answered, and nothing is on its way

    async def greet(self) -> None:
        """Asks who is there: a kept connection may have been closed since."""

    async def close(self) -> None: ...


S = TypeVar("S", bound=ScannerConnection)


class Connections(Generic[S]):
    def __init__(self, who: str, dial: Callable[[], Awaitable[S]], *, connections: int, timeout_s: float) -> None:
        """`who`: the scanner's kind, for what is told of it. `timeout_s` is for a whole scan."""
        self._who = who
        self._dial = dial
        self._limiter = anyio.CapacityLimiter(connections)
        self._timeout_s = timeout_s
        self._idle: list[S] = []

    @asynccontextmanager
    async def session(self) -> AsyncIterator[S]:
        """One that was just greeted. Raises `Unavailable` when the scanner is away or late."""
        async with self._limiter:
            session = None
            try:
                with anyio.fail_after(self._timeout_s):
                    session = await self._fresh()
                    yield session
            except TimeoutError:
                raise away(self._who, "it did not answer in time") from None
            except ssl.SSLCertVerificationError:
                raise away(self._who, "its certificate is not trusted: check ANTIVIRUS__CA_FILE") from None
            except BROKEN:
                raise away(self._who, "it can't be reached, or broke the connection off") from None
            finally:
                if session is not None and session.usable:
                    self._idle.append(session)
                elif session is not None:
                    await session.close()

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _fresh(self) -> S:
        while self._idle:
            session = self._idle.pop()
            try:
                await session.greet()
            except (*BROKEN, Unavailable, Refused):
                await session.close()
            else:
                return session
        session = await self._dial()
        try:
            await session.greet()
        except BaseException:
            await session.close()
            raise
        return session


async def connect(address: Address, trust: ssl.SSLContext | None = None) -> ByteStream:
    """Over TLS, with the host's name verified, if `trust` says whom to believe."""
    if not address.host:
        return await anyio.connect_unix(address.path)
    if trust is None:
        return await anyio.connect_tcp(address.host, address.port)
    return await anyio.connect_tcp(address.host, address.port, ssl_context=trust, tls_hostname=address.host)
