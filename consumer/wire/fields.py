"""Single fields of foreign JSON, read with suspicion: a wrong type is nothing, a wrong id or structure is an error."""

from __future__ import annotations

import re
from collections.abc import Set
from datetime import UTC, datetime
from typing import Any

from consumer.errors import Malformed
from consumer.identity import in_one_case
from consumer.model import FIRST_MS, Kind, MediaStatus

Json = dict[str, Any]

# Conversation and message ids become parts of API paths and Kafka keys. Genesys uses GUIDs and hex; channels add signs.
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=@+~-]{0,199}")
ID_SIGNS = "an id has at most 200 letters, digits and ._:=@+~-"
ATTACHMENT_ID_LENGTH = 256
NAME_LENGTH = 1_024
TYPE_LENGTH = 255
MANY_FIELDS = 1_000  # of an object, which are not looked through for something to judge: they may hold it
FILE_FIELDS = frozenset({
    "attachmentId", "contentLengthBytes", "contentSizeBytes", "fileName", "fileSize", "filename", "mime", "url",
})  # fmt: skip
SHA256 = re.compile(r"[0-9a-f]{64}")
NUMBER = re.compile(r"[0-9]{1,15}")
DOWNLOAD_PATH = re.compile(r"(?:/platform)?/api/v2/downloads/([A-Za-z0-9][A-Za-z0-9._~-]{0,199})/?")
_FIRST = datetime.fromtimestamp(FIRST_MS / 1000, UTC)
_KINDS = {kind.value.lower(): kind for kind in Kind}
_STATUSES = {status.value: status for status in MediaStatus}


class BadId(Malformed):
    """An id that can't be one: not a text, too long, or with characters that no id has."""


def read_id(raw: object, what: str) -> str | None:
    """A conversation or message id, a GUID in lower case; None if there is none. Raises `BadId`."""
    if raw is None:
        return None
    usable = _as_id(raw)
    if usable is None:
        raise BadId(f"the {what} is not an id: {ID_SIGNS}")
    return usable


def usable_id(*raws: object) -> tuple[str, str]:
    """The first of them that can be an id, as `read_id` gives it, and ""; where none can, "" and the first that is
    there, as text."""
    odd: object = None
    for raw in raws:
        if raw is None:
            continue
        usable = _as_id(raw)
        if usable is not None:
            return usable, ""
        odd = raw if odd is None else odd
    if odd is None:
        return "", ""
    return "", str(odd) if isinstance(odd, str | int | float) else type(odd).__name__


def _as_id(raw: object) -> str | None:
    return in_one_case(raw) if isinstance(raw, str) and ID.fullmatch(raw) and ".." not in raw else None


def attachment_id(raw: object) -> str | None:
    """Attachment ids are the provider's own: any short printable text, as it is written. Without one the URL identifies
    the file.

    What was half a surrogate once is none: two ids could have become one.
    """
    if isinstance(raw, str) and 0 < len(raw) <= ATTACHMENT_ID_LENGTH and raw.isprintable() and "\ufffd" not in raw:
        return raw
    return None


def can_be_id(typed: str) -> bool:
    """Of a conversation, a message or an attachment. Spaces are a slip: of ids that hold one none was ever seen."""
    return attachment_id(typed) is not None and not any(map(str.isspace, typed))


def an_object(raw: object, what: str) -> Json | None:
    if raw is None or isinstance(raw, dict):
        return raw
    raise Malformed(f"{what} is not an object")


def objects(raw: object, what: str) -> list[Json]:
    """The elements of a list of objects; none if it is missing. Raises `Malformed`."""
    if raw is None:
        return []
    if isinstance(raw, list):
        for element in raw:
            if not isinstance(element, dict):
                break
        else:
            return raw
    raise Malformed(f"{what} is not a list of objects")


def text(raw: object) -> str | None:
    return raw if isinstance(raw, str) and raw else None


def is_a_file_s(node: Json) -> bool:
    """Whether it may be a file by itself, whose kind stands where a conversation has its medium."""
    return node.get("mediaType") == Kind.VIDEO or not FILE_FIELDS.isdisjoint(node)


def holds_nothing(node: Json) -> bool:
    """Whether it is ids and words alone, lists and pairs of them too: no object in another or in a list, and no text in
    JSON, in which a message or a file could be."""
    return len(node) <= MANY_FIELDS and not any(map(_may_hold, node.values()))


