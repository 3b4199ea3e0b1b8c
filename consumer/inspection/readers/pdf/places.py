"""What else is in a PDF's file: before its header, behind its end, and in bytes that belong to none of its objects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consumer.inspection.readers import formats, scripts, text
from consumer.inspection.readers.formats import DEEPEST_PADDING, PADDING
from consumer.inspection.readers.pdf import syntax
from consumer.inspection.readers.seen import PLACE, Seen, Work
from consumer.model import Reason

HEAD = 4096  # bytes that tell what something is
STEP = 2048  # what one between objects costs, as bytes that are read
OPENINGS = (b"#!", b"%!", b"/*", b"//", b"<!--")  # of comments, scripts and PostScript
SAME = "a PDF"  # joined documents: readers show the last one
SERVED = (b"<?", b"<%")  # a web server runs it wherever it stands

_OPENED = re.compile(rb"[({\[<\"'`=*][^\r\n]{0,64}\Z|(?:\"\"\"|'''|`|<<-?[\"']?\w{1,40}[\"']?|[({\[=])\s*\Z")
"""Something that swallows the document: what programs write before one ends with its line, and opens nothing."""
_END = re.compile(rb"startxref[\0\t\n\x0c\r ]++\d++[\0\t\n\x0c\r ]*+(?:%(?!%EOF)[^\r\n]*+[\0\t\n\x0c\r ]*+)*+(%%EOF)?")
_GAP = re.compile(rb"endobj(?![\0\t\n\x0c\r ]*+\d++[\0\t\n\x0c\r ]++\d++[\0\t\n\x0c\r ]++obj)")
_OBJECT = re.compile(rb"\d{1,10}+[\0\t\n\x0c\r ]++\d{1,10}+[\0\t\n\x0c\r ]++obj")
_REGULAR = re.compile(
    rb"[\0\t\n\x0c\r ]++|xref[\0\t\n\x0c\r ]++(?:[\dnf]++[\0\t\n\x0c\r ]++)*+"
    rb"|startxref[\0\t\n\x0c\r ]++\d++|%%EOF|(trailer)"
)
_KEYWORD = re.compile(rb"xref|startxref|trailer|%%EOF")
_SHOWN = re.compile(rb"\)\s*(?:Tj|'|\")|\]\s*TJ")


def examine(data: bytes, start: int, forms: list[tuple[int, int]], seen: Seen) -> None:
    """`forms` are the extents of dynamic forms: pages with scripts are what they are made of."""
    _before(data[:start], seen)
    _loose(list(_between(data, start, _behind(data, seen), seen.work)), seen)
    for name in formats.formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the file is {name} as well")
    for _, name in formats.formats_in(data, seen.work):
        if name.endswith("program"):
            seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is in the document")
        else:
            seen.find(Reason.SECOND_FORMAT, f"{name} inside the document")
    if _has_markup(data, forms, seen.work):
        seen.find(Reason.SECOND_FORMAT, "markup or a script inside the document")


def _before(before: bytes, seen: Seen) -> None:
    if not before.strip(PADDING + b"\xef\xbb\xbf"):
        return
    if found := formats.foreign(before, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{found} before the document")
    elif before.lstrip(PADDING).startswith(OPENINGS) or _OPENED.search(before):
        seen.find(Reason.SECOND_FORMAT, "a script before the document")
    elif text.decode(before) is None and not _is_mac_binary(before):
        seen.find(Reason.SECOND_FORMAT, "binary data of another format before the document")
    else:
        seen.find(Reason.TRAILING_DATA, "bytes before the document's header")


def _is_mac_binary(before: bytes) -> bool:
    """The 128 bytes that old Macs sent before a file, and which name its kind."""
    return len(before) == 128 and before[65:69] == b"PDF "


def _behind(data: bytes, seen: Seen) -> int:
    """Where the document ends: behind the last place of a table that it gives, since its end mark may stand alone."""
    at = len(data)
    while (at := data.rfind(b"startxref", 0, at)) >= 0:
        seen.work.spend(PLACE)
        if end := _END.match(data, at):
            break
    else:
        seen.flag("incomplete")
        return len(data)
    if end[1] is None:
        seen.flag("incomplete")
    behind = data[end.end() :]
    if found := formats.foreign(behind, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{found} behind the document")
    elif behind.strip(PADDING):
        seen.find(Reason.TRAILING_DATA, "bytes behind the document")
        seen.loose.append(behind.lstrip(PADDING)[:HEAD])
    return end.end()


def _loose(parts: list[bytes], seen: Seen) -> None:
    begun = [formats.format_at(part[:4096]) for part in parts]
    names = (*begun, *formats.foreigners(b"\n".join(parts), seen.work))
    if found := next((name for name in names if name and name != SAME), None):
        seen.find(Reason.SECOND_FORMAT, f"{found} between the document's objects")


def _between(data: bytes, start: int, end: int, work: Work) -> Iterator[bytes]:
    """Bytes between the objects that are neither tables nor trailers: comments, or what is hidden there."""
    at = data.find(b"\n", start, end) if data.find(b"\n", start, start + 16) >= 0 else start + 8
    while 0 <= at < end:
        work.spend(STEP)
        following = _OBJECT.search(data, at, end)
        stop = following.start() if following else end
        work.spend(24 * (stop - at))
        while at < stop:
            if regular := _REGULAR.match(data, at, stop):
                at = syntax.read(data, regular.end(), work)[1] if regular[1] else regular.end()
            else:
                keyword = _KEYWORD.search(data, at + 1, stop)
                before = data[max(0, at - DEEPEST_PADDING) : at]
                begin = at - len(before) + len(before.rstrip(PADDING))  # a signature may begin with white space
                yield data[begin : keyword.start() if keyword else stop]
                at = keyword.start() if keyword else stop
            work.spend(STEP)
        gap = _GAP.search(data, at, end)
        at = gap.end() if gap else -1


def _has_markup(data: bytes, forms: list[tuple[int, int]], work: Work) -> bool:
    """Whether there is something that a browser or a web server would run, and that is neither a form nor words."""
    for at in scripts.markup(data, work):
        if data.startswith(SERVED, at):
            return True
        if not any(begin <= at < stop for begin, stop in forms) and not _is_shown(data, at, work):
            return True
    return False


def _is_shown(data: bytes, at: int, work: Work) -> bool:
    """Whether these bytes are words of a page that is not compressed: in a string, and behind it what shows strings."""
    begin = data.rfind(b"stream", 0, at)
    work.spend(at - max(0, begin))
    if begin < 0 or data[begin - 3 : begin] == b"end":
        return False
    drawn = data.rfind(b"BT", begin, at)
    stop = syntax.string_around(data, at, drawn, work) if drawn >= 0 else None
    return stop is not None and _SHOWN.search(data, stop - 1, stop + 4096) is not None
