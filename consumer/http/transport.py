"""httpx over aiohttp, with what `httpx_aiohttp` leaves open: links sent as they are signed, and errors in our words."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from consumer.http.addresses import CheckedResolver


class CertificateNotTrusted(httpx.ConnectError):
    """The host shows a certificate of another authority, for another name or of another time: no waiting helps."""


def not_trusted(host: str) -> str:
    """The sentence for the operator, who alone can mend it."""
    return f"the certificate of the {host} is not trusted: check GENESYS__CA_FILE, and who stands between us"


class Session:
    """Stands where `AiohttpTransport` wants a session or a function that gives one; opens it at the first request."""

    def __init__(self, resolver: CheckedResolver, tls: ssl.SSLContext) -> None:
        self._resolver = resolver
        self._tls = tls
        self._opened: aiohttp.ClientSession | None = None

    def __call__(self) -> aiohttp.ClientSession:
        return cast(aiohttp.ClientSession, self)

    def request(self, *, url: str, **options: Any) -> _Opening:
        if self._opened is None:
            self._opened = self._open()
        # aiohttp would decode and encode a link given as text anew, and its signature would no longer fit.
        return _Opening(self._opened, URL(url, encoded=True), options)

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            socket_factory=self._resolver.open_socket,
            use_dns_cache=False,
            ssl=self._tls,
            limit=0,  # who calls is limited; a queue in here would count as connecting
        )
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, raise_for_status=False
        )

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()


class _Opening:
    def __init__(self, session: aiohttp.ClientSession, url: URL, options: dict[str, Any]) -> None:
        self._session = session
        self._url = url
        self._options = options

    async def __aenter__(self) -> aiohttp.ClientResponse:
        response = await self._session.request(url=self._url, **self._options)
        response.reason = None  # one that is no UTF-8 makes the transport raise and forget the connection
        return response


class SafeTransport(httpx.AsyncBaseTransport):
    """Asks `permit` before each request; raises `httpx.TransportError` with a sentence that holds nothing foreign."""

    def __init__(
        self,
        session: Session,
        permit: Callable[[httpx.Request], None],
        tls: ssl.SSLContext,
        proxy: httpx.Proxy | None = None,
    ) -> None:
        self._session = session
        self._permit = permit
        self._inner = AiohttpTransport(client=session, verify=tls, proxy=proxy)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._permit(request)
        with _in_our_words():
            response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Stream(response.stream)
        return response

    async def aclose(self) -> None:
        await self._session.close()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_our_words():
            async for piece in self._inner:
                yield piece

    async def aclose(self) -> None:
        with suppress(httpx.TransportError, aiohttp.ClientError):  # what was read stays read
            await self._inner.aclose()


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except (httpx.TransportError, aiohttp.ClientError) as error:
        raise _translated(error) from None


def _translated(error: Exception) -> httpx.TransportError:
    """By what aiohttp raised: the transport's own table calls a connection that broke a connect timeout."""
    cause = error.__cause__ if isinstance(error, httpx.TransportError) else error
    for foreign, ours, sentence in _TRANSLATIONS:
        if isinstance(cause, foreign):
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
