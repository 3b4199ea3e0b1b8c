"""clamd, asked over TCP or a Unix socket. What it did not look at in full is never called clean."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

import anyio
from anyio.abc import ByteStream

from consumer.errors import Unavailable
from consumer.model import Dependency, Facts, Finding, Reason

LONGEST_REPLY = 4_096

_AWAY = (OSError, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


class Scanned(Protocol):
    """What is scanned: a body's bytes."""

    def chunks(self) -> Iterator[bytes]: ...


class Clamd:
    """At most `connections` scans at once; connections are kept and used again."""

    def __init__(self, address: str, *, connections: int = 4, timeout_s: float = 60.0) -> None:
        """`tcp://host:port` or `unix:///path`; raises `ValueError` for anything else. Connects to nothing yet."""
        self._target = _target(address)
        self._limiter = anyio.CapacityLimiter(connections)
        self._timeout_s = timeout_s
        self._idle: list[_Session] = []

    async def scan(self, body: Scanned, facts: Facts) -> Facts:
        """`facts` with what clamd says of `body`. Raises `Unavailable` when it is away, late, or talks nonsense."""
        async with self._session() as session:
            version = await session.version()
            reply = await session.scan(body)
        finding = finding_of(reply)
        return replace(
            facts,
            scanned=finding is None or finding.code is not Reason.SCAN_LIMIT_EXCEEDED,
            findings=facts.findings if finding is None else (*facts.findings, finding),
            detectors={**facts.detectors, "clamav": version},
        )

    async def probe(self) -> str:
        """Its version, with that of its signatures where it tells. Raises as `scan`."""
        async with self._session() as session:
            return await session.version()

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[_Session]:
        async with self._limiter:
            session = None
            try:
                with anyio.fail_after(self._timeout_s):
                    session = await self._fresh_session()
                    yield session
            except TimeoutError:
                raise _away("it did not answer in time") from None
            except _AWAY:
                raise _away("it can't be reached, or broke the connection off") from None
            finally:
                if session is not None and session.usable:
                    self._idle.append(session)
                elif session is not None:
                    await session.close()

    async def _fresh_session(self) -> _Session:
        """A kept connection that still answers, else a new one: clamd closes those that were idle for long."""
        while self._idle:
            session = self._idle.pop()
            try:
                await session.version()
            except (*_AWAY, Unavailable):
                await session.close()
            else:
                return session
        if isinstance(self._target, str):
            return await _Session.begin(await anyio.connect_unix(self._target))
        return await _Session.begin(await anyio.connect_tcp(*self._target))


class _Session:
    """One connection: commands one after the other, each with one numbered reply."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._received = b""
        self.usable = False  # the last command was answered, and nothing is on its way

    @classmethod
    async def begin(cls, stream: ByteStream) -> _Session:
        session = cls(stream)
        try:
            await stream.send(b"zIDSESSION\0")
        except BaseException:
            await session.close()
            raise
        return session

    async def close(self) -> None:
        self.usable = False
        await anyio.aclose_forcefully(self._stream)

    async def version(self) -> str:
        self.usable = False
        await self._stream.send(b"zVERSION\0")
        reply = await self._reply()
        if not reply.startswith("ClamAV "):
            raise _away("its answer is not that of a clamd")
        self.usable = True
        return _printable(reply.removeprefix("ClamAV "))

    async def scan(self, body: Scanned) -> str:
        """Reads while it writes: of a body over its limit clamd says so before the end, and closes."""
        self.usable = False
        sent = anyio.Event()
        reply = ""
        async with anyio.create_task_group() as group:
            group.start_soon(self._send, body, sent)
            try:
                reply = await self._reply()
            except _AWAY:
                reply = ""
            group.cancel_scope.cancel()
        if not reply:
            raise _away("it broke the connection off in the middle of a scan")
        self.usable = sent.is_set() and not reply.endswith("ERROR")
        return reply

    async def _send(self, body: Scanned, sent: anyio.Event) -> None:
        try:
            await self._stream.send(b"zINSTREAM\0")
            for piece in body.chunks():
                await self._stream.send(len(piece).to_bytes(4, "big") + piece)
            await self._stream.send(bytes(4))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return  # its reply, or that there is none, tells why
        sent.set()

    async def _reply(self) -> str:
        while b"\0" not in self._received:
            if len(self._received) > LONGEST_REPLY:
                raise anyio.BrokenResourceError
            self._received += await self._stream.receive()
        reply, _, self._received = self._received.partition(b"\0")
        return re.sub(r"\A[0-9]+: ", "", reply.decode("ascii", "replace")).strip()


def finding_of(reply: str) -> Finding | None:
    """None: clamd looked at everything and found nothing. Raises `Unavailable` for what is no verdict."""
    if reply == "stream: OK":
        return None
    if found := re.fullmatch(r"stream: (.+) FOUND", reply, re.DOTALL):
        name = _printable(found[1])
        if name.startswith("Heuristics.Limits.Exceeded"):
            return Finding(Reason.SCAN_LIMIT_EXCEEDED, name)
        if name.startswith("Heuristics.Encrypted"):
            return Finding(Reason.ENCRYPTED, name)
        return Finding(Reason.INFECTED, name)
    if reply.endswith("ERROR"):
        if "size limit exceeded" in reply:
            return Finding(Reason.SCAN_LIMIT_EXCEEDED, "larger than clamd takes")
        if "Time limit reached" in reply:
            return Finding(Reason.SCAN_LIMIT_EXCEEDED, "clamd ran out of its time for one file")
        raise _away("it reports an error of its own")
    raise _away("its answer is not that of a clamd")


def _printable(text: str) -> str:
    """Names of signatures and versions, short and of harmless characters."""
    return re.sub(r"[^A-Za-z0-9 ._:/+-]", "?", text)[:100]


def _away(what: str) -> Unavailable:
    return Unavailable(Dependency.ANTIVIRUS, f"clamd: {what}")


def _target(address: str) -> str | tuple[str, int]:
    problem = ValueError("ANTIVIRUS__ADDRESS: tcp://host:port or unix:///path")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise problem from None
    if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
        return parts.path
    if parts.scheme == "tcp" and parts.hostname and port and not parts.path:
        return parts.hostname, port
    raise problem
