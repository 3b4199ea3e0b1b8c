"""httpx's client without what this service never uses: redirects, cookies, log-ins, its own look at the environment.

A request goes straight to the transport. That costs a fraction of the CPU of httpx's own way, and leaves nothing in
between that could add a header, keep a cookie or follow a link.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import httpx

# What httpx would send as it is written, without looking at each of its characters twice.
_PLAIN = re.compile(
    r"https?://[a-z0-9.-]+(?::(?!80/|443/)[1-9][0-9]{0,4})?/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*"
)
_ODD = re.compile(r"/\.|xn--")  # paths that lead upwards, names that are written in another alphabet


def as_sent(target: str) -> str:
    """`target` as it stands in the request. Raises `httpx.InvalidURL` or `UnicodeError` for what is no URL."""
    if _PLAIN.fullmatch(target) and not _ODD.search(target):
        return target
    url = httpx.URL(target)
    assert url.host is not None  # read, since that is where a name of no alphabet shows
    return str(url)


class DirectRequest(httpx.Request):
    """A request as it is sent. httpx's reading of its URL and its headers is made for whoever asks for it."""

    def __init__(self, method: str, target: str, sent: Mapping[str, str], content: bytes = b"") -> None:
        self.method = method
        self.target = target
        self.sent = sent  # headers; the transport adds those of the connection
        self.extensions = {}
        self.stream = httpx.ByteStream(content)
        self._content = content

    @cached_property
    def url(self) -> httpx.URL:  # type: ignore[override] # there it is made at once
        return httpx.URL(self.target)

    @cached_property
    def headers(self) -> httpx.Headers:  # type: ignore[override] # as well
        return httpx.Headers(self.sent)


class DirectClient(httpx.AsyncClient):
    """`base_url`: stands before each URL that begins with a slash."""

    def __init__(self, transport: httpx.AsyncBaseTransport, base_url: str, headers: Mapping[str, str]) -> None:
        super().__init__(transport=transport, base_url=base_url, trust_env=False, follow_redirects=False)
        self._base = base_url.rstrip("/")
        self._always = headers

    def build_request(self, method: str, url: httpx.URL | str, *, headers: Any = None, **parts: Any) -> DirectRequest:
        """As httpx's own, of which it takes `content` and `data`; the rest has no effect."""
        target = str(url)
        if target.startswith("/"):
            target = self._base + target
        sent = {**self._always, **(headers or {})}
        content = parts.get("content") or b""
        if data := parts.get("data"):
            content = urlencode(data).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        return DirectRequest(method, as_sent(target), sent, content)

    async def send(self, request: httpx.Request, *, stream: bool = False, **_: Any) -> httpx.Response:
        """Without `stream` the whole body is read. Follows nothing. Raises what the transport raises."""
        if self.is_closed:
            raise RuntimeError("the client is closed")
        response = await self._transport.handle_async_request(request)
        response.request = request
        if not stream:
            try:
                await response.aread()
            finally:
                await response.aclose()
        return response
