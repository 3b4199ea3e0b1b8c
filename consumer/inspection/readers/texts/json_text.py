"""JSON: a text that parses, as one value or as one in each line. It is kept by nothing but its grammar.

The settings of programs are JSON with remarks, and with a comma behind the last value: editors write and read them so.
"""

from __future__ import annotations

import json

import orjson

from consumer.inspection.readers import runs
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Unreadable, Work
from consumer.inspection.readers.texts import opening

END = End("the bracket that closes the first one", "every one", "of many lines some")
READING = 12  # a byte that is parsed costs as much as looking at so many
MOST_REMARKED = 32 * 1024  # bytes of settings with remarks
A_MARK = 128  # of work
QUOTE, *CLOSING = b'"]}'
_NO_MARKS = runs.all_but(b'"/]}')
OF_WRITERS = (b"NaN", b"Infinity", b"\\ud", b"\\uD")
"""Numbers that are none, as Python writes them, and halves of characters, which any program may write."""
BETWEEN = " \t\r\n\x1e"  # two values; the last one begins a record (RFC 7464)
MOST_VALUES = 1_000_000  # lists and objects take memory that their two letters don't show


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    """The type is set where it parses: what does not is a text whose name says otherwise."""
    seen.detected_type = "text/plain"
    content = opening.as_utf8(data, seen.work)
    seen.work.spend(READING * len(content))
    if len(content) > MOST_VALUES and content.count(b"[") + content.count(b"{") > MOST_VALUES:
        raise TooMuch("it has more lists and objects than can be examined")
    if not (_parses(content) or _parses_otherwise(content, seen.work)):
        raise Unreadable("it is not JSON to its end")
    seen.detected_type = "application/json"
    opening.examine(content, seen)


def _parses(content: bytes) -> bool:
    try:
        orjson.loads(content)
    except orjson.JSONDecodeError:
        return _parses_in_a_code_page(content)
    return True


def _parses_in_a_code_page(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _parses(content.decode("latin-1").encode())
    return False


def _parses_otherwise(content: bytes, work: Work) -> bool:
    lines = _as_list(content)
    read = bool(lines) and _parses(lines)
    return (
        read
        or _parses_as_settings(content, work)
        or _parses_by_python(content, lines, work)
        or _parses_by_the_value(content, work)
    )


def _as_list(content: bytes) -> bytes:
    """Records that are written one after the other (NDJSON), as one value: none may be a bare word or number."""
    body = content.strip().replace(b"\r\n", b"\n")
    if b"\n\n" in body:
        body = b"\n".join(line for line in body.split(b"\n") if line.strip())
    lines, starts = body.count(b"\n"), body.count(b"\n{") + body.count(b"\n[")
    return b"[%s]" % body.replace(b"\n", b",") if lines > 0 and lines == starts and body[:1] in (b"{", b"[") else b""


def _parses_by_python(content: bytes, lines: bytes, work: Work) -> bool:
    if not any(runs.has(content, word) for word in OF_WRITERS):
        return False
    for text in filter(None, (content, lines)):
        work.spend(READING * len(text))
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            continue
        return True
    return False


def _parses_by_the_value(content: bytes, work: Work) -> bool:
    """Lists and objects, one behind the other with or without a line's end between them, as logs are delivered and
    `jq` writes them.
    """
    work.spend(READING * len(content))
    text = content.decode("utf-8", "replace")
    read = json.JSONDecoder().raw_decode
    at = _behind_space(text, 0)
    if text[at : at + 1] not in ("{", "["):
        return False
    try:
        while at < len(text):
            work.spend(A_MARK)
            value, at = read(text, at)
            if not isinstance(value, dict | list):
                return False
            at = _behind_space(text, at)
    except (ValueError, RecursionError):
        return False
    return True


def _behind_space(text: str, at: int) -> int:
    while text[at : at + 1] in BETWEEN and (piece := text[at : at + runs.FIRST_LOOK]):
        at += len(piece) - len(piece.lstrip(BETWEEN))
    return at


def _parses_as_settings(content: bytes, work: Work) -> bool:
    return len(content) <= MOST_REMARKED and _parses(_without_remarks(content, work))


def _without_remarks(content: bytes, work: Work) -> bytes:
    """Nor any commas behind which a list or an object ends. Of one that ends inside a remark nothing is left."""
    out, at = bytearray(), 0
    while at < len(content):
        work.spend(A_MARK)
        begin, at = at, _behind(content, at)
        if content.startswith((b"//", b"/*"), begin):
            if at > len(content):
                return b""
            continue
        if content[begin] in CLOSING:
            last = runs.before(out, len(out), runs.SPACE)
            if out[last - 1 : last] == b",":
                del out[last - 1 :]
        out += content[begin:at]
    return bytes(out)


def _behind(content: bytes, at: int) -> int:
    """Behind the remark, the string, the mark or what else begins at `at`; behind the end if a remark has none."""
    if content.startswith(b"//", at):
        return (content.find(b"\n", at) + 1 or len(content) + 1) - 1
    if content.startswith(b"/*", at):
        return (content.find(b"*/", at + 2) + 1 or len(content)) + 1
    if content[at] == QUOTE:
        return _behind_string(content, at + 1)
    return max(at + 1, runs.behind(content, at, _NO_MARKS))


def _behind_string(content: bytes, at: int) -> int:
    while (end := content.find(b'"', at)) >= 0:
        slashes = runs.before(content, end, b"\\", at)
        at = end + 1
        if (end - slashes) % 2 == 0:
            return at
    return len(content)
