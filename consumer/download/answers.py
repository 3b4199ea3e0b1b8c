"""What a file host's answer is. The one place that decides. Pure.

A portal, a proxy or a firewall answers in place of the store as well. So a refusal is the store's only in its own
words: the XML document of S3 and CloudFront, whose `Code` says why, or the error document of Genesys or Google. All
else is doubtful: it settles a file only once the same host has delivered another. So is a 404 in the store's words that
is not about this one object, as of its bucket. Sources: "Error responses" in the API reference of S3, "Blob Storage
error codes" in that of Azure, "HTTP status and error codes for JSON" in that of Google Cloud Storage.

`strange` judges what came with a 200, whatever its headers call it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson

from consumer.download.sizes import Feed
from consumer.http.codes import NOT_THERE, as_written
from consumer.http.waits import seconds_to_wait
from consumer.model import Expired, Reason

HTML = frozenset({"text/html", "application/xhtml+xml"})
REFUSALS = frozenset({400, 401, 403, 404, 410})
GONE = frozenset({404, 410})
# What stores give back as `Content-Encoding` since an upload said so, and which names none of the bytes.
NO_CODINGS = frozenset({
    "", "7bit", "8bit", "ascii", "aws-chunked", "base64", "binary", "identity", "iso-8859-1", "none", "utf-8", "utf8",
})  # fmt: skip
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
OBJECT_GONE = re.compile(rf"NoSuchKey|NoSuchVersion|BlobNotFound|notFound|{NOT_THERE}")
STORE_CODE = re.compile(r"[A-Za-z0-9._-]{1,80}")
BOM = b"\xef\xbb\xbf"  # Azure's documents begin with it
NO_OBJECT = "No such object"  # how Google tells a missing object from a missing bucket
# Blanks in front are stripped before: two repeats of them in a row would cost the square of their number.
XML = re.compile(rb"(?:<\?xml[^>]*\?>\s*)?<Error(?:\s[^>]*)?>.*?<Code>\s*([A-Za-z0-9.]{1,80})\s*</Code>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Redirect:
    location: str


@dataclass(frozen=True, slots=True)
class Coming:
    """A body follows."""

    promised: int | None  # bytes; None when the host does not say
    called_page: bool = False  # by its type


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
    feed: Feed
    conversation: str
    declared_size: int | None = None  # bytes
    declared_sha256: str | None = None  # lower-case hex
    sizes_tell: bool = False  # what Genesys says of its bytes is known to hold
    believed: str = ""  # SHA-256 of the body that is known to be about this file alone, whatever it holds
    is_new: bool = True  # when it was announced: that it comes proves something for others that are new

    @property
    def declared_type(self) -> str | None:
        return self.feed.declared_type


class Arrived(NamedTuple):
    """A whole body."""

    head: bytes  # its first `HEAD` bytes
    size: int
    sha256: str  # lower-case hex


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
    """What it is called tells little where exactly as many bytes come as Genesys says."""
    length = headers.get("content-length")
    promised = None if length is None or "transfer-encoding" in headers else int(length)
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    called_page = media_type in HTML and wanted.declared_type not in HTML
    if promised is None or promised != wanted.declared_size:
        if called_page:
            return NotTheStore("it answered with a web page", "html", Reason.HTML_PAGE)
        codings = headers.get("content-encoding", "").lower().split(",")
        if any(coding.strip() not in NO_CODINGS for coding in codings):
            return NotTheStore("it compressed what was asked for as it is", "encoded", Reason.CONTENT_NOT_ALLOWED)
    if promised is not None and promised > wanted.cap:
        return Reason.TOO_LARGE if wanted.declared_size is None else too_large(wanted)
    return Coming(promised, called_page)


def too_large(wanted: RequestedFile, head: bytes = b"") -> NotTheStore | Reason:
    """What a body says that has more bytes than the file may have: Genesys said less, or it would not have been asked
    for, or said nothing, and nor did who sends it."""
    if not wanted.sizes_tell and not _foreign(head, wanted):
        return Reason.TOO_LARGE
    return NotTheStore("it sent more than the file may have", "too_large", Reason.TOO_LARGE)


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
    if not isinstance(said, dict):
        return ""
    google = said.get("status") != status
    code = _code_of_google(status, said.get("error")) if google else said.get("code")
    if not isinstance(code, str) or not STORE_CODE.fullmatch(code):
        return ""
    return code if google else as_written(code, said)


def _code_of_google(status: int, error: object) -> object:
    """Its word for the first of the errors."""
    if not isinstance(error, dict) or error.get("code") != status or not isinstance(error.get("errors"), list):
        return None
    reasons = [each.get("reason") for each in error["errors"][:1] if isinstance(each, dict)]
    missing = reasons == ["notFound"]
    return "noBucket" if missing and not str(error.get("message")).startswith(NO_OBJECT) else next(iter(reasons), None)


# ---- bodies

HEAD = 1_024  # bytes of a body that tell what it begins like
AGAIN = "again"
OTHER_BYTES = frozenset({"size", "hash"})
# What a page begins with, by the WHATWG's "MIME Sniffing", 7.1, and two tags more.
PAGE = re.compile(
    rb"<(?:!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta|link)(?=[\s>/])",
    re.IGNORECASE,
)
BEFORE_A_PAGE = b"\xef\xbb\xbf\xfe\xff \t\r\n\f"
AROUND_WORDS = bytes(byte for byte in range(32) if byte not in b"\t\n\f\r") + b"\x7f"
BINARY = ("image/", "audio/", "video/", "application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.")
BINARY_TYPES = frozenset({"application/pdf", "application/zip"})
UNTOLD_TYPES = frozenset({"", "application/octet-stream", "binary/octet-stream"})


def strange(came: Arrived, told: Coming, wanted: RequestedFile) -> NotTheStore | None:
    """Why a body may not be the store's: nothing, a page or a few words in place of a file, less of it than Genesys
    says from who did not say how much comes, or other bytes than Genesys says. None if it is the file: so it is,
    whatever it holds, when it has the hash or as many bytes as Genesys says. The type that it came with tells nothing
    alone: stores keep what they were told, and portals say anything."""
    if came.sha256 in (wanted.believed, wanted.declared_sha256):
        return None
    if wanted.declared_sha256 and wanted.sizes_tell:
        return NotTheStore("it sent bytes of another hash than Genesys says", "hash")
    if came.size == wanted.declared_size and not (told.called_page and _is_page(came.head)):
        return None
    if not came.size:
        return NotTheStore("it sent nothing", "empty")
    if foreign := _foreign(came.head, wanted):
        return foreign
    if told.promised is None and came.size < (wanted.declared_size or 0):
        return NotTheStore("it sent less than the file has, and did not say how much comes", "short")
    if wanted.declared_size is not None and wanted.sizes_tell:
        return NotTheStore("it sent another number of bytes than Genesys says", "size")
    return None


def _foreign(head: bytes, wanted: RequestedFile) -> NotTheStore | None:
    """What no file of its type begins like."""
    if wanted.declared_type not in HTML and _is_page(head):
        return NotTheStore("it sent a web page", "html")
    if head and _is_never_words(wanted) and _is_words(head):
        return NotTheStore("it sent words in place of such a file", "words")
    return None


def _is_page(head: bytes) -> bool:
    head = head.replace(b"\0", b"").lstrip(BEFORE_A_PAGE)  # UTF-16 puts a NUL beside each letter
    if head.startswith(b"<?xml"):
        head = head.partition(b"?>")[2].lstrip()
    while head.startswith(b"<!--"):
        head = head.partition(b"-->")[2].lstrip()
    return PAGE.match(head) is not None


def _is_never_words(wanted: RequestedFile) -> bool:
    """Whether its type is one whose files hold more than words; or it has none, and another size."""
    declared = wanted.declared_type or ""
    if declared in UNTOLD_TYPES:
        return wanted.declared_size is not None
    return declared in BINARY_TYPES or (declared.startswith(BINARY) and not declared.endswith("+xml"))


def _is_words(head: bytes) -> bool:
    return not head.startswith(b"%PDF") and len(head.translate(None, AROUND_WORDS)) == len(head)
