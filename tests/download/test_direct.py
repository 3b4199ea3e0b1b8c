"""The client that goes straight to the transport: what it sends, and what it never does."""

from __future__ import annotations

import httpx
import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.http.clients import api_client
from consumer.http.direct import DirectClient, as_sent
from tests.loopback import serving


class Heard(httpx.AsyncBaseTransport):
    def __init__(self, *answers: httpx.Response) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answers.pop(0)


def client_over(transport: Heard, base: str = "https://api.example/base") -> DirectClient:
    return DirectClient(transport, base, {"User-Agent": "us"})


async def test_a_request_has_what_it_was_given_and_nothing_else() -> None:
    heard = Heard(httpx.Response(200, text="yes"))
    async with client_over(heard) as client:
        request = client.build_request("POST", "/path?a=b", content=b"{}", headers={"Accept": "x"})
        answer = await client.send(request)
    (sent,) = heard.requests
    assert (sent.method, str(sent.url), sent.content) == ("POST", "https://api.example/base/path?a=b", b"{}")
    assert dict(sent.headers) == {"user-agent": "us", "accept": "x"}
    assert (answer.text, answer.request) == ("yes", sent)


async def test_the_base_stands_before_paths_alone() -> None:
    heard = Heard(httpx.Response(200), httpx.Response(200))
    async with client_over(heard) as client:
        await client.send(client.build_request("GET", "https://files.example/x"))
        await client.send(client.build_request("GET", "/x"))
    assert [str(request.url) for request in heard.requests] == ["https://files.example/x", "https://api.example/base/x"]


@pytest.mark.parametrize("location", ["https://elsewhere.example/", "http://[::bad", "//", "\x7f"])
async def test_a_redirect_is_an_answer_and_is_followed_by_nobody(location: str) -> None:
    heard = Heard(httpx.Response(302, headers={"location": location}))
    async with client_over(heard) as client:
        answer = await client.send(client.build_request("GET", "/x"), follow_redirects=True)
    assert (answer.status_code, answer.headers["location"], len(heard.requests)) == (302, location, 1)


async def test_cookies_are_not_kept() -> None:
    heard = Heard(httpx.Response(200, headers={"set-cookie": "a=b"}), httpx.Response(200))
    async with client_over(heard) as client:
        for _ in range(2):
            await client.send(client.build_request("GET", "/x"))
    assert "cookie" not in heard.requests[1].headers


async def test_a_stream_is_read_by_whoever_asked_for_it() -> None:
    heard = Heard(httpx.Response(200, stream=httpx.ByteStream(b"body")))
    async with client_over(heard) as client, client.stream("GET", "/x") as answer:
        assert b"".join([piece async for piece in answer.aiter_raw()]) == b"body"
    assert answer.is_closed


async def test_a_client_that_is_closed_sends_nothing() -> None:
    heard = Heard(httpx.Response(200))
    client = client_over(heard)
    await client.aclose()
    with pytest.raises(RuntimeError):
        await client.send(client.build_request("GET", "/x"))
    assert not heard.requests


PIECES = st.sampled_from(
    ["a", "Z9", "/", "//", ".", "..", "/.", "%2F", "%2f", "%", "%zz", "?", "&", "=", "#", "+", "~", "@", ":", ";", "é",
     " ", '"', "<", "{", "|", "^", "`", "[", "]", "!", "$", "'", "(", ")", "*", ",", "_", "-", "\\", "xn--", "\ud800"]
)  # fmt: skip
HOSTS = st.sampled_from(
    [
        "api.example",
        "API.example",
        "127.0.0.1",
        "[::1]",
        "a:80",
        "a:443",
        "a:8443",
        "a:0080",
        "a:",
        "xn--0.example",
        "u@a",
    ]
)


@example("https", "a:8443", ["a", "?", "a"])
@given(scheme=st.sampled_from(["http", "https", "HTTP"]), host=HOSTS, pieces=st.lists(PIECES, max_size=12))
def test_a_url_is_sent_as_httpx_would_send_it(scheme: str, host: str, pieces: list[str]) -> None:
    written = f"{scheme}://{host}/{''.join(pieces)}"
    try:
        url = httpx.URL(written)
        theirs: str | type[Exception] = str(url) if url.host else ""
    except (httpx.InvalidURL, UnicodeError) as error:
        theirs = type(error)
    try:
        ours: str | type[Exception] = as_sent(written)
    except (httpx.InvalidURL, UnicodeError) as error:
        ours = type(error)
    assert ours == theirs


async def test_what_a_connection_carries_is_what_was_written() -> None:
    seen: list[list[tuple[str, str]]] = []

    async def note(request: web.Request) -> web.StreamResponse:
        seen.append([(name.lower(), value) for name, value in request.headers.items()])
        return web.Response(text=await request.text())

    async with serving(note) as port, api_client(f"http://127.0.0.1:{port}") as client:
        await client.get("/x", headers={"Accept-Encoding": "identity"})
        answer = await client.post("/x", content=b"{}", headers={"Content-Type": "application/json", "Accept": "a/b"})
    host, ours = ("host", f"127.0.0.1:{port}"), ("user-agent", "attachment-consumer")
    assert answer.text == "{}"
    assert sorted(seen[0]) == sorted([host, ours, ("accept", "*/*"), ("accept-encoding", "identity")])
    assert sorted(seen[1]) == sorted(
        [host, ours, ("accept", "a/b"), ("accept-encoding", "gzip, deflate"), ("content-length", "2"),
         ("content-type", "application/json")]
    )  # fmt: skip


async def test_headers_are_found_in_any_case_and_what_came_twice_is_one_value() -> None:
    async def twice(request: web.Request) -> web.StreamResponse:
        answer = web.Response(text="yes")
        answer.headers.extend([("Content-Encoding", "identity"), ("content-encoding", "gzip"), ("X-One", "1")])
        return answer

    async with serving(twice) as port, api_client(f"http://127.0.0.1:{port}") as client:
        headers = (await client.get("/x")).headers
    assert (headers["CONTENT-encoding"], headers.get("x-ONE"), headers.get("x-none")) == ("identity, gzip", "1", None)
    assert ("x-one" in headers, "x-none" in headers) == (True, False)
    with pytest.raises(KeyError):
        headers["x-none"]


async def test_a_connection_whose_answer_was_read_is_used_again_and_one_whose_answer_was_not_is_closed() -> None:
    connections = set[object]()

    async def much(request: web.Request) -> web.StreamResponse:
        connections.add(request.transport)
        return web.Response(body=bytes(int(request.path[1:])))

    async with serving(much) as port, api_client(f"http://127.0.0.1:{port}") as client:
        for size, read_all, opened in ((10, True, 1), (1 << 20, True, 1), (1 << 26, False, 1), (10, True, 2)):
            async with client.stream("GET", f"/{size}") as answer:
                got = 0
                async for piece in answer.aiter_raw():
                    got += len(piece)
                    if not read_all:
                        break
            assert (got == size, len(connections)) == (read_all, opened)
