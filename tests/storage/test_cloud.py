"""Accepted files in a cloud: an S3 server, and stores that answer badly."""

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import obstore
import pytest
from aiohttp import web
from obstore.store import S3Store

from consumer.download.body import Body
from consumer.errors import Refused, Unavailable
from consumer.identity import conversation_identity
from consumer.model import Dependency
from consumer.settings.model import StorageSettings
from consumer.storage.kept import Store, Tried
from consumer.storage.opening import open_store
from tests.loopback import serving
from tests.storage.kept import CONVERSATION, IDENTITY, LARGE, PNG


def opened(url: str, options: Mapping[str, str]) -> Store:
    return open_store(url, StorageSettings(options=dict(options)))


def options(endpoint: str) -> dict[str, str]:
    return {
        "endpoint": endpoint,
        "access_key_id": "key",
        "secret_access_key": "secret",
        "region": "us-east-1",
        "allow_http": "true",
    }


@pytest.mark.parametrize("data", [b"", b"small", os.urandom(LARGE)], ids=["empty", "small", "large"])
async def test_a_bucket_keeps_the_bytes_with_their_type_and_as_a_download(s3: str, data: bytes) -> None:
    storage = opened("s3://bucket/a/prefix", options(s3))
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


async def test_what_was_written_for_a_try_may_be_read_and_deleted_and_is_gone(s3: str) -> None:
    assert await opened("s3://bucket/tried", options(s3)).tried() == Tried(reads=True, deletes=True)
    with pytest.raises(Refused):
        await opened("s3://nobody-made-this", options(s3)).tried()


async def test_a_store_that_only_takes_is_told_from_one_that_gives_and_deletes() -> None:
    async with store_that_answers(403, "AccessDenied", takes=True) as endpoint:
        assert await opened("s3://bucket", options(endpoint)).tried() == Tried(reads=False, deletes=False)


async def test_a_bucket_that_does_not_exist_is_refused(s3: str) -> None:
    storage = opened("s3://nobody-made-this", options(s3))
    with Body.of(b"x") as body, pytest.raises(Refused, match="does not exist"):
        await storage.put(CONVERSATION, IDENTITY, body, PNG)
    with pytest.raises(Refused, match="does not exist"):
        await storage.probe()


@asynccontextmanager
async def store_that_answers(status: int, code: str, *, takes: bool = False) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        if takes and request.method == "PUT":
            return web.Response(headers={"ETag": '"1"'})
        return web.Response(status=status, text=f"<Error><Code>{code}</Code></Error>", content_type="application/xml")

    async with serving(answer, largest=100 * LARGE) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (401, "InvalidAccessKeyId")])
async def test_a_store_that_denies_us_is_refused(status: int, code: str) -> None:
    async with store_that_answers(status, code) as endpoint:
        with pytest.raises(Refused, match="credentials"):
            await opened("s3://bucket", options(endpoint)).probe()


@pytest.mark.parametrize("size", [1, LARGE])
@pytest.mark.parametrize("status", [500, 503])
async def test_a_store_in_trouble_is_waited_out(status: int, size: int) -> None:
    async with store_that_answers(status, "SlowDown") as endpoint:
        with Body.of(b"x" * size) as body, pytest.raises(Unavailable) as caught:
            await opened("s3://bucket", options(endpoint)).put(CONVERSATION, IDENTITY, body, PNG)
    assert caught.value.dependency is Dependency.STORAGE


@pytest.mark.parametrize("size", [1, LARGE])
async def test_a_store_that_is_away_is_waited_out(size: int) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{nobody_listens.getsockname()[1]}"
        with Body.of(b"x" * size) as body, pytest.raises(Unavailable) as caught:
            await opened("s3://bucket", options(endpoint)).put(CONVERSATION, IDENTITY, body, PNG)
    assert caught.value.__suppress_context__
    assert endpoint not in caught.value.detail


async def test_a_probe_shows_that_we_may_write(s3: str) -> None:
    await opened("s3://bucket", options(s3)).probe()


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("ftp://host/path", {}),
        ("http://host/path", {}),
        ("memory:///", {}),
        ("s3://bucket", {"no_such_option": "x", "skip_signature": "true"}),
        ("s3://bucket", {"allow_invalid_certificates": "true", "skip_signature": "true"}),
        ("./folder", {"region": "x"}),
        ("/dev/null/folder", {}),
        ("s3://key:secret@bucket", {"skip_signature": "true"}),
        ("s3://secret@bucket", {"skip_signature": "true"}),
        ("az://container/prefix?sig=secret", {"skip_signature": "true"}),
        ("s3://bucket", {"region": "us-east-1"}),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(url: str, given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="STORAGE__"):
        opened(url, given)


def test_google_and_azure_are_opened_by_url() -> None:
    opened("gs://bucket/prefix", {"skip_signature": "true"})
    opened("az://container/prefix", {"account_name": "account", "skip_signature": "true"})


@asynccontextmanager
async def listening(heard: list[web.BaseRequest]) -> AsyncIterator[str]:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        heard.append(request)
        return web.Response(headers={"ETag": '"1"'})

    server = web.ServerRunner(web.Server(answer))
    await server.setup()
    try:
        await web.TCPSite(server, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{server.addresses[0][1]}"
    finally:
        await server.cleanup()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_a_proxy_of_the_environment_hears_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    at_proxy: list[web.BaseRequest] = []
    at_store: list[web.BaseRequest] = []
    async with listening(at_proxy) as proxy, listening(at_store) as endpoint:
        monkeypatch.setenv(name, proxy)
        with Body.of(b"x") as body:
            await opened("s3://bucket", options(endpoint)).put(CONVERSATION, IDENTITY, body, PNG)
    assert (len(at_proxy), len(at_store)) == (0, 1)
    assert os.environ[name] == proxy, "what others read there is as it was"


@pytest.mark.parametrize(("credentials", "signed"), [("options", False), ("ambient", True)])
async def test_credentials_of_the_environment_are_used_only_when_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, credentials: str, signed: bool
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    heard: list[web.BaseRequest] = []
    async with listening(heard) as endpoint:
        given = {"endpoint": endpoint, "region": "us-east-1", "allow_http": "true"}
        if credentials == "options":
            given["skip_signature"] = "true"
        settings = StorageSettings.model_validate({"options": given, "credentials": credentials})
        with Body.of(b"x") as body:
            await open_store("s3://bucket", settings).put(CONVERSATION, IDENTITY, body, PNG)
    assert ("of-the-environment" in heard[0].headers.get("authorization", "")) == signed
