import os
import resource
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import obstore
import pytest
from aiohttp import web
from obstore.store import S3Store

from consumer.download.body import Body
from consumer.errors import Refused, Unavailable
from consumer.identity import conversation_identity
from consumer.inspection.inspect import Storage
from consumer.model import Dependency, Facts
from consumer.storage import ObjectStorage

CONVERSATION = "8d4a3d1c-1111-2222-3333-444455556666"
IDENTITY = bytes(range(16))
PNG = Facts(detected_type="image/png")
LARGE = 12 * 1024 * 1024


def fits_where_the_inspector_wants_storage(storage: ObjectStorage) -> Storage:
    """Checked by mypy."""
    return storage


def options(endpoint: str) -> dict[str, str]:
    return {
        "endpoint": endpoint,
        "access_key_id": "key",
        "secret_access_key": "secret",
        "region": "us-east-1",
        "allow_http": "true",
    }


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("data", [b"", b"small", os.urandom(LARGE)], ids=["empty", "small", "large"])
async def test_a_folder_keeps_the_bytes_under_a_name_of_digests(tmp_path: Path, data: bytes) -> None:
    folder = tmp_path / "made" / "by us"
    with Body.of(data) as body:
        uri = await ObjectStorage(str(folder)).put(CONVERSATION, IDENTITY, body, PNG)
        expected = folder / conversation_identity(CONVERSATION).hex() / f"{IDENTITY.hex()}-{body.sha256}"
    assert files(folder) == [expected]
    assert expected.read_bytes() == data
    assert uri == expected.as_uri()


@pytest.mark.parametrize("conversation", ["../../etc", "a/b", "\x00", "x" * 10_000, "\u202e", "", "\ud800"])
async def test_no_word_of_a_customer_comes_into_a_path(tmp_path: Path, conversation: str) -> None:
    with Body.of(b"x") as body:
        await ObjectStorage(str(tmp_path)).put(conversation, IDENTITY, body, PNG)
    (path,) = files(tmp_path)
    assert path.parent.parent == tmp_path
    assert set(path.name) <= set("0123456789abcdef-")


async def test_storing_again_changes_nothing(tmp_path: Path) -> None:
    storage = ObjectStorage(str(tmp_path))
    uris = set()
    for _ in range(2):
        with Body.of(b"same") as body:
            uris.add(await storage.put(CONVERSATION, IDENTITY, body, PNG))
    assert len(uris) == 1
    assert [path.read_bytes() for path in files(tmp_path)] == [b"same"]


async def test_nobody_finds_half_of_a_file(tmp_path: Path) -> None:
    """A reader that looks all the time, while the same file is written again and again."""
    storage = ObjectStorage(str(tmp_path))
    seen: set[int] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.update(path.stat().st_size for path in tmp_path.glob("*/*") if "#" not in path.name)

    async with anyio.create_task_group() as group:
        group.start_soon(anyio.to_thread.run_sync, look)
        for number in range(10):
            with Body.of(bytes([number]) * LARGE) as body:
                await storage.put(CONVERSATION, IDENTITY, body, PNG)
        over.set()
    assert seen <= {LARGE}


async def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    storage = ObjectStorage(str(tmp_path))
    (tmp_path / conversation_identity(CONVERSATION).hex()).write_text("a file where a folder should be")
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
    storage = ObjectStorage(str(tmp_path))
    with Body.of(b"x" * LARGE) as body:
        with no_room_for_more_than(1024), pytest.raises(Unavailable) as caught:
            await storage.put(CONVERSATION, IDENTITY, body, PNG)
        assert caught.value.dependency is Dependency.STORAGE
        assert files(tmp_path) == []
        await storage.put(CONVERSATION, IDENTITY, body, PNG)
    assert [path.stat().st_size for path in files(tmp_path)] == [LARGE]


