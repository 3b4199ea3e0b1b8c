"""The client that goes straight to the transport: what it sends, and what it never does."""

from __future__ import annotations

import httpx
import pytest

from consumer.http.direct import DirectClient

TIMEOUT = httpx.Timeout(3.0, connect=1.0)


class Heard(httpx.AsyncBaseTransport):
    def __init__(self, *answers: httpx.Response) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answers.pop(0)


def client_over(transport: Heard, base: str = "https://api.example/base") -> DirectClient:
    return DirectClient(transport, base, TIMEOUT, {"User-Agent": "us"})


async def test_a_request_has_what_it_was_given_and_nothing_else() -> None:
    heard = Heard(httpx.Response(200, text="yes"))
    async with client_over(heard) as client:
        request = client.build_request("POST", "/path", params={"a": "b"}, content=b"{}", headers={"Accept": "x"})
        answer = await client.send(request)
    (sent,) = heard.requests
    assert (sent.method, str(sent.url), sent.content) == ("POST", "https://api.example/base/path?a=b", b"{}")
    assert dict(sent.headers) == {"host": "api.example", "user-agent": "us", "accept": "x", "content-length": "2"}
    assert sent.extensions["timeout"] == {"connect": 1.0, "read": 3.0, "write": 3.0, "pool": 3.0}
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
    assert (answer.status_code, answer.extensions["location"], len(heard.requests)) == (302, location, 1)


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
