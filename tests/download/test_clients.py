"""What every client promises, shown on real loopback servers."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import anyio
import httpx
import pytest
from aiohttp import web

from consumer.http.addresses import AddressNotAllowed
from consumer.http.clients import NotPermitted, api_client, file_client
from consumer.http.transport import CertificateNotTrusted, Timeouts
from consumer.http.urls import UrlRules
from tests.download.conftest import PrivateAuthority
from tests.download.servers import answering, talking
from tests.loopback import serving

SIGNED = "/a%2Fb/c%20d+e?response-content-disposition=attachment%3Bfilename%3D%22a%2Bb.pdf%22&Signature=ab~%7E_%2F%3d"


def leads_to(*addresses: str) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return addresses

    return lookup


async def ok(request: web.Request) -> web.StreamResponse:
    return web.Response(text="ok")


async def test_a_signed_link_arrives_letter_by_letter_as_it_was_signed() -> None:
    seen: list[str] = []

    async def note(request: web.Request) -> web.StreamResponse:
        seen.append(request.raw_path)
        return web.Response()

    async with serving(note) as port:
        rules = UrlRules.of("mypurecloud.com", allowed_origins=[f"http://127.0.0.1:{port}"])
        async with file_client(rules) as client:
            await client.get(f"http://127.0.0.1:{port}{SIGNED}")
    assert seen == [SIGNED]


async def test_keeps_no_cookie_and_follows_no_redirect() -> None:
    seen: list[web.Request] = []

    async def tempt(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return web.Response(status=302, headers={"Location": "/elsewhere", "Set-Cookie": "session=1; Path=/"})

    lookup = leads_to("127.0.0.1")  # by name, since a cookie jar takes none from a bare address anyway
    async with (
        serving(tempt) as port,
        api_client(f"http://api.example.org:{port}", any_address=True, lookup=lookup) as client,
    ):
        for _ in range(2):
            assert (await client.get("/")).status_code == 302
    assert [request.headers.get("Cookie") for request in seen] == [None, None]


async def test_takes_no_proxy_and_no_netrc_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    seen: list[str | None] = []

    async def note(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        return web.Response()

    async with serving(note) as port, api_client(f"http://127.0.0.1:{port}") as client:
        await client.get("/")
    assert seen == [None]


async def test_the_name_is_resolved_for_each_connection_not_remembered() -> None:
    asked: list[str] = []

    async def lookup(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async def close(request: web.Request) -> web.StreamResponse:
        return web.Response(headers={"Connection": "close"})

    async with (
        serving(close) as port,
        api_client(f"http://emulator:{port}", any_address=True, lookup=lookup) as client,
    ):
        await client.get("/")
        await client.get("/")
    assert asked == ["emulator", "emulator"]


async def test_the_api_client_sends_to_no_other_origin() -> None:
    async with serving(ok) as port, serving(ok) as other, api_client(f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/here")).text == "ok"
        for url in (f"http://127.0.0.1:{other}/", f"http://localhost:{port}/", f"https://127.0.0.1:{port}/"):
            with pytest.raises(NotPermitted):
                await client.get(url)


async def test_the_api_name_must_lead_to_a_public_address_unless_the_operator_chose_it() -> None:
    async with api_client("https://api.mypurecloud.com", lookup=leads_to("10.0.0.1")) as client:
        with pytest.raises(AddressNotAllowed):
            await client.get("/")


async def test_the_file_client_never_sends_credentials() -> None:
    async with serving(ok) as port:
        rules = UrlRules.of("mypurecloud.com", allowed_origins=[f"http://127.0.0.1:{port}"])
        async with file_client(rules) as client:
            for name in ("Authorization", "Cookie", "Proxy-Authorization"):
                with pytest.raises(NotPermitted):
                    await client.get(f"http://127.0.0.1:{port}/", headers={name: "x"})


async def test_trusts_a_private_authority_by_file(private_authority: PrivateAuthority) -> None:
    tls = private_authority.server("api.mypurecloud.com")
    async with (
        serving(ok, tls) as port,
        api_client(
            f"https://api.mypurecloud.com:{port}",
            ca_file=private_authority.ca_file,
            any_address=True,
            lookup=leads_to("127.0.0.1"),
        ) as client,
    ):
        assert (await client.get("/")).text == "ok"


@pytest.mark.parametrize("trusted", [True, False], ids=["certificate of another name", "unknown authority"])
async def test_refuses_a_wrong_certificate(private_authority: PrivateAuthority, trusted: bool) -> None:
    name = "login.mypurecloud.com" if trusted else "api.mypurecloud.com"
    asked: list[str] = []

    async def note(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response()

    async with (
        serving(note, private_authority.server(name)) as port,
        api_client(
            f"https://api.mypurecloud.com:{port}",
            ca_file=private_authority.ca_file if trusted else None,
            any_address=True,
            lookup=leads_to("127.0.0.1"),
        ) as client,
    ):
        with pytest.raises(httpx.ConnectError, match="its certificate is not trusted"):
            await client.get("/", headers={"Authorization": "Bearer secret"})
    assert asked == []


async def test_a_proxy_that_is_set_gets_the_request_and_its_own_credentials_only() -> None:
    seen: list[tuple[str, str | None]] = []

    async def proxy(request: web.Request) -> web.StreamResponse:
        seen.append((request.path_qs, request.headers.get("Authorization")))
        return web.Response(text="by proxy")

    async with serving(proxy) as port:
        rules = UrlRules.of("mypurecloud.com", allowed_origins=["http://10.1.2.3:80"])
        async with file_client(rules, proxy=f"http://user:pass@127.0.0.1:{port}") as client:
            assert (await client.get("http://10.1.2.3/file?Signature=x")).text == "by proxy"
    assert seen == [("/file?Signature=x", None)]


async def _reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
    await writer.drain()
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def test_a_connection_reset_in_the_middle_is_an_answer_that_ended_before_its_end() -> None:
    async with talking(_reset) as port, api_client(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/")


async def _say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_a_silent_server_is_a_read_timeout() -> None:
    async with (
        talking(_say_nothing) as port,
        api_client(f"http://127.0.0.1:{port}", timeouts=Timeouts(read_s=0.05)) as client,
    ):
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/")


async def test_a_name_that_never_resolves_is_a_connect_timeout() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        await anyio.sleep_forever()
        raise AssertionError

    async with api_client("https://api.mypurecloud.com", timeouts=Timeouts(connect_s=0.05), lookup=lookup) as client:
        with pytest.raises(httpx.ConnectTimeout):
            await client.get("/")


async def test_a_name_that_does_not_exist_is_a_connect_error() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with api_client("https://api.mypurecloud.com", lookup=lookup) as client:
        with pytest.raises(httpx.ConnectError, match="its name could not be resolved"):
            await client.get("/")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"", httpx.RemoteProtocolError),
        (b"SSH-2.0-OpenSSH_9.2\r\n", httpx.RemoteProtocolError),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            httpx.RemoteProtocolError,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", httpx.RemoteProtocolError),
    ],
    ids=["nothing", "not HTTP", "two lengths", "negative length", "huge header", "cut", "cut in a chunk"],
)
async def test_what_is_no_proper_answer_is_a_protocol_error(answer: bytes, expected: type[Exception]) -> None:
    async with answering(answer) as port, api_client(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(expected):
            await client.get("/secret-path?Signature=secret")


async def test_a_reason_phrase_in_no_encoding_at_all_does_no_harm() -> None:
    answer = b"HTTP/1.1 200 \xff\xfe\r\nContent-Length: 2\r\n\r\nok"
    async with answering(answer) as port, api_client(f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/")).text == "ok"


async def test_no_error_tells_the_link() -> None:
    link = "/secret-path?Signature=secret"
    async with answering(b"") as port, api_client(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(httpx.TransportError) as caught:
            await client.get(link)
    told = "".join(map(repr, (caught.value, caught.value.__cause__)))
    assert "secret" not in told
    assert caught.value.__suppress_context__


async def test_behind_a_proxy_the_token_travels_through_a_tunnel(private_authority: PrivateAuthority) -> None:
    """The name is the proxy's to resolve; what it carries is for the API, whose certificate is checked."""
    asked: list[str | None] = []

    async def api(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("Authorization"))
        return web.Response(text="ok")

    async with serving(api, private_authority.server("api.example.org")) as port:
        carried = bytearray()

        async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            carried.extend(await reader.readuntil(b"\r\n\r\n"))
            inner, outer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            async with anyio.create_task_group() as group:
                group.start_soon(_pipe, reader, outer, carried)
                group.start_soon(_pipe, inner, writer, bytearray())

        server = await asyncio.start_server(tunnel, "127.0.0.1", 0)
        proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        headers = {"Authorization": "Bearer hush-hush"}
        base_url, nowhere = "https://api.example.org", leads_to()
        async with api_client(base_url, ca_file=private_authority.ca_file, proxy=proxy, lookup=nowhere) as client:
            assert (await client.get("/", headers=headers)).text == "ok"
        async with api_client(base_url, proxy=proxy, lookup=nowhere) as client:
            with pytest.raises(CertificateNotTrusted):
                await client.get("/", headers=headers)
        server.close()
    assert asked == ["Bearer hush-hush"]
    assert carried.startswith(b"CONNECT api.example.org:443 ")
    assert b"hush-hush" not in carried


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: bytearray) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            seen.extend(piece)
            writer.write(piece)
            await writer.drain()
    writer.close()
