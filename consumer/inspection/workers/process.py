"""One worker process as the service sees it: started, asked, killed. What it answers is hostile until it is checked."""

from __future__ import annotations

import json
import math
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread

from consumer.inspection.workers.confinement import HEADER
from consumer.model import Finding, Reason

ANSWER_CAP = 64 * 1024
START_S = 30.0
MOST = 40  # findings, and flags
ROOT = Path(__file__).parents[3]
BOOT = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from consumer.inspection.workers.worker import main; sys.exit(main(sys.argv[1:]))"
)

LIBMAGIC_MISSING = (
    "libmagic is not installed, and no file can be examined without it. "
    "Debian and Ubuntu: apt-get install libmagic1; Fedora: dnf install file-libs; macOS: brew install libmagic"
)

_MIME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,99}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}", re.ASCII)
_FLAG = re.compile(r"[a-z_]{1,40}", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9.+-]{1,40}", re.ASCII)


class WorkersNotStarted(RuntimeError):
    """No worker can be started here; the text says what is missing."""


class LibmagicMissing(WorkersNotStarted):
    """There is no libmagic; the text says how to install it."""


class Died(Exception):
    """The worker is gone, or answered what no worker of ours answers; the text says which."""


@dataclass(frozen=True, slots=True)
class Answer:
    detected_type: str | None
    findings: tuple[Finding, ...]
    flags: tuple[str, ...]


def default_command(address_space_bytes: int, deadline_s: float) -> tuple[str, ...]:
    """`-I` keeps the working directory and the user's own packages out; the path is where this package stands."""
    cpu = str(math.ceil(deadline_s) + 1)
    return (sys.executable, "-I", "-c", BOOT, str(ROOT), str(address_space_bytes), cpu)


class WorkerProcess:
    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self._process = process
        self._channel = channel
        self.detectors: Mapping[str, str] = {}
        self.confined: tuple[str, ...] = ()

    @classmethod
    async def start(cls, command: Sequence[str]) -> WorkerProcess:
        """A worker that has said that it is ready. `WorkersNotStarted` if it does not come up."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        try:
            with theirs:
                process = await anyio.to_thread.run_sync(_spawn, list(command), theirs)
        except OSError as error:
            ours.close()
            raise WorkersNotStarted(f"no worker process could be started: {error.strerror}") from None
        worker = cls(process, ours)
        try:
            with anyio.fail_after(START_S):
                worker._greeted(await worker._receive())
        except (Died, TimeoutError) as problem:
            raise WorkersNotStarted(f"the worker process did not come up: {problem}") from None
        finally:
            if not worker.detectors:
                await worker.kill()
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    async def ask(self, descriptor: int, size: int, claimed: str = "") -> Answer:
        """What the worker sees in the file behind `descriptor`. `Died` for anything but a proper answer.

        `claimed`: the type that it is said to be, a name of our own table.
        """
        try:
            socket.send_fds(self._channel, [size.to_bytes(8, "big"), claimed.encode("ascii")], [descriptor])
        except OSError:
            raise Died("it was gone") from None
        return _checked(await self._receive())

    async def kill(self) -> None:
        """Ends the process by force and waits until it is gone, also when cancelled."""
        self._channel.close()
        with suppress(ProcessLookupError):
            self._process.kill()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._process.wait)

    async def _receive(self) -> object:
        head = await self._exactly(HEADER.size)
        (length,) = HEADER.unpack(head)
        if length > ANSWER_CAP:
            raise Died("its answer was too long")
        raw = await self._exactly(length)
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise Died("its answer was not JSON") from None

    async def _exactly(self, count: int) -> bytes:
        got = bytearray()
        while len(got) < count:
            await anyio.wait_readable(self._channel)
            try:
                piece = self._channel.recv(count - len(got))
            except BlockingIOError:
                continue
            except OSError:
                piece = b""
            if not piece:
                raise Died("it ended in the middle")
            got += piece
        return bytes(got)

    def _greeted(self, greeting: object) -> None:
        if not isinstance(greeting, dict):
            raise Died("its greeting was malformed")
        if greeting.get("error") == "libmagic":
            raise LibmagicMissing(LIBMAGIC_MISSING)
        detectors, confined = greeting.get("detectors"), greeting.get("confined")
        if not isinstance(detectors, dict) or not detectors or not isinstance(confined, list):
            raise Died("its greeting was malformed")
        if not all(_VERSION.fullmatch(str(word)) for word in (*detectors, *detectors.values())):
            raise Died("its greeting was malformed")
        self.confined = tuple(str(step) for step in confined)
        self.detectors = {str(name): str(version) for name, version in detectors.items()}


def _spawn(command: list[str], theirs: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 # our own interpreter and our own module
        command,
        stdin=theirs.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        cwd=os.sep,
        close_fds=True,
        start_new_session=True,  # a Ctrl-C on the terminal is for the service, which drains first
    )


def _checked(answer: object) -> Answer:
    """A worker that was taken over says what it likes: nothing but our own words in their bounds gets through."""
    if not isinstance(answer, dict):
        raise Died("its answer was malformed")
    detected, findings, flags = answer.get("detected"), answer.get("findings"), answer.get("flags")
    if detected is not None and not (isinstance(detected, str) and _MIME.fullmatch(detected)):
        raise Died("its answer was malformed")
    if not isinstance(findings, list) or not isinstance(flags, list) or max(len(findings), len(flags)) > MOST:
        raise Died("its answer was malformed")
    if not all(isinstance(flag, str) and _FLAG.fullmatch(flag) for flag in flags):
        raise Died("its answer was malformed")
    return Answer(detected, tuple(_finding(item) for item in findings), tuple(flags))


def _finding(item: object) -> Finding:
    match item:
        case [str(code), str(detail)] if code in list(Reason) and len(detail) <= 200 and detail.isprintable():
            return Finding(Reason(code), detail)
    raise Died("its answer was malformed")
