"""Contacts (vCard, RFC 6350 and its forerunners) and calendars (iCalendar, RFC 5545): lines of properties.

Each object ends with a line `END`: one that is missing tells a cut. Files stand in properties, encoded as base64, and
are judged like attached ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote_to_bytes

from consumer.inspection.readers import attached, runs, text
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.formats import PADDING, foreign
from consumer.inspection.readers.mail import encodings
from consumer.inspection.readers.searches import together
from consumer.inspection.readers.seen import PLACE, Limits, Seen, Unreadable, Work
from consumer.inspection.readers.texts import opening
from consumer.model import Reason

END = End("the line `END` of each object", "every one", "none")
VCARD, CALENDAR = b"VCARD", b"VCALENDAR"
STARTS_A_PROGRAM = (b"\nACTION:PROCEDURE", b"\nPALARM")
MARKS = (b"BASE64", b"ENCODING=B:", b"ENCODING=B;", b":DATA:")
SHOWN = ("image/", "audio/")  # a contact's portrait is no attached file
LONGEST_NAME = 2048  # bytes of a property's name and parameters
_MARKS, _STARTS = together(MARKS), together(STARTS_A_PROGRAM)
FOLDS = (b"\n ", b"\n\t")  # before what goes on with the line before
FEW = 64  # objects that are counted one by one
_FOLDS = together(FOLDS)


@dataclass(frozen=True, slots=True)
class _File:
    """The value of a property that is a file."""

    name: str
    content: bytes


def is_contact(data: bytes) -> bool:
    return _begins(data, VCARD)


def is_calendar(data: bytes) -> bool:
    return _begins(data, CALENDAR)


def examine_contact(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "text/vcard"
    _examine(data, VCARD, seen, limits)


def examine_calendar(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "text/calendar"
    _examine(data, CALENDAR, seen, limits)


def _begins(data: bytes, kind: bytes) -> bool:
    return opening.as_utf8(data[:256], Work()).lstrip().upper().startswith(b"BEGIN:" + kind)


def _examine(data: bytes, kind: bytes, seen: Seen, limits: Limits) -> None:
    seen.work.spend(8 * len(data))
    lines, upper = _lines(b"\n" + opening.as_utf8(data, seen.work))
    _walk_to_the_end(upper, kind, seen)
    text.find_php(data, seen)
    for line in STARTS_A_PROGRAM if runs.holds(upper, _STARTS) else ():
        if runs.has(upper, line):
            seen.find(Reason.LAUNCH_ACTION, "an alarm in it starts a program", opener="desktop")
    for file in _files(lines, upper, seen.work):
        inner = attached.judge(file.name, "", file.content, seen, limits)
        if not (inner.detected_type or "").startswith(SHOWN):
            seen.find(Reason.EMBEDDED_FILES, "a file stands in one of its properties")


def _lines(text: bytes) -> tuple[bytes, bytes]:
    """As they are and in capital letters, put together where they are folded, with LF at their ends.

    Where nothing is folded and no file stands, CR does no harm, and is left there: to take it away costs as much.
    """
    folded = runs.holds(text, _FOLDS)
    if folded or opening.has_bare_cr(text):
        text = opening.in_lines(text)
        folded = folded or runs.holds(text, _FOLDS)
    if folded:
        for fold in FOLDS:
            text = runs.without(text, fold)
    upper = text.upper()
    if b"\r" in text and runs.holds(upper, _MARKS):
        text = opening.in_lines(text)
        upper = text.upper()
    return text, upper


def _walk_to_the_end(upper: bytes, kind: bytes, seen: Seen) -> None:
    end = upper.rfind(b"\nEND:" + kind)
    if end < 0 or _count(upper, b"\nBEGIN:" + kind) > _count(upper, b"\nEND:" + kind):
        raise Unreadable("its last object has no end")
    behind = upper.find(b"\n", end + 1)
    if behind < 0 or not upper[behind:].strip(PADDING):
        return
    if found := foreign(opening.in_lines(upper[behind:]), seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{found} behind its last object")
    else:
        seen.find(Reason.TRAILING_DATA, "lines behind its last object")


def _count(upper: bytes, line: bytes) -> int:
    """As `bytes.count`, which takes ten times as long where there are few."""
    found = sum(1 for _ in islice(runs.places(upper, line), FEW + 1))
    return found if found <= FEW else upper.count(line)


def _files(lines: bytes, upper: bytes, work: Work) -> Iterator[_File]:
    """The values of properties that are encoded, each once, whichever mark tells so."""
    known = -1
    for at in sorted(_marked(upper, work)):
        if at < known:
            continue
        begin = upper.rfind(b"\n", 0, at) + 1
        value = _value(upper, begin)
        if value < 0 or (at >= value and not upper.startswith(b"DATA:", value)):
            continue
        known, content = _content(lines, upper, value)
        work.spend(encodings.DECODING * (known - value))
        yield _File(_name(lines[begin:value], upper[begin:value]), content)


def _marked(upper: bytes, work: Work) -> Iterator[int]:
    for mark in MARKS:
        for at in runs.places(upper, mark):
            work.spend(PLACE)
            yield at


def _value(upper: bytes, begin: int) -> int:
    """Where a property's value begins, behind the first colon that stands in no quotes; -1 if it has none."""
    stop = begin + LONGEST_NAME
    colon = upper.find(b":", begin, stop)
    while colon >= 0 and upper.count(b'"', begin, colon) % 2:
        colon = upper.find(b":", colon + 1, stop)
    return colon + 1 if colon >= 0 else -1


def _content(lines: bytes, upper: bytes, value: int) -> tuple[int, bytes]:
    """Where the value ends, and what it is once decoded."""
    end = _end(upper, value)
    raw = lines[value:end]
    if upper.startswith(b"DATA:", value):
        header, _, raw = raw.partition(b",")
        if b"BASE64" not in header.upper():
            return end, unquote_to_bytes(raw)
    return end, encodings.base64(raw)


def _end(upper: bytes, value: int) -> int:
    """Old phones do not indent the lines that go on: what has no colon is none of its own."""
    end = upper.find(b"\n", value)
    while end >= 0:
        following = upper.find(b"\n", end + 1)
        line = upper[end + 1 : following if following >= 0 else len(upper)]
        if not line.strip() or b":" in line:
            return end
        end = following
    return len(upper)


def _name(property_: bytes, upper: bytes) -> str:
    at = upper.find(b"FILENAME=")
    if at < 0:
        return ""
    return property_[at + 9 :].lstrip(b'"').split(b'"')[0].split(b";")[0].rstrip(b":").decode("utf-8", "replace")
