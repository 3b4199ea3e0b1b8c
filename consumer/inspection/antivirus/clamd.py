"""clamd, asked over TCP or a Unix socket. What it did not look at in full is never called clean."""

from __future__ import annotations

import re
from datetime import datetime

import anyio
from anyio.abc import ByteStream

from consumer.inspection.antivirus.connections import BROKEN, Connections, connect
from consumer.inspection.antivirus.outcome import Scanned, away, printable, scanned, unknown
from consumer.model import Facts, Finding, Reason
from consumer.settings.model import AntivirusSettings
from consumer.settings.scanners import address_of

WHO = "clamd"
LONGEST_REPLY = 4_096


class Clamd:
    """At most `connections` scans at once; connections are kept and used again."""

    def __init__(self, address: str, *, connections: int = 4, timeout_s: float = 60.0) -> None:
        """`tcp://host:port` or `unix:///path`; raises `ValueError` for anything else. Connects to nothing yet."""
        self._address = address_of(address)
        self._connections = Connections(WHO, self._dial, connections=connections, timeout_s=timeout_s)

    async def scan(self, body: Scanned, facts: Facts) -> Facts:
        """`facts` with what clamd says of `body`. Raises `Unavailable` when it is away, late, or talks nonsense."""
        async with self._connections.session() as session:
            finding = finding_of(await session.scan(body))
        return scanned(facts, detectors(session.version), finding)

    async def probe(self) -> str:
        """Its version, with that of its signatures where it tells. Raises as `scan`."""
        async with self._connections.session() as session:
            return session.version

    async def aclose(self) -> None:
        await self._connections.aclose()

    async def _dial(self) -> _Session:
        return await _Session.begin(await connect(self._address))


def scanner(chosen: AntivirusSettings) -> Clamd:
    assert chosen.address is not None, "it is opened for an address"
    return Clamd(chosen.address, connections=chosen.connections, timeout_s=chosen.timeout_s)


class _Session:
    """One connection: commands one after the other, each with one numbered reply."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._received = b""
        self.usable = False
        self.version = ""

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

    async def greet(self) -> None:
        self.usable = False
        await self._stream.send(b"zVERSION\0")
        reply = await self._reply()
        if not reply.startswith("ClamAV "):
            raise unknown(WHO)
        self.version = printable(reply.removeprefix("ClamAV "))
        self.usable = True

    async def scan(self, body: Scanned) -> str:
        """Reads while it writes: of a body over its limit clamd says so before the end, and closes."""
        self.usable = False
        sent = anyio.Event()
        reply = ""
        async with anyio.create_task_group() as group:
            group.start_soon(self._send, body, sent)
            try:
                reply = await self._reply()
            except BROKEN:
                reply = ""
            group.cancel_scope.cancel()
        if not reply:
            raise away(WHO, "it broke the connection off in the middle of a scan")
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
        name = printable(found[1])
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
        raise away(WHO, "it reports an error of its own")
    raise away(WHO, "its answer is not that of a clamd")


def detectors(version: str) -> dict[str, str]:
    """`1.4.6/27000/Mon Nov 23 09:21:08 2026`, and of what day by clamd's own clock the signatures in it are."""
    told = {"clamav": version}
    try:
        made = datetime.strptime(version.split("/")[2], "%a %b %d %H:%M:%S %Y")  # it names no zone
    except (IndexError, ValueError):
        return told  # it has signatures of an operator's own alone, which have no date
    return {**told, "clamav_signatures": f"{version.split('/')[1]} of {made:%Y-%m-%d}"}