def holds_more(node: Json, known: Set[str]) -> bool:
    """Whether an object is there, or a text in JSON, by another name than these."""
    beside = {name: value for name, value in node.items() if name not in known}
    return not holds_nothing(beside) or any(isinstance(value, dict) for value in beside.values())


def _may_hold(value: object) -> bool:
    match value:
        case str():
            return value[:1] in ("{", "[")
        case dict():
            return any(isinstance(each, (dict, list)) for each in value.values())
        case list():
            return any(isinstance(each, dict) for each in value)
        case _:
            return False


def may_be_json(raw: object) -> bool:
    """Whether it is a text that begins as an object, a list or a text does."""
    return isinstance(raw, str) and raw.lstrip()[:1] in ("{", "[", '"')


def word(raw: object) -> str:
    """A value of an enumeration, lower case; "" if it is none. Unknown ones are the caller's to tolerate."""
    return raw.strip().lower() if isinstance(raw, str) else ""


def first_text(raw: Json, *names: str) -> str | None:
    for name in names:
        value = raw.get(name)
        if value and isinstance(value, str):
            return value
    return None


def name(raw: Json) -> str | None:
    """The customer's file name; of a very long one the beginning and the end, which holds the extension."""
    value = first_text(raw, "filename", "name")
    if value is None or len(value) <= NAME_LENGTH:
        return value
    half = NAME_LENGTH // 2
    return f"{value[:half]}…{value[-half + 1 :]}"


def size(raw: Json) -> int | None:
    for field in ("contentSizeBytes", "contentLengthBytes", "fileSize", "contentLength", "size"):
        if field in raw and (value := number(raw[field])) is not None and value >= 0:
            return value
    return None


def number(raw: object) -> int | None:
    """A whole number, which some bridges write as a text."""
    if isinstance(raw, str) and NUMBER.fullmatch(raw):
        return int(raw)
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None


def mime(raw: Json) -> str | None:
    """The declared type. `mediaType` is that in some shapes and a kind in others; only a MIME type has a slash."""
    value = first_text(raw, "mime", "contentType")
    if value is None:
        media_type = text(raw.get("mediaType"))
        value = media_type if media_type and "/" in media_type else None
    if value is None:
        return None
    return "".join(value.partition(";")[0].split()).lower()[:TYPE_LENGTH] or None


def kind(raw: object) -> Kind | None:
    return _KINDS.get(word(raw))


def status(raw: object) -> MediaStatus:
    return _STATUSES.get(word(raw), MediaStatus.UNKNOWN)


def sha256(raw: object) -> str | None:
    if raw is None:
        return None
    value = word(raw)
    return value if SHA256.fullmatch(value) else None


def time(raw: object) -> datetime | None:
    """ISO 8601 (UTC where it names no zone), milliseconds or seconds since 1970. None as well for a time before there
    was anything to tell: programs write year 1, or 1970, where they have none."""
    moment = None
    try:
        if (written := number(raw)) is not None:
            moment = datetime.fromtimestamp(written / 1000 if written >= FIRST_MS else written, UTC)
        elif isinstance(raw, str) and len(raw) <= 40:
            moment = datetime.fromisoformat(raw)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment is not None and moment >= _FIRST else None


def first_time(*values: object) -> datetime | None:
    for value in values:
        if value is not None and (moment := time(value)) is not None:
            return moment
    return None


def host_and_path_of(url: str) -> tuple[str, str]:
    """Host in lower case and path, whatever the text is: for telling links apart, never for connecting."""
    rest = url.partition("://")[2] or url
    rest = rest.partition("?")[0].partition("#")[0]
    host, slash, path = rest.partition("/")
    return host.rpartition("@")[2].lower().rstrip("."), slash + path


def download_id(url: str | None) -> str | None:
    """The id in a Genesys download link, whichever of its hosts the link names."""
    match = DOWNLOAD_PATH.fullmatch(host_and_path_of(url)[1]) if url else None
    return match.group(1) if match else None


def link_of(url: str | None) -> str | None:
    """The same for one download, whichever host its link names and whatever stands behind it."""
    return download_id(url) or url


def host_and_path(url: str | None) -> str | None:
    """What of a URL stays the same when it is signed anew."""
    return "".join(host_and_path_of(url)) if url else None
