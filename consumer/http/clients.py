"""The one place where HTTP clients are made. Three levels of trust, one client and one session for each:

login (client id and secret), API (bearer token), files (nothing, to wherever a checked link points).

Each of them: TLS always verified, no redirect followed on its own, no cookie kept, nothing taken from the environment,
no DNS cache, addresses checked by `CheckedResolver`. Every failure of the network comes out as an
`httpx.TransportError` with a sentence of ours, since the words of the libraries hold links; besides it only
`NameNotAllowed` and `AddressNotAllowed`. Close a client with `aclose()` or `async with`.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import certifi
import httpx
from aiohttp import encode_basic_auth

from consumer.http.addresses import CheckedResolver, Reach, Resolve, is_literal, system_lookup
from consumer.http.direct import DirectClient, DirectRequest, as_sent
from consumer.http.transport import SafeTransport, Session, Timeouts
from consumer.http.urls import UrlRules, judge_url


class NotPermitted(Exception):
    """A request that this client must never send, whoever asks for it: a bug on our side."""


def api_client(
    base_url: str,
    *,
    ca_file: Path | None = None,
    timeouts: Timeouts | None = None,
    any_address: bool = False,
    proxy: str | None = None,
    lookup: Resolve = system_lookup,
) -> httpx.AsyncClient:
    """Sends to the origin of `base_url` and nowhere else, so that a token can't leave it.

    `ca_file` (PEM) replaces the public authorities. `any_address` is for a base URL that an operator chose: without it
    the name must lead to public addresses. An address written in `base_url` itself is taken as it is. Behind a `proxy`
    it is the proxy that resolves names.
    """
    base = httpx.URL(base_url)
    trusted = any_address or is_literal(base.host)
    host = frozenset({base.raw_host.decode()})

    root = as_sent(base_url.rstrip("/") + "/")

    def permit(request: DirectRequest) -> None:
        if not request.target.startswith(root):
            raise NotPermitted("a request to another origin than the one that this client is for")

    reach = Reach(trusted_hosts=host) if trusted else Reach(public_names=host)
    resolver = CheckedResolver(_to_proxy(proxy) if proxy else reach, lookup)
    return _client(resolver, permit, ca_file, timeouts or Timeouts(), base_url=base_url, proxy=proxy)


def file_client(
    rules: UrlRules,
    *,
    ca_file: Path | None = None,
    timeouts: Timeouts | None = None,
    proxy: str | None = None,
    lookup: Resolve = system_lookup,
) -> httpx.AsyncClient:
    """Sends only where `rules` allow, and never any credentials.

    Behind a `proxy` it is the proxy that resolves names, so that checking their addresses is the proxy's business.
    """

    def permit(request: DirectRequest) -> None:
        # Only where it goes: what stands behind was judged as it was written, and may have been encoded since.
        if not judge_url("/".join(request.target.split("/", 3)[:3]), rules).allowed:
            raise NotPermitted("a download from where the rules do not allow")
        if {name.lower() for name in request.sent} & {"authorization", "cookie", "proxy-authorization"}:
            raise NotPermitted("credentials on their way to a file host")

    if proxy is None:
        origins = frozenset(origin.host for origin in rules.allowed_origins)
        reach = Reach(public_names=rules.region_hosts | rules.allowed_hosts, trusted_hosts=origins)
    else:
        reach = _to_proxy(proxy)
    return _client(CheckedResolver(reach, lookup), permit, ca_file, timeouts or Timeouts(), proxy=proxy)


def _client(
    resolver: CheckedResolver,
    permit: Callable[[DirectRequest], None],
    ca_file: Path | None,
    timeouts: Timeouts,
    *,
    base_url: str = "",
    proxy: str | None = None,
) -> httpx.AsyncClient:
    tls = ssl.create_default_context(cafile=str(ca_file or certifi.where()))
    transport = SafeTransport(Session(resolver, tls, timeouts, _proxy(proxy)), permit)
    return DirectClient(transport, base_url, {"User-Agent": "attachment-consumer"})


def _to_proxy(url: str) -> Reach:
    return Reach(trusted_hosts=frozenset({httpx.URL(url).raw_host.decode()}))


def _proxy(url: str | None) -> httpx.Proxy | None:
    """Its credentials go into a header by hand: the transport's own way of doing that is deprecated in aiohttp."""
    if url is None:
        return None
    parsed = httpx.URL(url)
    if not parsed.userinfo:
        return httpx.Proxy(parsed)
    credentials = encode_basic_auth(parsed.username, parsed.password)
    return httpx.Proxy(parsed.copy_with(userinfo=b""), headers={"Proxy-Authorization": credentials})
