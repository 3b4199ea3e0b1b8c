"""One request and its whole answer: bounded in time and bytes, failures in our own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx

from consumer.download.answers import seconds_to_wait
from consumer.errors import Malformed, NotYet, Refused, Unavailable
from consumer.http.addresses import AddressNotAllowed, NameNotAllowed
from consumer.http.transport import CertificateNotTrusted, not_trusted
from consumer.model import Dependency
from consumer.wire.parsing import parse

LONGEST_WAIT_S = 300.0
CODE = re.compile(r"[a-z0-9._-]{1,80}")
CORRELATION_ID = re.compile(r"[0-9a-fA-F-]{8,64}")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def is_html(self) -> bool:
        content_type: str = self.headers.get("content-type", "")
        return content_type.partition(";")[0].strip().lower() == "text/html"

    def object(self) -> dict[str, Any] | None:
        """The body as a JSON object; None if it is something else."""
        try:
            parsed = parse(self.body)
        except Malformed:
            return None
        return parsed if isinstance(parsed, dict) else None

    @property
    def code(self) -> str:
        """Genesys's own word for the error: `code` of the API, `error` of the login host. "" if there is none."""
        said = self.object() or {}
        value = said.get("code") or said.get("error")
        return value if isinstance(value, str) and CODE.fullmatch(value) else ""

    @property
    def trace(self) -> str:
        """What Genesys's support asks for, ready to end a sentence."""
        value = self.headers.get("inin-correlation-id", "")
        return f" (correlation id {value})" if CORRELATION_ID.fullmatch(value) else ""


async def exchange(
    http: httpx.AsyncClient,
    dependency: Dependency,
    request: httpx.Request,
    *,
    deadline_s: float,
    cap: int,
) -> Answer:
    """Sends `request`, follows no redirect. Raises `Unavailable` when no answer came, `NotYet` for one beyond `cap`,
    `Refused` when the host is not who it should be."""
    try:
        with anyio.fail_after(deadline_s):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                return Answer(response.status_code, response.headers, await _body(response, dependency, cap))
            finally:
                await response.aclose()
    except TimeoutError:
        raise Unavailable(dependency, f"no answer of the {dependency.value} host in {deadline_s:g} s") from None
    except CertificateNotTrusted:
        raise Refused(dependency, not_trusted(f"{dependency.value} host")) from None
    except httpx.TransportError as error:
        kind = type(error).__name__
        raise Unavailable(dependency, f"the {dependency.value} host cannot be reached ({kind})") from None
    except (AddressNotAllowed, NameNotAllowed):
        raise Refused(dependency, f"the {dependency.value} host leads to an address that is not public") from None


async def _body(response: httpx.Response, dependency: Dependency, cap: int) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise NotYet(dependency, f"the {dependency.value} host compressed an answer, which nobody asked for")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > cap:
            raise NotYet(dependency, f"an answer of the {dependency.value} host exceeds {cap} bytes")
    return bytes(body)


def retry_after_s(headers: httpx.Headers, *, limited: bool = False) -> float | None:
    """Seconds, as Genesys gives them; capped, since a whole service would wait for a wrong one.

    `limited`: it is the rate limit that speaks, and without another word its window tells when to come again. Every
    answer names that window, so for any other failure it says nothing.
    """
    seconds = seconds_to_wait(headers.get("retry-after"), datetime.now(UTC))
    if not seconds and limited:
        seconds = seconds_to_wait(headers.get("inin-ratelimit-reset"), datetime.now(UTC))
    return min(seconds, LONGEST_WAIT_S) if seconds else None
