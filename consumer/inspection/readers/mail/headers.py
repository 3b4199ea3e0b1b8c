"""The headers of a mail or of one of its parts: names, values, and the parameters in these."""

from __future__ import annotations

import binascii
import codecs
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from urllib.parse import unquote_to_bytes

from consumer.inspection.readers.seen import TooMuch, Unreadable, Work

MOST_BYTES = 256 * 1024  # of headers
MOST_FIELDS = 2_000
MOST_PARAMETERS = 256
MOST_DIGITS = 4  # of the number of a piece
A_FIELD, A_BYTE = 512, 192  # of work: comments, escapes and encoded words have two letters and more
ONCE = ("content-type", "content-transfer-encoding")  # who says it twice may mean another one than the next reader
NOT_OF_ASCII = {
    "utf-16le": codecs.utf_16_le_decode,
    "utf-16be": codecs.utf_16_be_decode,
    "utf-16": codecs.utf_16_decode,
    "utf-7": codecs.utf_7_decode,
}
"""Charsets in which the letters of an ending are other bytes."""
NAME = b"-_." + string.ascii_letters.encode() + string.digits.encode()
"""What names of headers are made of; the standard allows nearly any sign."""


@dataclass(frozen=True, slots=True)
class Headers:
    fields: Mapping[str, Sequence[str]]  # name in lower case → values, unfolded

    def value(self, name: str) -> str:
        return self.fields.get(name, ("",))[0]

    def kind(self) -> str:
        """The MIME type, `text/plain` where none is said."""
        said = _without_comments(self.value("content-type").partition(";")[0]).strip().lower()
        return said if "/" in said else "text/plain"

    def encoding(self) -> str:
        """Readers take the first word, which a comma ends as well (Thunderbird's `MimeHeaders_get`)."""
        said = _without_comments(self.value("content-transfer-encoding")).replace(",", ";").partition(";")[0].split()
        return said[0].lower().strip('"') if said else ""

    def boundary(self) -> str:
        """`Unreadable` if it says two: which one counts differs from reader to reader."""
        said = {value.rstrip() for value in _parameters(self.value("content-type")).get("boundary", ())}
        if len(said) > 1:
            raise Unreadable("a part says twice where its own parts begin, and not the same")
        return next(iter(said), "")

    def names(self) -> tuple[str, ...]:
        """What the part is called, as each way to say it has it."""
        found = dict.fromkeys(
            readable(name)
            for field in ("content-disposition", "content-type")
            for value in self.fields.get(field, ())
            for key, names in _parameters(value).items()
            if key in ("filename", "name")
            for name in names
        )
        return tuple(found)


def begins(data: bytes) -> bool:
    """Whether `data` begins with the name of a header."""
    name, colon, _ = data.partition(b":")
    return bool(colon and name) and not name.rstrip(b" \t").translate(None, NAME)


def split(data: bytes, begin: int, end: int) -> tuple[int, int]:
    """Where the headers end that begin at `begin`, and where the body begins. Lines end with LF."""
    if data.startswith(b"\n", begin, end):
        return begin, begin + 1
    at = data.find(b"\n\n", begin, end)
    return (at, at + 2) if at >= 0 else (end, end)


def read(block: bytes, work: Work) -> Headers:
    """`Unreadable` if they contradict themselves."""
    if len(block) > MOST_BYTES:
        raise TooMuch("its headers are longer than any can be")
    work.spend(A_BYTE * len(block))
    lines = block.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n")
    if len(lines) > MOST_FIELDS:
        raise TooMuch("it has more headers than any mail has")
    fields: dict[str, list[str]] = {}
    for line in lines:
        work.spend(A_FIELD)
        name, colon, value = line.partition(b":")
        if colon:
            values = fields.setdefault(name.strip().decode("latin-1").lower(), [])
            values.append(value.strip().decode("utf-8", "replace"))
    if any(len(set(fields.get(name, ()))) > 1 for name in ONCE):
        raise Unreadable("a part says twice what it is, and not the same")
    return Headers(fields)


