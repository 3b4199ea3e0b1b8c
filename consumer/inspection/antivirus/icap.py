"""An ICAP server (RFC 3507), asked to pass a file on. Only what it passes on unchanged is clean.

It answers 204, or 200 with the same bytes: clean. Headers that name an infection, or 200 with other bytes: infected.
All else is an outage. The file has no name there, and goes as what is downloaded from a host that does not exist.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Protocol

import anyio
import certifi
from anyio.abc import ByteStream

from consumer.errors import Unavailable
from consumer.inspection.antivirus.connections import BROKEN, Connections, connect
from consumer.inspection.antivirus.icap_answers import (
    LONGEST_HEAD,
    NOT_ALL_READ,
    REPLACED,
    WHO,
    IcapResponse,
    Options,
    answer_of,
    enclosed_of,
    infection_of,
    is_untouched,
    nonsense,
    options_of,
)
from consumer.inspection.antivirus.outcome import away, scanned
from consumer.model import Facts, Finding, Reason
from consumer.settings.model import AntivirusSettings
from consumer.settings.scanners import Address, address_of

LONGEST_LINE = 4 * 1024
RECEIVED_AT_ONCE = 64 * 1024
TRAILERS = 100
PLACE = b"attachment.invalid"


class Sized(Protocol):
    """What is scanned. Several readers of its bytes do not disturb each other."""

    size: int

    def chunks(self) -> Iterator[bytes]: ...


class Icap:
    """At most `connections` scans at once; connections are kept and used again."""

    def __init__(
        self, address: Address, *, connections: int = 4, timeout_s: float = 60.0, ca_file: Path | None = None
    ) -> None:
        """Connects to nothing yet. `ca_file` (PEM) replaces the public authorities for `icaps`."""
        self._address = address
        self._trust = _trust(ca_file) if address.scheme == "icaps" else None
        self._connections = Connections(WHO, self._dial, connections=connections, timeout_s=timeout_s)

    async def scan(self, body: Sized, facts: Facts) -> Facts:
        """`facts` with what the server makes of `body`. Raises `Unavailable` for all that is no verdict."""
        async with self._connections.session() as session:
            finding = await session.scan(body)
        return scanned(facts, {"icap": session.options.version}, finding)

    async def probe(self) -> str:
        """What it calls itself, and its tag, which changes with its signatures. Raises as `scan`."""
        async with self._connections.session() as session:
            return session.options.version

    async def aclose(self) -> None:
        await self._connections.aclose()

    async def _dial(self) -> _Session:
        return _Session(self._address, lambda: connect(self._address, self._trust))


def scanner(chosen: AntivirusSettings) -> Icap:
    assert chosen.address is not None, "it is opened for an address"
    address = address_of(chosen.address)
    return Icap(address, connections=chosen.connections, timeout_s=chosen.timeout_s, ca_file=chosen.ca_file)


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca_file or certifi.where()))


class _Session:
    """Requests one after the other, over one connection, or over another where the server closes it between two."""

    def __init__(self, address: Address, dial: Callable[[], Awaitable[ByteStream]]) -> None:
        self._address = address
        self._dial = dial
        self._stream: ByteStream | None = None
        self._received = bytearray()
        self._all_sent = False
        self.usable = False
        self.options = Options("RESPMOD", None, "")

    async def greet(self) -> None:
        """OPTIONS: what the service can do, and with which signatures."""
        self.usable = False
        await self._ask(self._head("OPTIONS", b"Encapsulated: null-body=0\r\n"))
        answer = await self._answer()
        if answer.status != 200:
            raise away(WHO, f"it answers {answer.status} when it is asked what it can do")
        self.options = options_of(answer)
        self._all_sent = "opt-body" not in answer.headers.get("encapsulated", "")
        await self._answered(answer)

    async def scan(self, body: Sized) -> Finding | None:
        self.usable = self._all_sent = False
        preview = self.options.preview
        await self._ask(self._request(body.size, preview))
        if preview is None:
            return await self._judged_while_sending(body, 0)
        start = _beginning(body, preview)
        self._all_sent = len(start) == body.size
        await self._send(_chunk(start) + (b"0; ieof\r\n\r\n" if self._all_sent else b"0\r\n\r\n"))
        answer = await self._answer()
        if answer.status == 100 and not self._all_sent:
            return await self._judged_while_sending(body, len(start))
        return await self._judged(answer, body)

    async def close(self) -> None:
        self.usable = False
        stream, self._stream = self._stream, None
        self._received.clear()
        if stream is not None:
            await anyio.aclose_forcefully(stream)

    async def _judged_while_sending(self, body: Sized, start: int) -> Finding | None:
        """Reads while it writes: a server passes bytes on, or has seen enough, before it has them all."""
        finding: Finding | None = None
        problem: Exception | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(self._send_rest, body, start)
            try:
                finding = await self._judged(await self._answer(), body)
            except (*BROKEN, Unavailable) as failed:
                problem = failed
            group.cancel_scope.cancel()
        if problem is not None:
            raise problem
        return finding

    async def _send_rest(self, body: Sized, start: int) -> None:
        try:
            for piece in body.chunks():
                if len(piece) > start:
                    await self._send(_chunk(piece[start:]))
                start = max(start - len(piece), 0)
            self._all_sent = True  # before the end is said: the answer to it may come first
            await self._send(b"0\r\n\r\n")
        except BROKEN:
            self._all_sent = False  # its answer, or that there is none, tells why

    async def _judged(self, answer: IcapResponse, body: Sized) -> Finding | None:
        if infection := infection_of(answer):
            return infection  # the page behind it is left unread, and the connection given up
        if answer.status == 204:
            read = self._all_sent
            await self._answered(answer)
            return None if read else Finding(Reason.SCAN_LIMIT_EXCEEDED, NOT_ALL_READ)
        if answer.status == 200:
            if not await self._is_same(answer, body):
                return Finding(Reason.INFECTED, REPLACED)
            await self._answered(answer)
            return None
        raise away(WHO, f"it answers {answer.status}")

    async def _is_same(self, answer: IcapResponse, body: Sized) -> bool:
        enclosed = enclosed_of(answer)
        head = await self._exactly(enclosed.head_bytes)
        if not is_untouched(head, enclosed, self.options.method):
            return False
        if not enclosed.has_body:
            return body.size == 0
        rest, piece, at = body.chunks(), b"", 0
        async with aclosing(self._chunks()) as passed_on:
            async for data in passed_on:
                while len(piece) - at < len(data):
                    more = next(rest, b"")
                    if not more:
                        return False
                    piece, at = piece[at:] + more, 0
                if not piece.startswith(data, at):
                    return False
                at += len(data)
        return at == len(piece) and not next(rest, b"")

    async def _answered(self, answer: IcapResponse) -> None:
        """Keeps the connection if the next answer on it can only be that to the next request."""
        if answer.closes or self._received or not self._all_sent:
            await self.close()
        self.usable = self._stream is not None

    def _request(self, size: int, preview: int | None) -> bytes:
        length = b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % size
        if self.options.method == "REQMOD":
            http = b"POST http://%s/file HTTP/1.1\r\nHost: %s\r\n%s" % (PLACE, PLACE, length)
            enclosed = b"req-hdr=0, req-body=%d" % len(http)
        else:
            asked = b"GET http://%s/file HTTP/1.1\r\nHost: %s\r\n\r\n" % (PLACE, PLACE)
            http = asked + b"HTTP/1.1 200 OK\r\n" + length
            enclosed = b"req-hdr=0, res-hdr=%d, res-body=%d" % (len(asked), len(http))
        headers = b"Allow: 204\r\nEncapsulated: %s\r\n" % enclosed
        if preview is not None:
            headers = b"Preview: %d\r\n" % min(preview, size) + headers
        return self._head(self.options.method, headers) + http

    def _head(self, method: str, headers: bytes) -> bytes:
        address = self._address
        first = f"{method} {address.scheme}://{address.authority}{address.path} ICAP/1.0\r\nHost: {address.authority}"
        return first.encode() + b"\r\n" + headers + b"\r\n"

    async def _ask(self, request: bytes) -> None:
        if self._stream is None:
            self._stream = await self._dial()
        await self._send(request)

    async def _send(self, data: bytes) -> None:
        if self._stream is None:
            raise anyio.ClosedResourceError
        await self._stream.send(data)

    async def _answer(self) -> IcapResponse:
        return answer_of(await self._until(b"\r\n\r\n", LONGEST_HEAD))

    async def _chunks(self) -> AsyncGenerator[bytes]:
        """Of the chunked body that comes next, its trailers read as well."""
        while True:
            size = re.fullmatch(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?", await self._until(b"\r\n", LONGEST_LINE))
            if size is None:
                raise nonsense()
            left = int(size[1], 16)
            if left == 0:
                break
            while left:
                data = await self._at_most(left)
                left -= len(data)
                yield data
            if await self._until(b"\r\n", 2):
                raise nonsense()
        for _ in range(TRAILERS):
            if not await self._until(b"\r\n", LONGEST_LINE):
                return
        raise nonsense()

    async def _until(self, end: bytes, most: int) -> bytes:
        """What comes before `end`, which is taken as well."""
        while (at := self._received.find(end, 0, most + len(end))) < 0:
            if len(self._received) >= most + len(end):
                raise nonsense()
            await self._receive()
        found = bytes(self._received[:at])
        del self._received[: at + len(end)]
        return found

    async def _exactly(self, size: int) -> bytes:
        while len(self._received) < size:
            await self._receive()
        return self._taken(size)

    async def _at_most(self, size: int) -> bytes:
        if not self._received:
            await self._receive()
        return self._taken(size)

    def _taken(self, size: int) -> bytes:
        data = bytes(self._received[:size])
        del self._received[:size]
        return data

    async def _receive(self) -> None:
        if self._stream is None:
            raise anyio.ClosedResourceError
        self._received += await self._stream.receive(RECEIVED_AT_ONCE)


def _beginning(body: Sized, size: int) -> bytes:
    start = b""
    for piece in body.chunks():
        start += piece[: size - len(start)]
        if len(start) == size:
            break
    return start


def _chunk(data: bytes) -> bytes:
    """Of no data none: an empty chunk is the end of a body."""
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""
