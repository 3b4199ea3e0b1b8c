"""Accepted files in a folder: whole, durable, under names of ours, whatever happens to the process that writes them."""

import contextlib
import os
import resource
import signal
import stat
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from consumer.download.body import Body
from consumer.errors import Refused, Unavailable
from consumer.identity import conversation_identity
from consumer.model import Dependency
from consumer.storage import writer
from consumer.storage.folder import Folder
from consumer.storage.kept import Tried
from tests.storage.kept import CONVERSATION, IDENTITY, LARGE, PNG, files


@asynccontextmanager
async def folder_at(path: Path, mode: int = 0o640) -> AsyncIterator[Folder]:
    folder = Folder(path, mode=mode, durable=True)
    try:
        yield folder
    finally:
        await folder.aclose()


@pytest.mark.parametrize("data", [b"", b"small", os.urandom(LARGE)], ids=["empty", "small", "large"])
async def test_a_folder_keeps_the_bytes_under_a_name_of_digests(tmp_path: Path, data: bytes) -> None:
    folder = tmp_path / "made" / "by us"
    with Body.of(data) as body:
        async with folder_at(folder) as storage:
            uri = await storage.put(CONVERSATION, IDENTITY, body, PNG)
        expected = folder / conversation_identity(CONVERSATION).hex() / f"{IDENTITY.hex()}-{body.sha256}"
    assert files(folder) == [expected]
    assert expected.read_bytes() == data
    assert uri == expected.as_uri()


@pytest.mark.parametrize("conversation", ["../../etc", "a/b", "\x00", "x" * 10_000, "\u202e", "", "\ud800"])
async def test_no_word_of_a_customer_comes_into_a_path(tmp_path: Path, conversation: str) -> None:
    with Body.of(b"x") as body:
        async with folder_at(tmp_path) as storage:
            await storage.put(conversation, IDENTITY, body, PNG)
    (path,) = files(tmp_path)
    assert path.parent.parent == tmp_path
    assert set(path.name) <= set("0123456789abcdef-")


async def test_storing_again_changes_nothing(tmp_path: Path) -> None:
    uris = set()
    async with folder_at(tmp_path) as storage:
        for _ in range(2):
            with Body.of(b"same") as body:
                uris.add(await storage.put(CONVERSATION, IDENTITY, body, PNG))
    assert len(uris) == 1
    assert [path.read_bytes() for path in files(tmp_path)] == [b"same"]


async def test_nobody_finds_half_of_a_file(tmp_path: Path) -> None:
    """A reader that looks all the time, while the same file is written again and again."""
    seen: set[int] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.update(path.stat().st_size for path in tmp_path.glob("*/*"))

    async with folder_at(tmp_path) as storage, anyio.create_task_group() as group:
        group.start_soon(anyio.to_thread.run_sync, look)
        for number in range(10):
            with Body.of(bytes([number]) * LARGE) as body:
                await storage.put(CONVERSATION, IDENTITY, body, PNG)
        over.set()
    assert seen <= {LARGE}


async def test_what_was_written_for_a_try_is_gone(tmp_path: Path) -> None:
    async with folder_at(tmp_path) as storage:
        assert await storage.tried() == Tried(reads=True, deletes=True)
    assert files(tmp_path) == []


async def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / conversation_identity(CONVERSATION).hex()).write_text("a file where a folder should be")
    async with folder_at(tmp_path) as storage:
        with Body.of(b"x") as body, pytest.raises(Refused) as caught:
            await storage.put(CONVERSATION, IDENTITY, body, PNG)
    assert caught.value.dependency is Dependency.STORAGE
    assert str(tmp_path) not in caught.value.detail


@contextmanager
def no_room_for_more_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_no_room_left_is_waited_out_and_leaves_nothing_behind(tmp_path: Path) -> None:
    async with folder_at(tmp_path) as storage:
        with Body.of(b"x" * LARGE) as body:
            with no_room_for_more_than(1024), pytest.raises(Unavailable) as caught:
                await storage.put(CONVERSATION, IDENTITY, body, PNG)
            assert caught.value.dependency is Dependency.STORAGE
            assert files(tmp_path) == []
            await storage.aclose()  # its limit is that of the process which it was started by
            await storage.put(CONVERSATION, IDENTITY, body, PNG)
    assert [path.stat().st_size for path in files(tmp_path)] == [LARGE]


async def test_a_probe_shows_that_we_may_write_and_leaves_nothing(tmp_path: Path) -> None:
    async with folder_at(tmp_path) as storage:
        await storage.probe()
    assert files(tmp_path) == []


