"""What a file host's answer is, before the bytes of a file are read. The one place that decides. Pure.

A portal, a proxy or a firewall answers in place of the store as well. So a refusal is the store's only in its own
words: the XML document of S3 and CloudFront, whose `Code` says why, or the error document of Genesys. All else is
doubtful: it settles a file only once the same host has delivered another. So is a 404 in the store's words that is not
about this one object, as of its bucket. Sources: "Error responses" in the API reference of S3, "Blob Storage error
codes" in that of Azure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson

from consumer.http.waits import seconds_to_wait
from consumer.model import Expired, Reason

HTML = frozenset({"text/html", "application/xhtml+xml"})
REFUSALS = frozenset({400, 401, 403, 404, 410})
GONE = frozenset({404, 410})
MOVED = frozenset({301, 302, 303, 307, 308})
REFUSAL_CAP = 65_536  # bytes of a refusal that are read
LATER = frozenset(
    {
        "InternalError",
        "OperationAborted",
        "OperationTimedOut",
        "RequestTimeout",
        "ServerBusy",
        "ServiceUnavailable",
        "SlowDown",
        "internal.server.error",
        "request.timeout",
        "service.unavailable",
    }
)
OBJECT_GONE = re.compile(r"NoSuchKey|NoSuchVersion|BlobNotFound|notFound|(?:[a-z0-9_-]+\.)*(?:not\.found|gone)")
CODE = re.compile(r"[A-Za-z0-9._-]{1,80}")
BOM = b"\xef\xbb\xbf"  # Azure's documents begin with it
# Blanks in front are stripped before: two repeats of them in a row would cost the square of their number.
XML = re.compile(rb"(?:<\?xml[^>]*\?>\s*)?<Error(?:\s[^>]*)?>.*?<Code>\s*([A-Za-z0-9.]{1,80})\s*</Code>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Redirect:
    location: str


@dataclass(frozen=True, slots=True)
class Coming:
    """A body follows."""

    promised: int | None  # bytes; None when the host does not say


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why is in its body, of which `REFUSAL_CAP` bytes are enough."""

    status: int


@dataclass(frozen=True, slots=True)
class NotTheStore:
    """An answer that may be somebody else's. `final` is the verdict if it is about this file alone."""

    what: str  # for a sentence: "it answered …"
    code: str
    final: Reason | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """The host can't, now."""

    what: str
    code: str
    retry_after_s: float | None


class RequestedFile(NamedTuple):
    cap: int  # bytes
    declared_type: str | None
    conversation: str


Head = Coming | Redirect | Refusal | NotTheStore | Later | Reason


def judge_head(status: int, headers: Mapping[str, str], wanted: RequestedFile, now: datetime) -> Head:
    """`headers` must find names in any case."""
    if status == 200:
        return _judge_body(headers, wanted)
    if status in MOVED and (location := headers.get("location")) is not None:
        return Redirect(location)
    if status in REFUSALS:
        return Refusal(status)
    if status == 429 or status >= 500:
        return Later(f"it answered {status}", str(status), seconds_to_wait(headers.get("retry-after"), now))
    return NotTheStore(f"it answered {status}", str(status))


def _judge_body(headers: Mapping[str, str], wanted: RequestedFile) -> Coming | NotTheStore | Reason:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in HTML and wanted.declared_type not in HTML:
        return NotTheStore("it answered with a web page", "html", Reason.HTML_PAGE)
    if headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        return NotTheStore("it compressed what was asked for as it is", "encoded", Reason.CONTENT_NOT_ALLOWED)
    length = headers.get("content-length")
    promised = None if length is None or "transfer-encoding" in headers else int(length)
    if promised is not None and promised > wanted.cap:
        return Reason.TOO_LARGE
    return Coming(promised)


def judge_refusal(status: int, body: bytes) -> Expired | NotTheStore | Later:
    """Whether the store itself refuses the link; `body` may be cut."""
    code = store_code(status, body)
    if code in LATER:
        return Later(f"it answered {status} {code}", code, None)
    final = Reason.NO_LONGER_AVAILABLE if status in GONE else None
    if not code:
        return NotTheStore(f"it answered {status}, not in the store's words", str(status), final)
    if final and not OBJECT_GONE.fullmatch(code):
        return NotTheStore(f"it answered {status} {code}, which is not about this file", code, final)
    return Expired(status, code)


def store_code(status: int, body: bytes) -> str:
    """The store's own word, or Genesys's; "" if neither speaks."""
    body = body.removeprefix(BOM).lstrip()
    if found := XML.match(body):
        return found.group(1).decode()
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    code = said.get("code") if isinstance(said, dict) and said.get("status") == status else None
    return code if isinstance(code, str) and CODE.fullmatch(code) else ""
