"""The event loop goes on while hostile files are judged: a pulse beside them tells the longest time it was held up.

The whole way of an attachment runs: fetched over HTTP, counted and hashed, examined, stored, its result encoded. What
is measured is the CPU time of the loop's own thread between two turns, not the clock: neighbours on a busy machine do
not block our loop. What waits, and needs no CPU, is not measured but watched for: no call that could is made there.
"""

import io
import os
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

import anyio
import anyio.to_thread
import pytest

from consumer.download.budget import Budget
from consumer.inspection.inspect import Inspector, Stores
from consumer.inspection.policy.policy import Policy
from consumer.inspection.workers.pool import Bounds, Workers
from consumer.model import Attachment, Decision, Source, Verdict
from consumer.storage.folder import Folder
from consumer.wire.results import encode_result
from tests.antivirus.test_verdicts import once
from tests.download.fetching import fetching
from tests.inspection import bombs
from tests.inspection.files import pdf, png
from tests.reports import Recorder

MIB = 1024 * 1024
LONGEST_S = 0.050
FILES: dict[str, bytes] = {}


def hostile() -> Iterator[bytes]:
    yield bombs.overlapping()
    yield bombs.nested(3)
    yield bombs.pixels()
    yield bombs.newlines(10 * MIB)
    yield bombs.spaces_and_letters(10 * MIB)
    yield b"\0<" * 4096
    yield b"%PDF-1.4\n1 0 obj" + b"(" * 5 * MIB
    yield b"PK\x03\x04" * MIB
    yield pdf(b"% " + b"\0" * 9 * MIB + b"\n")
    yield png() + bytes(10 * MIB - 1000)


class Files(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # the name that http.server looks for
        data = FILES[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *about: object) -> None:
        pass


class Links:
    def __init__(self, origin: str) -> None:
        self._origin = origin

    async def locate(self, attachment: Attachment, again: bool = False) -> str:
        return f"{self._origin}/{attachment.message_id}"


@contextmanager
def file_host() -> Iterator[str]:
    """In a thread of its own, whose CPU time does not count."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def pulse(held_up: list[float]) -> None:
    while True:
        before = time.thread_time()
        await anyio.sleep(0.001)
        held_up.append(time.thread_time() - before)


async def judge(inspector: Inspector, number: int, answers: list[bytes]) -> None:
    asked = Attachment("conversation", str(number), "a", "id:a", name=f"{number}.bin")
    verdict: Verdict = await inspector.inspect(asked, once)
    now = datetime.now(UTC)
    answers.append(encode_result(Decision(asked, verdict, Source("e", 0, 0, 0), None, now, 1, "1")).value or b"")


def bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[Inspector]:
    """With everything started: what is judged meets no start of anything."""
    FILES.update({f"/{number}": data for number, data in enumerate(hostile())})
    with file_host() as origin:
        async with (
            Workers(2, bounds=Bounds(deadline_s=20.0), reports=Recorder()) as workers,
            fetching(origin, budget=Budget(256 * MIB)) as fetcher,
        ):
            storage, policy = Folder(folder, mode=0o640, durable=True), Policy.load()
            try:
                await storage.probe()
                yield Inspector(
                    Links(origin), fetcher, workers, Stores(storage, storage), lambda: policy, None, Recorder()
                )
            finally:
                await storage.aclose()


async def judge_all(inspector: Inspector) -> int:
    answers: list[bytes] = []
    async with anyio.create_task_group() as group:
        for number in range(len(FILES)):
            group.start_soon(judge, inspector, number, answers)
    return len(answers)


async def test_the_event_loop_is_not_blocked_while_hostile_files_are_judged(tmp_path: Path) -> None:
    held_up: list[float] = []
    async with house(tmp_path) as inspector, anyio.create_task_group() as watch:
        watch.start_soon(pulse, held_up)
        assert await judge_all(inspector) == len(FILES)
        watch.cancel_scope.cancel()
    assert bytes_in(tmp_path) == sum(map(len, FILES.values()))
    assert len(held_up) > 20
    assert max(held_up) < LONGEST_S


async def test_the_watch_itself_sees_a_blocked_loop() -> None:
    held_up: list[float] = []
    async with anyio.create_task_group() as watch:
        watch.start_soon(pulse, held_up)
        await anyio.sleep(0.005)
        spent = time.thread_time()
        while time.thread_time() - spent < 2 * LONGEST_S:
            pass
        await anyio.sleep(0.005)
        watch.cancel_scope.cancel()
    assert max(held_up) >= LONGEST_S


WAITS = re.compile(
    r"(?:posix|_?io)\.(?:open|p?readv?|readinto|p?writev?|sendfile|copy_file_range|f(?:data)?sync|f?truncate|rename|replace|"
    r"unlink|remove|mkdir|rmdir|link|symlink|l?stat|access|chmod|utime|listdir|scandir|system|posix_spawn)|"
    r"_posixsubprocess\.fork_exec|time\.sleep|_?socket\.get(?:addrinfo|hostby\w+)"
)
IN_MEMORY = "body.py"  # the bytes of a body are in an anonymous file that is no file on any disk


@contextmanager
def waits() -> Iterator[set[tuple[str, str]]]:
    """Calls that could wait, in this thread, which is the loop's: each with the file that makes it."""
    seen: set[tuple[str, str]] = set()

    def look(frame: FrameType, event: str, called: object) -> None:
        owner = getattr(called, "__self__", None)
        if event == "c_call" and not isinstance(owner, io.BytesIO | io.StringIO):
            origin = getattr(called, "__module__", None) or type(owner).__module__
            name = f"{origin}.{getattr(called, '__name__', '')}"
            if WAITS.fullmatch(name):
                seen.add((name, Path(frame.f_code.co_filename).name))

    sys.setprofile(look)
    try:
        yield seen
    finally:
        sys.setprofile(None)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="bodies are files in a folder where there are no others")
async def test_nothing_on_the_loop_waits_for_a_disk_while_hostile_files_are_judged(tmp_path: Path) -> None:
    async with house(tmp_path) as inspector:
        with waits() as seen:
            assert await judge_all(inspector) == len(FILES)
    assert {call for call in seen if call[1] != IN_MEMORY} == set()


async def test_the_watch_itself_sees_what_waits(tmp_path: Path) -> None:
    with waits() as seen:
        (tmp_path / "a").write_text("x")
        await anyio.to_thread.run_sync((tmp_path / "a").read_text)
    assert {name.partition(".")[2] for name, _ in seen} == {"open", "write"}