async def test_many_at_once_are_each_kept_under_its_own_name(tmp_path: Path) -> None:
    """More than one gathering takes, some of them again and again."""
    contents = [f"file {number % 150}".encode() for number in range(300)]
    uris: list[str] = []
    async with folder_at(tmp_path) as storage, anyio.create_task_group() as group:

        async def put(content: bytes) -> None:
            with Body.of(content) as body:
                uris.append(await storage.put(content.decode(), IDENTITY, body, PNG))

        for content in contents:
            group.start_soon(put, content)
    assert len(uris) == 300
    assert sorted(path.read_bytes() for path in files(tmp_path)) == sorted(set(contents))


@pytest.mark.parametrize(("mode", "folders"), [(0o640, 0o750), (0o600, 0o700), (0o644, 0o755)])
async def test_the_mode_is_the_one_that_was_asked_for_whatever_the_umask(
    tmp_path: Path, mode: int, folders: int
) -> None:
    before = os.umask(0o077)
    try:
        async with folder_at(tmp_path, mode) as storage:
            with Body.of(b"x") as body:
                await storage.put(CONVERSATION, IDENTITY, body, PNG)
    finally:
        os.umask(before)
    (kept,) = files(tmp_path)
    assert stat.S_IMODE(kept.stat().st_mode) == mode
    assert stat.S_IMODE(kept.parent.stat().st_mode) == folders


async def test_a_writer_that_is_killed_costs_an_attempt_and_no_file(tmp_path: Path) -> None:
    async with folder_at(tmp_path) as storage:
        with Body.of(b"x") as body:
            await storage.put("first", IDENTITY, body, PNG)
            assert storage._writer is not None
            os.kill(storage._writer._process.pid, signal.SIGKILL)
            storage._writer._process.wait()
            with pytest.raises(Unavailable):
                await storage.put("second", IDENTITY, body, PNG)
            await storage.put("second", IDENTITY, body, PNG)
    assert len(files(tmp_path)) == 2


async def test_who_gives_up_waiting_takes_nobody_along(tmp_path: Path) -> None:
    async with folder_at(tmp_path) as storage:

        async def put(name: str) -> None:
            with Body.of(b"x" * 1024) as body:
                await storage.put(name, IDENTITY, body, PNG)

        async with anyio.create_task_group() as group:
            for number in range(20):
                scope = anyio.CancelScope()

                async def hasty(name: str, scope: anyio.CancelScope = scope) -> None:
                    with scope:
                        await put(name)

                group.start_soon(hasty, f"hasty {number}")
                group.start_soon(put, f"patient {number}")
                await anyio.lowlevel.checkpoint()
                scope.cancel()
    patient = {conversation_identity(f"patient {number}").hex() for number in range(20)}
    assert patient <= {path.parent.name for path in files(tmp_path)}


def keep(path: Path, contents: dict[str, bytes], sync: writer.Sync) -> list[int]:
    with contextlib.ExitStack() as stack:
        bodies = {name: stack.enter_context(Body.of(content)) for name, content in contents.items()}
        files = [writer.FileToWrite(body.fileno(), body.size, name) for name, body in bodies.items()]
        return writer.keep(files, writer.TargetFolder(path, 0o640, sync))


def test_nothing_is_answered_before_the_file_system_has_it(tmp_path: Path) -> None:
    """At the time of the only sync each file has its name and all of its bytes."""
    seen: list[dict[str, bytes]] = []

    def sync(descriptor: int) -> None:
        seen.append({path.name: path.read_bytes() for path in files(tmp_path)})

    assert keep(tmp_path, {"c/one": b"1" * 70_000, "c/two": b"2", "d/three": b""}, sync) == [0, 0, 0]
    assert seen == [{"one": b"1" * 70_000, "two": b"2", "three": b""}]


def test_a_file_system_that_does_not_take_it_is_no_success_for_any_file(tmp_path: Path) -> None:
    def sync(descriptor: int) -> None:
        raise OSError(28, "no space left")

    assert keep(tmp_path, {"c/one": b"1", "c/two": b"2"}, sync) == [28, 28]


def test_what_a_killed_writer_left_behind_is_removed_and_what_another_one_writes_now_is_not(tmp_path: Path) -> None:
    old, new, other = tmp_path / f"{writer.PART}1-0", tmp_path / f"{writer.PART}2-0", tmp_path / "other"
    for path in (old, new, other):
        path.write_bytes(b"half")
    now = new.stat().st_mtime
    os.utime(old, (now - 2 * writer.FORGOTTEN_S, now - 2 * writer.FORGOTTEN_S))
    writer.remove_forgotten(tmp_path, now)
    assert files(tmp_path) == [new, other]


def test_a_folder_that_cannot_be_made_is_a_wrong_setting() -> None:
    with pytest.raises(ValueError, match="STORAGE__URL"):
        Folder(Path("/dev/null/folder"), mode=0o640, durable=True)
