"""What the head of a file host's answer means, before one byte of the body is read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from consumer.errors import NotYet, Unavailable
from consumer.model import Dependency, Expired, Reason

HTML = frozenset({"text/html", "application/xhtml+xml"})
XML = frozenset({"application/xml", "text/xml"})
LINK_IS_OVER = frozenset({401, 403, 404, 410})
MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Redirect:
    location: str


@dataclass(frozen=True, slots=True)
class Coming:
    """A body follows."""

    promised: int | None  # bytes; None when the host does not say


@dataclass(frozen=True, slots=True)
class Wanted:
    cap: int  # bytes
    declared_type: str | None


def judge_head(
    status: int, headers: Mapping[str, str], location: str | None, wanted: Wanted, host: str | None, now: datetime
) -> Coming | Redirect | Expired | Reason:
    """`headers` must find names in any case. `host` is for the failures: set for a host outside the region.

    Raises `Unavailable` for "later", `NotYet` for an answer that no file host should give.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if status == 200:
        return _judge_body(headers, media_type, wanted)
    if status in MOVED and location is not None:
        return Redirect(location)
    if status in LINK_IS_OVER or (status == 400 and media_type in XML):
        return Expired(status)
    detail = f"the file host answered {status}"
    if status == 429 or status >= 500:
        retry_after_s = seconds_to_wait(headers.get("retry-after"), now)
        raise Unavailable(Dependency.FILES, detail, retry_after_s=retry_after_s, host=host)
    raise NotYet(Dependency.FILES, detail, host=host)


def _judge_body(headers: Mapping[str, str], media_type: str, wanted: Wanted) -> Coming | Reason:
    if media_type in HTML and wanted.declared_type not in HTML:
        return Reason.HTML_PAGE
    if headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        return Reason.CONTENT_NOT_ALLOWED  # compressed though we asked for the bytes as they are
    length = headers.get("content-length")
    promised = None if length is None or "transfer-encoding" in headers else int(length)
    if promised is not None and promised > wanted.cap:
        return Reason.TOO_LARGE
    return Coming(promised)


def seconds_to_wait(retry_after: str | None, now: datetime) -> float | None:
    """`Retry-After` in both of its forms; None for what is neither."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())
