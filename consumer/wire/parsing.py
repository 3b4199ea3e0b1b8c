"""Bytes of strangers to JSON: one value or several, half surrogates mended, and what no JSON is named.

Linear: bytes are parsed, mended and cut into values in C, each a bounded number of times.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import orjson

from consumer.errors import Malformed
from consumer.wire.framings import BY_FIRST, LENGTH, UTF_16

NO_JSON = "this is not JSON in UTF-8"
BLANK = b" \t\r\n\x1e"  # the last one begins each value of a JSON text sequence (RFC 7464)
_ENDS = BLANK + b"\0"  # which ends a text in C
FIRST = (b"{", b"[", b'"')
LINES_FOR_A_VALUE = 4  # blank ones among them
BROKEN_LINES = 16  # of one record: each may be looked through for a value that goes on in the next
NO_VALUES = 200  # of one record: so many it is looked into why they are none
CONTAINERS = 75_000  # objects and lists of one record, wherever it holds them: 1 MiB of Genesys's has 30,000
BYTES_OF_CONTAINER = 14  # or one for so many bytes
CONTAINERS_OF_EVENT = 12  # as much work is one of several events
MARKS = 20_000  # brackets and commas of several values, which are read twice: to find where one ends, and again
BYTES_OF_MARK = 8  # or one for so many bytes
UNPACKED = 1024 * 1024  # bytes, if it is larger than the record

_BLANK = re.compile(f"[{BLANK.decode()}]*")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()
_ENCODED_HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_ANY_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")
_HIGH, _LOW = rb"[89abAB][0-9a-fA-F]{2}", rb"[c-fC-F][0-9a-fA-F]{2}"
_HALF = rb"\\u[dD]"  # stands in front once, so that a search leaps from one to the next
_ALONE = re.compile(
    _HALF + b"(?:" + _HIGH + b"(?!" + _HALF + _LOW + b")|" + _LOW + b"(?<!" + (_HALF + _HIGH + _HALF + _LOW) + b"))"
)
_BACKSLASH, _NO_JSON = b"\\\\", b"\0\0"  # escaped; and as long, as no JSON has it


def parse(value: bytes | str) -> Any:
    """One JSON value; half surrogates in it are U+FFFD. Raises `Malformed`."""
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        written = value.encode() if isinstance(value, str) else value
    mended = mend(written)
    try:
        if mended != written:
            return orjson.loads(mended)
    except orjson.JSONDecodeError:
        pass
    raise Malformed(NO_JSON)


def mend(value: bytes) -> bytes:
    """`value` with U+FFFD for each half surrogate, be it escaped or encoded; itself where there is none.

    A backslash that is escaped itself begins no escape: these pairs are written in another way meanwhile, which leaves
    every other backslash at the beginning of one.
    """
    if b"\xed" in value:
        value = _ENCODED_HALF.sub(_REPLACEMENT, value)
    if _NO_JSON in value or not _ANY_ESCAPED.search(value):
        return value
    hidden = value.replace(_BACKSLASH, _NO_JSON)
    return _ALONE.sub(rb"\\ufffd", hidden).replace(_NO_JSON, _BACKSLASH)


class Document(NamedTuple):
    """One JSON value of a record, with its own bytes and what framed them."""

    node: Any
    own: bytes
    framing: str = ""
    fault: Malformed | None = None  # why it can't be read, where others can


class Effort:
    """What one record may cost, all that it holds together: thousands of values can each be a little one."""

    def __init__(self, values: int, size: int) -> None:
        self.values = values  # that it may hold
        self._containers = max(CONTAINERS, size // BYTES_OF_CONTAINER)
        self._no_values, self._broken_lines, self._characters = NO_VALUES, BROKEN_LINES, size
        self._unpacked = max(UNPACKED, size)

    def hold(self, value: bytes) -> None:
        """Raises `Malformed` for more objects and lists than may be made of a record, those in its texts too."""
        self._make(value.count(b"{") + value.count(b"["))

    def part(self, events: int) -> None:
        """The same of what is read for each of several events. Raises `Malformed`."""
        self._make(CONTAINERS_OF_EVENT * events)

    def _make(self, containers: int) -> None:
        self._containers -= containers
        if self._containers < 0:
            raise Malformed(
                "more objects and lists in one record than participants, messages and attachments take in its bytes"
            )

    def unpack(self, packed: bytes, unpacked: Callable[[bytes, int], bytes | None]) -> bytes:
        """What is packed, or nothing."""
        content = unpacked(packed, self._unpacked) or b""
        self._unpacked -= len(content)
        self.hold(content)
        return content

    def is_worth_a_look(self) -> bool:
        """Whether it is looked into why a value is none; alone, as a task of its own, it is looked into again."""
        self._no_values -= 1
        return self._no_values >= 0

    def is_worth_a_line(self, looked_through: int) -> bool:
        """Whether another line may be broken, after so many characters were looked through in vain."""
        self._broken_lines -= 1
        self._characters -= looked_through
        return self._broken_lines >= 0 and self._characters >= 0


_IS_NO_JSON = Malformed(NO_JSON)


def documents(value: bytes, effort: Effort) -> list[Document]:
    """Each JSON value of a record: one, or several objects and arrays one after the other. Raises `Malformed`."""
    try:
        return [Document(orjson.loads(value), value)]
    except orjson.JSONDecodeError:
        pass  # what it holds, a copy of the value, is let go before the next error is kept
    return of_no_json(value, effort)


def of_no_json(value: bytes, effort: Effort) -> list[Document]:
    """The same of what is not one value as it stands.

    Raises `Malformed`, which names the framing or the compression if there is one that is known.
    """
    tried, value = value, value.removeprefix(codecs.BOM_UTF8).rstrip(_ENDS)
    if tried != value:
        try:
            return [Document(orjson.loads(value), value)]
        except orjson.JSONDecodeError:
            pass
    if not effort.is_worth_a_look():
        return [Document(None, value, fault=_IS_NO_JSON)]
    mended = mend(value)
    if mended != value:
        try:
            return [Document(orjson.loads(mended), value)]
        except orjson.JSONDecodeError:
            pass
    if value[1:2] == b"\0" and value[:1] in FIRST:
        raise Malformed(UTF_16.told)
    if (found := _of_python(mended)) is not None:
        return [Document(found, value)]
    known = [framing for framing in BY_FIRST.get(value[:1], ()) if value.startswith(framing.begins)]
    for framing in known:
        behind = value[framing.length :]
        if framing.unpacked is not None:
            behind = effort.unpack(tried[framing.length :], framing.unpacked)  # a blank may be its last byte
        fits = not framing.lengths or 0 < int.from_bytes(value[:LENGTH], "big") <= len(behind)
        if framing.json_may_follow and fits and behind.lstrip(BLANK).startswith(FIRST):
            found = _by_lengths(value, effort) if framing.lengths else documents(behind, effort)
            return [each._replace(framing=framing.name) for each in found]
    if known:
        raise Malformed(known[0].told)
    return _lines(mended, effort.values) or _cut(mended, effort)


def _of_python(value: bytes) -> Any:
    """The object or the list in which numbers that are none stand as Python writes them: they are null. Else None."""
    if value[:1] not in (b"{", b"[") or not (b"NaN" in value or b"Infinity" in value) or _has_many_marks(value):
        return None
    try:
        return json.loads(value, parse_constant=lambda word: None)
    except (ValueError, RecursionError):
        return None


def _by_lengths(value: bytes, effort: Effort) -> list[Document]:
    """Values that each have their length in front, in 8 bytes: one that is none spoils no other. Raises `Malformed`."""
    found, end = list[Document](), 0
    while end < len(value):
        begin = end + LENGTH
        end = begin + int.from_bytes(value[end:begin], "big")
        try:
            found += documents(value[begin:end], effort)
        except Malformed as fault:
            found.append(Document(None, value[begin:end], fault=fault))
        _few(found, effort.values)
    return found


def _lines(mended: bytes, limit: int) -> list[Document]:
    """The values of a record that has one a line; nothing if it is no such. Raises `Malformed`."""
    found = list[Document]()
    if not 0 < mended.count(b"\n") <= LINES_FOR_A_VALUE * limit:
        return found
    for line in mended.split(b"\n"):
        own = line.strip(BLANK)
        if not own:
            continue
        if own[:1] not in (b"{", b"["):
            return []
        try:
            found.append(Document(orjson.loads(own), own))
        except orjson.JSONDecodeError:
            return []
    return _few(found, limit)


def _few(found: list[Document], limit: int) -> list[Document]:
    if len(found) > limit:
        raise Malformed(f"more than {limit} JSON values in one record")
    return found


def _cut(mended: bytes, effort: Effort) -> list[Document]:
    """The values of a record that holds several, or is no JSON at all. A line that is none spoils no other, where most
    are. Raises `Malformed`."""
    if b"}" not in mended and b"]" not in mended:
        raise Malformed(NO_JSON)  # nothing ends in it
    if _has_many_marks(mended):
        raise Malformed("several values with more in them than their bytes can be of Genesys's, or no JSON at all")
    text, several = mended.decode(errors="surrogateescape"), b"\n" in mended
    found, broken, first, end = list[Document](), 0, Malformed(NO_JSON), _behind_blanks(text, 0)
    while end < len(text):
        begin = end
        document, end = _value_at(text, begin)
        if document is None:
            if found and not broken:
                first = Malformed(f"behind {len(found)} JSON values comes something else")
            broken += 1
            begins_a_line = begin == 0 or text[begin - 1] in "\n\x1e"
            if not (several and begins_a_line and effort.is_worth_a_line(end - begin)):
                raise first
            behind = text.find("\n", begin)
            end = len(text) if behind < 0 else behind
            found += _alone(text[begin:end].encode(errors="surrogateescape").rstrip(BLANK), effort)
        else:
            found.append(document)
        _few(found, effort.values)
        end = _behind_blanks(text, end)
    if not found or 2 * broken > len(found):
        raise first
    return found


def _has_many_marks(value: bytes) -> bool:
    return sum(map(value.count, (b"{", b"[", b","))) > max(MARKS, len(value) // BYTES_OF_MARK)


def _alone(own: bytes, effort: Effort) -> list[Document]:
    """A line that is no object and no array, as it is read without the others."""
    try:
        return [Document(parse(own), own)] if own[:1] in (b"{", b"[") else documents(own, effort)
    except Malformed as fault:
        return [Document(None, own, fault=fault)]


def _behind_blanks(text: str, end: int) -> int:
    return _BLANK.match(text, end).end()  # type: ignore[union-attr]  # it matches nothing as well


def _value_at(text: str, begin: int) -> tuple[Document | None, int]:
    """The object or array that begins there, and its end; None, and how far it was looked through, where none does."""
    if text[begin] not in "{[":
        return None, begin
    try:
        _, end = _SCANNER.raw_decode(text, begin)
    except RecursionError:
        return None, begin
    except ValueError as error:
        return None, error.pos if isinstance(error, json.JSONDecodeError) else begin
    own = text[begin:end].encode(errors="surrogateescape")
    try:
        return Document(parse(own), own), end
    except Malformed:
        return None, end


def _refused(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


# It only finds where a value ends: a number stays the text that it is.
_SCANNER = json.JSONDecoder(parse_constant=_refused, parse_float=str, parse_int=str)
