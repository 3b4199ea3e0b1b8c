"""No event makes the service connect to where it should not. Sockets are watched, whoever opens them."""

import asyncio
import socket
from collections.abc import Sequence

import pytest
from aiohttp import web

from consumer.download.body import Body
from consumer.errors import Doubtful, HostNotAllowed, Refused, Unavailable
from consumer.model import Reason, Resolved
from tests.download.conftest import PrivateAuthority
from tests.download.fetching import ANY, CAP, DATA, at, fetching, fetching_from, head
from tests.download.hostile import HOSTILE_ANSWERS, HOSTILE_URLS, R
from tests.download.servers import answering, talking
from tests.download.watch import watching
from tests.inspection.files import attachment
from tests.loopback import serving

ALL_HOSTILE = [url for urls in HOSTILE_URLS.values() for url in urls]
ALL_THAT_A_HEADER_CARRIES = [
    url
    for url in ALL_HOSTILE
    if url.strip() == url and not set(url) & set("\r\n\t\0\x1b\x7f\ud800") and len(url) < 8_000
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_follows_a_redirect_to_where_it_may_go(status: int) -> None:
    async def deliver(request: web.Request) -> web.StreamResponse:
        if request.path == "/file":
            return web.Response(status=status, headers={"Location": "/real?Signature=a%2Fb"})
        assert request.raw_path == "/real?Signature=a%2Fb"
        return web.Response(body=DATA)

    async with serving(deliver) as port, fetching_from(port) as fetcher:
        body = await fetcher.fetch(at(port), CAP, ANY)
    assert isinstance(body, Body)
    body.close()


@pytest.mark.parametrize(("redirects", "delivered"), [(5, True), (6, False)])
async def test_follows_five_redirects_and_no_sixth(redirects: int, delivered: bool) -> None:
    asked: list[int] = []

    async def lead_on(request: web.Request) -> web.StreamResponse:
        step = int(request.query.get("step", "0"))
        asked.append(step)
        if step == redirects:
            return web.Response(body=DATA)
        return web.Response(status=302, headers={"Location": f"/file?step={step + 1}"})

    async with serving(lead_on) as port, fetching_from(port) as fetcher:
        if delivered:
            got = await fetcher.fetch(at(port), CAP, ANY)
            assert isinstance(got, Body)
            got.close()
        else:
            with pytest.raises(Doubtful, match="round and round"):
                await fetcher.fetch(at(port), CAP, ANY)
    assert asked == [0, 1, 2, 3, 4, 5]


async def test_a_redirect_to_the_login_is_the_login_page_and_is_not_followed() -> None:
    answer = head("Location: https://login.mypurecloud.com/?x=y", status="302 Found")
    async with answering(answer) as port, fetching_from(port) as fetcher:
        with watching() as seen, pytest.raises(Doubtful) as raised:
            await fetcher.fetch(at(port), CAP, attachment(declared_type="text/html"))
    assert raised.value.final is Reason.HTML_PAGE, "if it is about this file alone"
    assert seen.connected == [("127.0.0.1", port)]
    assert seen.resolved == []


async def test_no_hostile_url_is_resolved_or_connected_to() -> None:
    async with fetching(hosts=["cdn.example.org"]) as fetcher:
        with watching() as seen:
            for url in ALL_HOSTILE:
                assert await fetcher.fetch(url, CAP, ANY) is Reason.URL_NOT_ALLOWED, url
    assert len(ALL_HOSTILE) >= 150
    assert (seen.connected, seen.resolved) == ([], [])


async def test_a_hostile_url_that_genesys_resolved_is_an_operators_matter_and_connected_to_by_nobody() -> None:
    async with fetching(hosts=["cdn.example.org"], connections=1) as fetcher:
        with watching() as seen:
            for url in ALL_HOSTILE:
                with pytest.raises(HostNotAllowed) as raised:
                    await fetcher.fetch(Resolved(url, "d-1", "c-1"), CAP, ANY)
                assert url not in raised.value.detail or len(url) < 20
                assert fetcher.running == 0
    assert (seen.connected, seen.resolved) == ([], [])


async def test_no_redirect_to_a_hostile_url_is_resolved_or_connected_to() -> None:
    location = b""

    async def lead_astray(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n")

    async with (
        talking(lead_astray) as port,
        fetching(f"http://127.0.0.1:{port}", hosts=["cdn.example.org"]) as fetcher,
    ):
        with watching() as seen:
            for url in ALL_THAT_A_HEADER_CARRIES:
                location = url.encode()
                with pytest.raises(Doubtful, match="it leads") as raised:
                    await fetcher.fetch(at(port), CAP, ANY)
                assert raised.value.final in (None, Reason.HTML_PAGE), url
    assert len(ALL_THAT_A_HEADER_CARRIES) >= 150
    assert set(seen.connected) == {("127.0.0.1", port)}
    assert seen.resolved == []


@pytest.mark.parametrize(
    "location", [b"http://[::1", b"data:text/plain,x", b"\xff\xfe", b"https://a:99999999999/", b"x" * 8_000]
)
async def test_a_redirect_to_what_is_no_url_is_refused_like_any_other(location: bytes) -> None:
    answer = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    async with answering(answer) as port, fetching_from(port) as fetcher:
        with pytest.raises(Doubtful, match="it leads") as raised:
            await fetcher.fetch(at(port), CAP, ANY)
    assert raised.value.final is None, "where the region's own hosts lead is no customer's word"


@pytest.mark.parametrize("answer", HOSTILE_ANSWERS)
@pytest.mark.parametrize("host", ["cdn.example.org", R])
async def test_no_hostile_answer_of_a_name_server_is_connected_to(host: str, answer: tuple[str, ...]) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return answer

    async with fetching(hosts=["cdn.example.org"], lookup=lookup) as fetcher:
        with watching() as seen, pytest.raises(Unavailable) as away:
            await fetcher.fetch(f"https://{host}/x", CAP, ANY)
    assert away.value.host == (None if host == R else host)
    if host != R:  # a portal answers for every name with its own address: final once the host has delivered another
        assert isinstance(away.value, Doubtful)
        assert away.value.final is Reason.URL_NOT_ALLOWED
    assert seen.connected == []


async def test_a_name_that_changes_between_check_and_connect_is_connected_to_as_it_was_checked() -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    asked = 0

    async def rebinding(host: str, port: int) -> Sequence[str]:
        nonlocal asked
        asked += 1
        return next(answers)

    async with fetching(hosts=["cdn.example.org"], lookup=rebinding) as fetcher:
        with watching() as seen:
            with pytest.raises(Unavailable):
                await fetcher.fetch("https://cdn.example.org/x", CAP, ANY)
            assert (asked, seen.connected) == (1, [("93.184.216.34", 443)])
            with pytest.raises(Doubtful, match="not public"):
                await fetcher.fetch("https://cdn.example.org/x", CAP, ANY)
    assert seen.connected == [("93.184.216.34", 443)]


async def test_only_an_outage_outside_the_region_names_its_host() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    async with fetching(hosts=["cdn.example.org"], lookup=lookup) as fetcher:
        for host, named in ((R, None), ("cdn.example.org", "cdn.example.org")):
            with pytest.raises(Unavailable, match="its name could not be resolved") as caught:
                await fetcher.fetch(f"https://{host}/x", CAP, ANY)
            assert caught.value.host == named


@pytest.mark.parametrize("name", ["files.example.org", "other.example.org"])
async def test_over_tls_the_certificate_must_be_of_the_host(private_authority: PrivateAuthority, name: str) -> None:
    async def deliver(request: web.Request) -> web.StreamResponse:
        return web.Response(body=DATA)

    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async with serving(deliver, private_authority.server(name)) as port:
        origin = f"https://files.example.org:{port}"
        async with fetching(origin, authority=private_authority, lookup=lookup) as fetcher:
            if name == "files.example.org":
                got = await fetcher.fetch(f"{origin}/x", CAP, ANY)
                assert isinstance(got, Body)
                got.close()
            else:
                with pytest.raises(Refused, match="the certificate of the file host is not trusted"):
                    await fetcher.fetch(f"{origin}/x", CAP, ANY)
