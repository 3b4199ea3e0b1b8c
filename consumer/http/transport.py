"""httpx over aiohttp: links sent as they are signed, every address checked, and errors in our words."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
from yarl import URL

from consumer.http.addresses import CheckedResolver
from consumer.http.direct import DirectRequest

PIECE = 16 * 1024


class CertificateNotTrusted(httpx.ConnectError):
    """The host shows a certificate of another authority, for another name or of another time: no waiting helps."""


def not_trusted(host: str) -> str:
    """The sentence for the operator, who alone can mend it."""
    return f"the certificate of the {host} is not trusted: check GENESYS__CA_FILE, and who stands between us"


@dataclass(frozen=True, slots=True)
class Timeouts:
    connect_s: float = 10.0  # name, socket and TLS together
    read_s: float | None = 30.0  # between two pieces; None: for whoever has a deadline for the whole answer


class Session:
    """aiohttp's, opened at the first request."""

    def __init__(
        self, resolver: CheckedResolver, tls: ssl.SSLContext, timeouts: Timeouts, proxy: httpx.Proxy | None
    ) -> None:
        self._resolver = resolver
        self._tls = tls
        self._timeouts = timeouts
        self._proxy_url = str(proxy.url) if proxy is not None else None
        self._proxy_headers = dict(proxy.headers) if proxy is not None else None
        self._opened: aiohttp.ClientSession | None = None

    def request(self, asked: DirectRequest) -> Awaitable[aiohttp.ClientResponse]:
        if self._opened is None:
            self._opened = self._open()
        # aiohttp would decode and encode a link given as text anew, and its signature would no longer fit.
        url = URL(asked.target, encoded=True)
        return self._opened.request(
            asked.method,
            url,
            headers=asked.sent,
            data=asked.content or None,
            allow_redirects=False,
            proxy=self._proxy_url,
            proxy_headers=self._proxy_headers,
        )

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            socket_factory=self._resolver.open_socket,
            use_dns_cache=False,
            ssl=self._tls,
            limit=0,  # who calls is limited; a queue in here would count as connecting
        )
        connect_s = self._timeouts.connect_s
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            raise_for_status=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(connect=connect_s, sock_connect=connect_s, sock_read=self._timeouts.read_s),
        )

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()


class SafeTransport(httpx.AsyncBaseTransport):
    """Asks `permit` before each request; raises `httpx.TransportError` with a sentence that holds nothing foreign."""

    def __init__(self, session: Session, permit: Callable[[DirectRequest], None]) -> None:
        self._session = session
        self._permit = permit

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request, DirectRequest), "only our own client comes here"
        self._permit(request)
        try:
            response = await self._session.request(request)
        except aiohttp.ClientError as error:
            raise _translated(error) from None
        return DirectResponse(response)

    async def aclose(self) -> None:
        await self._session.close()


class DirectResponse(httpx.Response):
    """An answer as it came: httpx would read each of its headers, and each piece of its body, several times over."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.status_code = answer.status
        self.headers = Received(answer)  # type: ignore[assignment] # httpx's own are made of all of them
        self.extensions = {}
        self.default_encoding = "utf-8"
        self.is_closed = False

    async def aiter_raw(self, chunk_size: int | None = None) -> AsyncGenerator[bytes, None]:
        """The body as it was sent. Raises `httpx.TransportError` where it ends early."""
        content = self._answer.content
        try:
            while not content.at_eof():
                yield await content.read(chunk_size or PIECE)
        except aiohttp.ClientError as error:
            raise _translated(error) from None

    async def aread(self) -> bytes:
        """All of it, as it was sent: nobody asks for anything encoded."""
        if not hasattr(self, "_content"):
            self._content = b"".join([piece async for piece in self.aiter_raw()])
        return self._content

    async def aclose(self) -> None:
        self.is_closed = True
        if not self._answer.closed:  # at its end it gave everything back
            self._answer.release()
            with suppress(aiohttp.ClientError):  # what was read stays read
                await self._answer.wait_for_close()


class Received(Mapping[str, str]):
    """Headers that came. Names are found in any case; what came several times is one value, with commas between."""

    __slots__ = ("_named",)

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._named = answer.headers

    def get(self, name: str, default: Any = None, /) -> Any:
        found = self._named.getall(name, None)
        return default if found is None else ", ".join(found)

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._named.getall(name))

    def __contains__(self, name: object) -> bool:
        return name in self._named

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)


def _translated(error: aiohttp.ClientError) -> httpx.TransportError:
    for foreign, ours, sentence in _TRANSLATIONS:
        if isinstance(error, foreign):
            return ours(sentence)
    return httpx.NetworkError("the connection failed")


# The first that fits: each class stands before the ones that it inherits from.
_TRANSLATIONS: tuple[tuple[type[Exception], type[httpx.TransportError], str], ...] = (
    (aiohttp.ClientConnectorCertificateError, CertificateNotTrusted, "its certificate is not trusted"),
    (aiohttp.ClientConnectorSSLError, httpx.ConnectError, "TLS could not be agreed on"),
    (aiohttp.ClientConnectorDNSError, httpx.ConnectError, "its name could not be resolved"),
    (aiohttp.ClientProxyConnectionError, httpx.ProxyError, "the proxy can't be reached"),
    (aiohttp.ClientHttpProxyError, httpx.ProxyError, "the proxy refused to connect"),
    (aiohttp.ClientConnectorError, httpx.ConnectError, "it did not take the connection"),
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout, "no connection in time"),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout, "nothing arrived in time"),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError, "it closed the connection without an answer"),
    (aiohttp.ClientOSError, httpx.ReadError, "the connection broke"),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError, "the answer ended before its end"),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError, "its answer is no valid HTTP"),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol, "not a URL for HTTP"),
)
