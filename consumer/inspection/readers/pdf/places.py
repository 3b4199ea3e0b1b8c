"""What else is in a PDF's file: before its header, behind its end, and in bytes that belong to none of its objects."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from consumer.inspection.readers import formats, php, runs, scripts, text, zip_reader
from consumer.inspection.readers.formats import DEEPEST_PADDING, HEAD, PADDING
from consumer.inspection.readers.pdf import dictionaries, gaps, streams, syntax
from consumer.inspection.readers.pdf.files import Referred
from consumer.inspection.readers.pdf.streams import PdfStream
from consumer.inspection.readers.pdf.words import WHITE
from consumer.inspection.readers.seen import PLACE, Seen, Work
from consumer.inspection.readers.signatures import ZIP
from consumer.inspection.readers.texts.tables import SYLK
from consumer.inspection.readers.trailing import Extent, is_within
from consumer.model import Reason

STEP = 4096  # what one between objects costs, as bytes that are read
A_WORD = 1024  # likewise, one that begins no object
OPENED = frozenset(b"({[\"'`=")  # on the line that a file begins on
OPENINGS = (b"#!", b"%!", b"/*", b"//", SYLK)  # of comments, scripts, PostScript and workbooks
SAME = "a PDF"  # joined documents: readers show the last one
MOST_MARK = 32  # bytes
ZOO = b"\xdc\xa7\xc4\xfd"  # of all that means something in any place, what has no letter of ASCII

START, END = b"startxref", b"%%EOF"
APPLE_SINGLE = b"\0\5\x16\0\0\2\0\0"
FEWEST_BEFORE = 8  # bytes: fewer are nothing of their own
KEYWORDS = (b"xref", START, b"trailer", END)
_UPPER = runs.between(0x80, 0xFF) + WHITE
_IN_TABLE = runs.DIGITS + b"nf"
_SHOWS = (b")Tj", b") Tj", b")'", b") '", b')"', b') "', b"]TJ", b"] TJ")


@dataclass(frozen=True, slots=True)
class Extents:
    """Where streams stand whose bytes are not searched as the document's own."""

    forms: list[Extent]  # dynamic forms: pages with scripts are what they are made of
    files: list[Extent]  # attached files, which were judged by what they are
    words: list[Extent]  # metadata
    objects: list[Extent]  # that stand in a stream: strings among them are words as well
    string: list[Extent]  # the one that was found last, for what else is in it

    @classmethod
    def of(cls, data: bytes, found: list[PdfStream], referred: Referred, work: Work) -> Extents:
        extents = cls([], [], [], [], [])
        for stream in found:
            kind = stream.dictionary.get(b"Type")
            number = stream.number(data) if referred.files or referred.forms else None
            if number in referred.files or kind == b"EmbeddedFile":
                extents.files.append((stream.start, streams.end(data, stream, work)))
            elif number in referred.forms:
                extents.forms.append((stream.start, streams.end(data, stream, work)))
            elif kind == b"Metadata":
                extents.words.append((stream.start, streams.end(data, stream, work)))
            elif kind == b"ObjStm":
                extents.objects.append((stream.start, streams.end(data, stream, work)))
        return extents


def examine(data: bytes, start: int, extents: Extents, seen: Seen) -> None:
    _before(data[:start], seen)
    _loose(list(_between(data, start, _behind(data, seen), seen.work)), seen)
    seen.work.marks(data)  # markup is looked for as well
    for name in formats.formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the file is {name} as well", opener="7-zip")
    for at, name in formats.formats_in(data, seen.work):
        if is_within(at, extents.files) and (name != ZIP or _is_attached_archive(data, at, extents)):
            continue
        if name.endswith("program"):
            seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is in the document", at=at, opener="7-zip")
        else:
            opener = "unzip" if name == ZIP else "7-zip"
            seen.find(Reason.SECOND_FORMAT, f"{name} inside the document", at=at, opener=opener)
    entries = (at for at in formats.entries(data, seen.work) if not is_within(at, extents.files))
    if (entry := next(entries, None)) is not None:
        seen.find(Reason.SECOND_FORMAT, f"{ZIP} inside the document", at=entry, opener="7-zip")
    _markup(data, extents, seen)


def _is_attached_archive(data: bytes, at: int, extents: Extents) -> bool:
    """Whether the directory that opens the whole file is that of the attached archive which begins there."""
    end = zip_reader.find_end(data)
    return end is not None and any(begin <= at and end < stop for begin, stop in extents.files)


