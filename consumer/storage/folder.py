"""Files into a folder, by a process of its own that gathers what comes at the same time."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread

from consumer.errors import Refused, Unavailable
from consumer.model import Dependency, Facts
from consumer.storage import writer
from consumer.storage.kept import StoredBody, Tried, name_of

DEADLINE_S = 300.0  # for one gathering
REFUSING = frozenset({errno.EPERM, errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.EROFS})  # no waiting helps
ROOT = Path(__file__).parents[2]
BOOT = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from consumer.storage.writer import main; sys.exit(main(sys.argv[1:]))"
)


@dataclass(eq=False, slots=True)
class WaitingFile:
    """One file on its way to the writer."""

    name: str
    body: StoredBody
    result: int | None = None  # 0, or an error number; None until it is known


class WriterGone(Exception):
    """The writer ended, or could not be reached, in the middle of a gathering."""


class Folder:
    """Satisfies `Store`."""

    def __init__(self, path: Path, *, mode: int, durable: bool) -> None:
        """Makes the folder. `durable`: each file is on the disk before `put` returns; without it the file system has
        to promise that. Raises `ValueError` where the folder can't be made."""
        self._path = path.expanduser().absolute()
        self._arguments = (str(self._path), oct(mode), "durable" if durable else "as it is")
        self._waiting: list[WaitingFile] = []
        self._turn = asyncio.Lock()
        self._writer: Writer | None = None
        try:
            self._path.mkdir(mode=writer.enterable(mode), parents=True, exist_ok=True)
        except OSError:
            raise ValueError("STORAGE__URL: the folder can't be made or opened") from None
        if not os.access(self._path, os.W_OK | os.X_OK):
            raise ValueError("STORAGE__URL: the folder can't be written to")

    async def put(self, conversation_id: str, identity: bytes, body: StoredBody, facts: Facts) -> str:
        name = name_of(conversation_id, identity, body.sha256)
        await self._keep(WaitingFile(name, body))
        return f"{self._path.as_uri()}/{name}"

    async def probe(self) -> None:
        with os.fdopen(os.open(os.devnull, os.O_RDONLY), "rb") as nothing:
            await self._keep(WaitingFile(writer.PROBE, _Empty(nothing.fileno())))

    async def tried(self) -> Tried:
        await self.probe()
        reads = os.access(self._path, os.R_OK | os.X_OK)
        return Tried(reads, deletes=not (self._path / writer.PROBE).exists())

    async def aclose(self) -> None:
        if self._writer is not None:
            ended, self._writer = self._writer, None
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(ended.end)

    async def _keep(self, one: WaitingFile) -> None:
        """Whoever gets the turn takes all that wait by then along, and answers for them."""
        self._waiting.append(one)
        try:
            async with self._turn:
                if one.result is None:
                    with anyio.CancelScope(shield=True):  # the others wait for it too
                        await self._write()
        finally:
            if one in self._waiting:
                self._waiting.remove(one)
        assert one.result is not None, "it waited in front of those that had their turn"
        if one.result in REFUSING:
            raise Refused(Dependency.STORAGE, "the folder can't be written to")
        if one.result:
            raise Unavailable(Dependency.STORAGE, "the storage is away or full")

    async def _write(self) -> None:
        """All that wait once the writer is there: until it has them, none of their bodies may be closed."""
        with suppress(OSError):
            if self._writer is None:
                self._writer = await anyio.to_thread.run_sync(Writer, self._arguments)
            else:
                await asyncio.sleep(0)  # what comes in the same turn of the loop goes along
        gathering = self._waiting[: writer.MOST]
        del self._waiting[: writer.MOST]
        results = [errno.EIO] * len(gathering)
        try:
            if self._writer is not None:
                async with asyncio.timeout(DEADLINE_S):
                    results = await self._writer.keep(gathering)
        except (WriterGone, TimeoutError, OSError):
            await self.aclose()
        finally:
            for one, result in zip(gathering, results, strict=True):
                one.result = result


class Writer:
    """The process, and the channel to it."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._channel.setblocking(False)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 # our own interpreter and our own module
                [sys.executable, "-I", "-S", "-c", BOOT, str(ROOT), *arguments],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                start_new_session=True,  # a Ctrl-C on the terminal is for the service, which drains first
            )

    async def keep(self, gathering: Sequence[WaitingFile]) -> list[int]:
        """For each file 0, or an error number. Raises `WriterGone`."""
        parts = [writer.ONE.pack(one.body.size, len(one.name)) + one.name.encode("ascii") for one in gathering]
        message = b"".join(parts)
        try:
            sent = socket.send_fds(
                self._channel, [writer.LENGTH.pack(len(message)), message], [one.body.fileno() for one in gathering]
            )
        except OSError:
            raise WriterGone from None
        if sent != writer.LENGTH.size + len(message):
            raise WriterGone
        answer = await self._exactly(writer.RESULT.size * len(gathering))
        return [result for (result,) in writer.RESULT.iter_unpack(answer)]

    async def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            await anyio.wait_readable(self._channel)
            try:
                piece = self._channel.recv(count - len(got))
            except BlockingIOError:
                continue
            except OSError:
                piece = b""
            if not piece:
                raise WriterGone
            got += piece
        return got

    def end(self) -> None:
        """By force: what it had not answered for is not on the disk for us."""
        self._channel.close()
        self._process.kill()
        self._process.wait()


@dataclass(frozen=True, slots=True)
class _Empty:
    descriptor: int
    size: int = 0
    sha256: str = ""

    def fileno(self) -> int:
        return self.descriptor
