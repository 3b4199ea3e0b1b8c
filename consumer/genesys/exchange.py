"""One request and its whole answer: bounded in time and bytes, failures in our own words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx

from consumer.errors import Refused, Unavailable
from consumer.genesys.answers import Reply
from consumer.http.addresses import AddressNotAllowed, NameNotAllowed
from consumer.http.transport import CertificateNotTrusted, not_trusted
from consumer.http.waits import seconds_to_wait
from consumer.model import Dependency, Settled
from consumer.model.heard import Asked

DEADLINE_S = 30.0
LONGEST_WAIT_S = 300.0  # a whole service would wait for a wrong one


async def exchange(
    http: httpx.AsyncClient,
    dependency: Dependency,
    request: httpx.Request,
    *,
    asked: Asked,
    deadline_s: float,
    cap: int,
) -> Reply:
    """Sends `request`, follows no redirect. Raises `Unavailable` when no answer came or it ended early, `Refused` when
    the host is not who it should be."""

    def away(detail: str) -> Unavailable:
        return Unavailable(dependency, detail, asked=asked, settled=Settled(asked.call, "no_answer"))

    def host() -> str:
        return f"the {dependency.value} host"

    try:
        async with asyncio.timeout(deadline_s):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                body = await _body(response, cap)
            finally:
                await response.aclose()
    except TimeoutError:
        raise away(f"no answer of {host()} in {deadline_s:g} s") from None
    except CertificateNotTrusted:
        raise Refused(dependency, not_trusted(f"{dependency.value} host"), asked=asked) from None
    except httpx.TransportError as error:
        raise away(f"{host()} cannot be reached ({type(error).__name__})") from None
    except (AddressNotAllowed, NameNotAllowed):
        raise Refused(dependency, f"{host()} leads to an address that is not public", asked=asked) from None
    return Reply(response.status_code, response.headers, body or b"", whole=body is not None)


async def _body(response: httpx.Response, cap: int) -> bytes | None:
    """None for one that passes the cap, or that was encoded though nobody asked for it."""
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        return None
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > cap:
            return None
    return bytes(body)


def retry_after_s(headers: Mapping[str, str], *, limited: bool = False) -> float | None:
    """Seconds, as Genesys gives them; those of a limit are bounded by whoever waits for it.

    `limited`: it is the rate limit that speaks, and without another word its window tells when to come again. Every
    answer names that window, so for any other failure it says nothing.
    """
    seconds = seconds_to_wait(headers.get("retry-after"), datetime.now(UTC))
    if not seconds and limited:
        seconds = seconds_to_wait(headers.get("inin-ratelimit-reset"), datetime.now(UTC))
    return (seconds if limited else min(seconds, LONGEST_WAIT_S)) if seconds else None