def _before(before: bytes, seen: Seen) -> None:
    if not before.strip(PADDING + codecs.BOM_UTF8):
        return
    if whole := seen.others.begins_like(before):
        seen.find(Reason.SECOND_FORMAT, f"{whole} before the document", at=0, opener="desktop")
    elif found := formats.foreign(before, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{found} before the document", at=0, opener="desktop")
    elif before.lstrip(PADDING).startswith(OPENINGS) or b"/*" in before or swallows(before):
        seen.find(Reason.SECOND_FORMAT, "a script before the document", at=0, opener="node")
    elif len(before) >= FEWEST_BEFORE and text.decode(before) is None and not _is_of_a_mac(before):
        seen.find(Reason.SECOND_FORMAT, "binary data of another format before the document", at=0, opener="desktop")
    else:
        seen.find(Reason.LEADING_DATA, "bytes before the document's header", at=0)


def swallows(before: bytes) -> bool:
    """Whether a script's string or list is open where a file begins, so that the file is inside of it."""
    line = before[-64:].replace(b"\r", b"\n").rpartition(b"\n")[2]
    if any(sign in OPENED for sign in line):
        return True
    if before.rfind(b"<!--") > before.rfind(b"-->"):
        return True
    ending = before.rstrip()
    return ending.endswith((b'"""', b"'''", b"`", b"(", b"[", b"{", b"=")) or b"<<" in ending[-48:]


def _is_of_a_mac(before: bytes) -> bool:
    """What old Macs sent before a file: 128 bytes that name its kind, or a table in which the file is the part 1."""
    if len(before) == 128 and before[65:69] == b"PDF ":
        return True
    count = int.from_bytes(before[24:26], "big")
    if not before.startswith(APPLE_SINGLE) or len(before) < 26 + 12 * count:
        return False
    return (1, len(before)) in (struct.unpack_from(">2L", before, 26 + 12 * row) for row in range(count))


def _behind(data: bytes, seen: Seen) -> int:
    """Where the document ends: behind the last place of a table that it gives, since its end mark may stand alone."""
    at = len(data)
    while (at := data.rfind(START, 0, at)) >= 0:
        seen.work.spend(PLACE)
        end, marked = _behind_end(data, at)
        if end >= 0:
            break
    else:
        seen.flag("incomplete")
        return len(data)
    if not marked:
        seen.flag("incomplete")
    behind = data[end:]
    if found := formats.foreign(behind, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{found} behind the document", at=end, opener="7-zip")
    elif behind.strip(PADDING):
        seen.find(Reason.TRAILING_DATA, "bytes behind the document", at=end)
        seen.loose.append(behind.lstrip(PADDING)[:HEAD])
    return end


def _behind_end(data: bytes, at: int) -> tuple[int, bool]:
    """Behind the place of a table that is given there and comments, and behind the end mark, and whether there is one;
    -1 if no place is given.
    """
    number = runs.behind(data, at + len(START), WHITE)
    end = runs.behind(data, number, runs.DIGITS)
    if number == at + len(START) or end == number:
        return -1, False
    end = runs.behind(data, end, WHITE)
    while data[end : end + 1] == b"%" and not data.startswith(END, end):
        end = runs.behind(data, runs.behind(data, end, syntax.IN_LINE), WHITE)
    return (end + len(END), True) if data.startswith(END, end) else (end, False)


def _loose(parts: list[bytes], seen: Seen) -> None:
    if all(map(_is_binary_mark, parts)):  # as nearly always
        return
    begun = [formats.format_at(part[:4096]) for part in parts]
    names = (*begun, *formats.foreigners(b"\n".join(parts), seen.work))
    if found := next((name for name in names if name and name != SAME), None):
        seen.find(Reason.SECOND_FORMAT, f"{found} between the document's objects", opener="7-zip")


def _is_binary_mark(part: bytes) -> bool:
    """Whether it is the comment that tells programs to copy the file as it is: letters of no alphabet, a few."""
    mark = part.lstrip(WHITE)
    return len(part) <= MOST_MARK and mark[:1] == b"%" and not mark[1:].translate(None, _UPPER) and ZOO not in mark


def _between(data: bytes, start: int, end: int, work: Work) -> Iterator[bytes]:
    """Bytes between the objects that are neither tables nor trailers: comments, or what is hidden there."""
    at = data.find(b"\n", start, end) if data.find(b"\n", start, start + 16) >= 0 else start + 8
    while 0 <= at < end:
        work.spend(STEP)
        stop = _next_object(data, at, end, work)
        work.spend(24 * (stop - at))
        keywords = dict.fromkeys(KEYWORDS, at)  # from where on each is next, so that none is searched for twice
        while at < stop:
            if regular := _behind_regular(data, at, stop):
                trailer = data.startswith(b"trailer", at)
                at = dictionaries.end_of(data, regular, work) if trailer else regular
            else:
                before = data[max(0, at - DEEPEST_PADDING) : at]
                begin = at - len(before) + len(before.rstrip(PADDING))  # a signature may begin with white space
                at = _next_keyword(data, at + 1, stop, keywords)
                work.spend(PLACE)  # what stands there is looked at as a file
                yield data[begin:at]
            work.spend(STEP)
        at = gaps.first(data, at, end, work)


def _next_object(data: bytes, at: int, end: int, work: Work) -> int:
    """Where the number of the next object stands; `end` if there is none."""
    for word in work.words(data).objects(at, end):
        if found := syntax.number_before(data, word, at, True):
            return max(found[0], found[1] - syntax.MOST_DIGITS)
        work.spend(A_WORD)
    return end


def _behind_regular(data: bytes, at: int, stop: int) -> int:
    """Behind white space, a table, its place, the end mark or the word that begins a trailer; 0 for all else."""
    end = min(stop, runs.behind(data, at, WHITE))
    if end > at:
        return end
    for word in KEYWORDS:
        if data.startswith(word, at, stop):
            behind = at + len(word)
            spaced = min(stop, runs.behind(data, behind, WHITE))
            if word == b"xref":
                table = min(stop, runs.behind(data, spaced, WHITE + _IN_TABLE))
                return runs.before(data, table, _IN_TABLE, spaced) if spaced > behind else 0
            if word == START:
                end = min(stop, runs.behind(data, spaced, runs.DIGITS))
                return end if behind < spaced < end else 0
            return spaced
    return 0


def _next_keyword(data: bytes, at: int, stop: int, known: dict[bytes, int]) -> int:
    for word, place in known.items():
        if place < at:
            found = data.find(word, at, stop)
            known[word] = found if found >= 0 else stop
    return min(known.values())


def _markup(data: bytes, extents: Extents, seen: Seen) -> None:
    """Server code, and what a page would run that is neither a form nor words. All of it, if the file begins as one."""
    for at in php.tags(data, seen.work):
        if not is_within(at, extents.files):
            seen.find(Reason.SECOND_FORMAT, "code of PHP inside the document", at=at, opener="php")
            break
    for at in scripts.asp(data, seen.work):
        if not is_within(at, extents.files) and not _is_words(data, at, extents, seen.work):
            seen.find(Reason.SECOND_FORMAT, "code for a web server inside the document", at=at, opener="asp")
            break
    for at in scripts.named(data, seen.work):
        if not is_within(at, extents.files) and not _is_words(data, at, extents, seen.work):
            seen.find(Reason.SECOND_FORMAT, "a script inside the document", at=at, opener="perl")
            break
    begins = scripts.sniffed(data) is not None
    for at in scripts.live(data, seen.work):
        if begins or not (is_within(at, extents.files) or _is_words(data, at, extents, seen.work)):
            opener = "browser" if begins else "mshta"
            seen.find(Reason.SECOND_FORMAT, "a page with a script inside the document", at=at, opener=opener)
            break


def _is_words(data: bytes, at: int, extents: Extents, work: Work) -> bool:
    """Whether these bytes are a form, metadata, or in a string: a title, a note, the text of a page."""
    if any(is_within(at, some) for some in (extents.forms, extents.words, extents.string)):
        return True
    begin = data.rfind(b"stream", 0, at)
    work.spend(at - max(0, begin) + PLACE)
    if begin >= 0 and data[begin - 3 : begin] != b"end":
        if not is_within(at, extents.objects):
            return _is_shown(data, begin, at, work)
        stop = syntax.string_around(data, at, data.find(b"<<", begin, at), work)
        extents.string[:] = [] if stop is None else [(at, stop)]
        return stop is not None
    opened = data.rfind(b"obj", max(0, begin), at)
    while opened >= 0:
        work.spend(PLACE)
        if data[opened - 3 : opened] == b"end":
            return False
        if (stop := syntax.string_around(data, at, opened + 3, work)) is not None:
            extents.string[:] = [(at, stop)]
            return True
        opened = data.rfind(b"obj", max(0, begin), opened)
    return False


def _is_shown(data: bytes, begin: int, at: int, work: Work) -> bool:
    """Whether these bytes are words of a page that is not compressed: in a string, and behind it what shows strings."""
    drawn = data.rfind(b"BT", begin, at)
    stop = syntax.string_around(data, at, drawn, work) if drawn >= 0 else None
    return stop is not None and any(sign in _spaced(data[stop - 1 : stop + 4096]) for sign in _SHOWS)


def _spaced(content: bytes) -> bytes:
    """With one space for each run of white space."""
    return b" ".join(content.split())
