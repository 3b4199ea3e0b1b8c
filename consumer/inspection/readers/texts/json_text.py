"""JSON: a text that parses, as one value or as one in each line. It is kept by nothing but its grammar."""

from __future__ import annotations

import orjson

from consumer.inspection.readers.ends import End
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Unreadable
from consumer.inspection.readers.texts import opening

END = End("the bracket that closes the first one", "every one", "of many lines some")
READING = 12  # a byte that is parsed costs as much as looking at so many
MOST_VALUES = 1_000_000  # lists and objects take memory that their two letters don't show


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    """The type is set where it parses: what does not is a text whose name says otherwise."""
    seen.detected_type = "text/plain"
    content = opening.as_utf8(data, seen.work)
    seen.work.spend(READING * len(content))
    if len(content) > MOST_VALUES and content.count(b"[") + content.count(b"{") > MOST_VALUES:
        raise TooMuch("it has more lists and objects than can be examined")
    if not (_parses(content) or _parses_by_line(content)):
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


def _parses_by_line(content: bytes) -> bool:
    """As records are written one after the other (NDJSON): none may be a bare word or number."""
    body = content.strip().replace(b"\r\n", b"\n")
    if b"\n\n" in body:
        body = b"\n".join(line for line in body.split(b"\n") if line.strip())
    lines, starts = body.count(b"\n"), body.count(b"\n{") + body.count(b"\n[")
    return lines > 0 and lines == starts and body[:1] in (b"{", b"[") and _parses(b"[%s]" % body.replace(b"\n", b","))