def _without_comments(value: str) -> str:
    kept, at = list[str](), 0
    while (begin := value.find("(", at)) >= 0 and (end := value.find(")", begin)) >= 0:
        kept += value[at:begin], " "
        at = end + 1
    return "".join((*kept, value[at:]))


def _parameters(value: str) -> Mapping[str, list[str]]:
    """Those behind the first semicolon, each as often as it is said; pieces and codings (RFC 2231) are put together."""
    found: dict[str, list[str]] = {}
    pieces: dict[str, list[tuple[int, str]]] = {}
    for key, part in _pairs(value):
        name, star, number = key.partition("*")
        if not star:
            found.setdefault(name, []).append(part)
            continue
        if key.endswith("*") or "''" in part:
            charset, mark, coded = part.partition("'")
            part = coded.partition("'")[2] if mark and len(charset) < 40 else part
            part = unquote_to_bytes(part).decode("utf-8", "replace")
        digits = number.rstrip("*")[:MOST_DIGITS]
        pieces.setdefault(name, []).append((int(digits) if digits.isdecimal() else 0, part))
    for name, parts in pieces.items():
        whole = "".join(part for _, part in sorted(parts, key=itemgetter(0)))
        found.setdefault(name, []).append(whole)
    return found


def _pairs(value: str) -> Iterator[tuple[str, str]]:
    at = _behind_semicolon(value, 0)
    for _ in range(MOST_PARAMETERS):
        equals = value.find("=", at)
        if equals < 0:
            return
        key, at = value[at:equals].strip(" \t;").lower(), _behind_space(value, equals + 1)
        if value.startswith('"', at):
            part, at = _quoted(value, at + 1)
            yield key, part
            at = _behind_semicolon(value, at)
        else:
            begin, at = at, _behind_semicolon(value, at)
            yield key, value[begin:at].removesuffix(";").strip()
    if "=" in value[at:]:
        raise TooMuch("a header has more parameters than any mail has")


def _behind_semicolon(value: str, at: int) -> int:
    return value.find(";", at) + 1 or len(value)


def _behind_space(value: str, at: int) -> int:
    while value[at : at + 1].isspace():
        at += 1
    return at


def _quoted(value: str, at: int) -> tuple[str, int]:
    """What stands from `at` on up to the sign that ends it, and the place behind that."""
    out, end = list[str](), value.find('"', at) % (len(value) + 1)
    while (slash := value.find("\\", at, end)) >= 0:
        out += value[at:slash], value[slash + 1 : slash + 2]
        at = slash + 2
        if at > end:
            end = value.find('"', at) % (len(value) + 1)
    return "".join((*out, value[at:end])), end + 1


def readable(value: str) -> str:
    """With its encoded words (RFC 2047) decoded."""
    out, at = list[str](), 0
    while (begin := value.find("=?", at)) >= 0:
        coding = value.find("?", begin + 2) + 1
        text = value.find("?", coding) + 1 if coding else 0
        end = value.find("?", text) if text else -1
        if end < 0 or value[end + 1 : end + 2] != "=":
            break
        charset = value[begin + 2 : coding - 1]
        out += value[at:begin].rstrip(), _word(charset, value[coding : text - 1], value[text:end])
        at = _behind_space(value, end + 2)
    return "".join((*out, value[at:]))


def _word(charset: str, coding: str, text: str) -> str:
    raw = text.encode("latin-1", "replace")
    try:
        decoded = binascii.a2b_base64(raw) if coding.lower() == "b" else binascii.a2b_qp(raw, header=True)
    except binascii.Error:
        return text
    read = next((decode for name, decode in NOT_OF_ASCII.items() if charset.lower().startswith(name)), None)
    return read(decoded, "replace")[0] if read else decoded.decode("utf-8", "replace")