@pytest.mark.parametrize("data", [b"", b"small", os.urandom(LARGE)], ids=["empty", "small", "large"])
async def test_a_bucket_keeps_the_bytes_with_their_type_and_as_a_download(s3: str, data: bytes) -> None:
    storage = ObjectStorage("s3://bucket/a/prefix", options(s3))
    with Body.of(data) as body:
        for _ in range(2):
            uri = await storage.put(CONVERSATION, IDENTITY, body, PNG)
        name = f"{conversation_identity(CONVERSATION).hex()}/{IDENTITY.hex()}-{body.sha256}"
    assert uri == f"s3://bucket/a/prefix/{name}"
    bucket = S3Store(
        "bucket",
        endpoint=s3,
        access_key_id="key",
        secret_access_key="secret",
        region="us-east-1",
        client_options={"allow_http": True},
    )
    stored = await obstore.get_async(bucket, f"a/prefix/{name}")
    assert stored.attributes["Content-Type"] == "image/png"
    assert stored.attributes["Content-Disposition"] == "attachment"
    assert bytes(await stored.bytes_async()) == data


async def test_a_bucket_that_does_not_exist_is_refused(s3: str) -> None:
    storage = ObjectStorage("s3://nobody-made-this", options(s3))
    with Body.of(b"x") as body, pytest.raises(Refused, match="does not exist"):
        await storage.put(CONVERSATION, IDENTITY, body, PNG)
    with pytest.raises(Refused, match="does not exist"):
        await storage.probe()


@asynccontextmanager
async def store_that_answers(status: int, code: str) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        return web.Response(status=status, text=f"<Error><Code>{code}</Code></Error>", content_type="application/xml")

    app = web.Application(client_max_size=100 * LARGE)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (401, "InvalidAccessKeyId")])
async def test_a_store_that_denies_us_is_refused(status: int, code: str) -> None:
    async with store_that_answers(status, code) as endpoint:
        with pytest.raises(Refused, match="credentials"):
            await ObjectStorage("s3://bucket", options(endpoint)).probe()


@pytest.mark.parametrize("size", [1, LARGE])
@pytest.mark.parametrize("status", [500, 503])
async def test_a_store_in_trouble_is_waited_out(status: int, size: int) -> None:
    async with store_that_answers(status, "SlowDown") as endpoint:
        with Body.of(b"x" * size) as body, pytest.raises(Unavailable) as caught:
            await ObjectStorage("s3://bucket", options(endpoint)).put(CONVERSATION, IDENTITY, body, PNG)
    assert caught.value.dependency is Dependency.STORAGE


@pytest.mark.parametrize("size", [1, LARGE])
async def test_a_store_that_is_away_is_waited_out(size: int) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{nobody_listens.getsockname()[1]}"
        with Body.of(b"x" * size) as body, pytest.raises(Unavailable) as caught:
            await ObjectStorage("s3://bucket", options(endpoint)).put(CONVERSATION, IDENTITY, body, PNG)
    assert caught.value.__suppress_context__
    assert endpoint not in caught.value.detail


async def test_a_probe_shows_that_we_may_write_and_leaves_nothing(tmp_path: Path, s3: str) -> None:
    await ObjectStorage(str(tmp_path)).probe()
    assert files(tmp_path) == []
    await ObjectStorage("s3://bucket", options(s3)).probe()


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("ftp://host/path", {}),
        ("http://host/path", {}),
        ("memory:///", {}),
        ("s3://bucket", {"no_such_option": "x"}),
        ("s3://bucket", {"allow_invalid_certificates": "true"}),
        ("./folder", {"region": "x"}),
        ("/dev/null/folder", {}),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(url: str, given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="STORAGE__"):
        ObjectStorage(url, given)


def test_google_and_azure_are_opened_by_url() -> None:
    ObjectStorage("gs://bucket/prefix", {"skip_signature": "true"})
    ObjectStorage("az://container/prefix", {"account_name": "account", "skip_signature": "true"})
