"""Contacts (vCard, RFC 6350 and its forerunners) and calendars (iCalendar, RFC 5545): lines of properties.

Each object ends with a line `END`: one that is missing tells a cut. Files stand in properties, encoded as base64, and
are judged like attached ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
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
MARKS = (b"BASE64", b"ENCODING=B:", b"ENCODING=B;", b'ENCODING="B"', b":DATA:")
RARE, AROUND = 3, max(map(len, MARKS))  # bytes at the end of each that stand hardly anywhere else, and of the longest
SHOWN = ("image/", "audio/")  # a contact's portrait is no attached file
LONGEST_NAME = 2048  # bytes of a property's name and parameters
FOLD = b" \t"  # begins what goes on with the line before
FEW = 2  # objects that are counted one by one
A_FILE, A_BYTE = 128 * 1024, 64  # of work: hundreds of tiny ones fit into a small text, and take as long as others
A_FOLDED_LINE = 960  # of work, for a short one
A_LOOK = 768  # of work, for each place where a mark may stand
_STARTS = together(STARTS_A_PROGRAM)
_FOLDS = together((b"\n ", b"\n\t", b"\r ", b"\r\t"))
_UNFOLDED, _UNFOLDED_WITH_CR = runs.without(b"\n", FOLD), runs.without(b"\r\n", FOLD)
_LINE_END = runs.not_before(b"\n", FOLD)


def _however_written(*words: bytes) -> tuple[bytes, ...]:
    return tuple(case for word in words for case in runs.cases(word))


_OF_MARKS = _however_written(*(mark[-RARE:].lower() for mark in MARKS))
_MAY_MARK, _MAY_START = together(_OF_MARKS), together(_however_written(b"\npal"))
_NOTABLE = (together((*_OF_MARKS, *_however_written(b":pro", b"\npal", b"\rpal", b":vc"))), _FOLDS)
"""In each word that is looked for, whatever its letters, and hardly anywhere else."""
_UNREAD = (together((*MARKS, b"\rBEGIN:V", b"\rEND:V", b"\rACTION:PROC", b"\rPALARM")), _FOLDS)
"""What is left where a file stands where it is not usual, lines end with CR alone, or folds have several kinds."""


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
    _examine(data, VCARD, seen)


def examine_calendar(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "text/calendar"
    _examine(data, CALENDAR, seen)


def _begins(data: bytes, kind: bytes) -> bool:
    return opening.as_utf8(data[:256], Work()).lstrip().upper().startswith(b"BEGIN:" + kind)


def _examine(data: bytes, kind: bytes, seen: Seen) -> None:
    seen.work.spend(8 * len(data))
    lines, objects = opening.as_utf8(data, seen.work), _Objects(kind, seen.work)
    for piece in _in_pieces(lines):
        objects.read(piece)
    _judge_end(lines, objects, seen)
    text.find_php(data, seen)
    if objects.start_a_program:
        seen.find(Reason.LAUNCH_ACTION, "an alarm in it starts a program", opener="desktop")
    for file in objects.files:
        seen.work.spend(max(0, A_FILE - A_BYTE * len(file.content)))
        inner = attached.judge(file.name, "", file.content, seen)
        if not (inner.detected_type or "").startswith(SHOWN):
            seen.find(Reason.EMBEDDED_FILES, "a file stands in one of its properties")


def _judge_end(text: bytes, objects: _Objects, seen: Seen) -> None:
    if not objects.ended or objects.begun > objects.ended:
        raise Unreadable("its last object has no end")
    if not objects.behind:
        return
    upper = _in_whole_lines(b"\n" + text).upper()
    behind = upper[upper.find(b"\n", upper.rfind(b"\nEND:" + objects.kind) + 1) :]
    if found := foreign(behind, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{found} behind its last object")
    else:
        seen.find(Reason.TRAILING_DATA, "lines behind its last object")


def _in_pieces(text: bytes) -> Iterator[bytes]:
    """Each holds whole properties, since a line that ends an object ends them as well. They begin with LF."""
    begin, before = 0, b"\n"
    while begin < len(text):
        end = text.find(b"\nEND:", begin + runs.AT_ONCE)
        end = end if end >= 0 else len(text)
        yield before + text[begin:end]
        begin, before = end, b""


@dataclass(slots=True)
class _Objects:
    """What is known of them once all lines are read."""

    kind: bytes
    work: Work
    begun: int = 0
    ended: int = 0
    behind: bool = False  # whether a line stands behind the last end
    start_a_program: bool = False
    files: list[_File] = field(default_factory=list)

    def read(self, piece: bytes) -> None:
        """CR does no harm before LF, and is left there: to take it away costs as much as all else."""
        lines, files = _without_files(piece, self.work)
        if runs.holds(lines, _FOLDS):
            lines = (_UNFOLDED_WITH_CR if b"\r" in lines else _UNFOLDED)(lines)
        if any(runs.holds(lines, search) for search in _NOTABLE):
            lines = lines.upper()
            if any(runs.holds(lines, search) for search in _UNREAD):
                lines = _in_whole_lines(piece)
                _, files = _without_files(lines, self.work, folded=False)
                lines = lines.upper()
            lines = self._behind_ends(lines)
        self.files += files
        self.behind = self.behind or (self.ended > 0 and bool(lines.strip(PADDING)))

    def _behind_ends(self, lines: bytes) -> bytes:
        """What stands behind the last end in these lines, which are in capital letters."""
        if runs.holds(lines, _STARTS) and any(runs.has(lines, line) for line in STARTS_A_PROGRAM):
            self.start_a_program = True
        begin, end = b"\nBEGIN:" + self.kind, b"\nEND:" + self.kind
        self.begun += _count(lines, begin)
        if not (ended := _count(lines, end)):
            return lines
        self.ended, self.behind = self.ended + ended, False
        return opening.in_lines(lines[lines.rfind(end) + 1 :]).partition(b"\n")[2]


def _in_whole_lines(text: bytes) -> bytes:
    """With LF at the end of each, put together where they are folded."""
    return _UNFOLDED(opening.in_lines(text))


def _without_files(text: bytes, work: Work, folded: bool = True) -> tuple[bytes, list[_File]]:
    """The lines without the values of properties that are encoded, and the files that these are.

    A portrait is nearly all of a contact that has one, and is decoded as well where it is folded. `folded`: whether
    lines still are. From the first place on where what tells of a file may be folded, all is left as it is then.
    """
    lines, files, done = list[bytes](), list[_File](), 0
    begin = value = stop = 0  # of the line that was looked at last, which may hold many of them
    for at in _marked(text, work):
        if at < done:
            continue
        if at > stop:
            begin = text.rfind(b"\n", stop, at) + 1 or begin
            value, stop = _value(text, begin), text.find(b"\n", at)
            stop = stop if stop >= 0 else len(text)
        if value < 0 or (at >= value and text[value : value + 5].upper() != b"DATA:"):
            continue
        if folded and (text[begin] in FOLD or b"\n" in text[begin:value]):
            break
        end = _end(text, value, folded, work)
        judged = text[begin : _line_end(text, end + 1, folded)]  # with the line that tells that it has ended
        if folded and (opening.has_bare_cr(judged + b"\n") or _starts_a_program(judged)):
            break
        lines.append(text[done : at + 1])  # so that its line is none without a word
        work.spend(encodings.DECODING * (end - value) + max(0, 5 * PLACE - A_BYTE * (end - value)))
        files.append(_File(_name(text[begin:value]), _content(text[value:end])))
        done = end
    return b"".join((*lines, text[done:])), files


def _starts_a_program(lines: bytes) -> bool:
    return runs.holds(lines, _MAY_START) and b"\nPALARM" in lines.upper()


def _count(upper: bytes, line: bytes) -> int:
    """As `bytes.count`, which takes ten times as long where there are few."""
    found = sum(1 for _ in islice(runs.places(upper, line), FEW + 1))
    return found if found <= FEW else upper.count(line)


def _marked(text: bytes, work: Work) -> Iterator[int]:
    """The end of each mark."""
    for at in runs.places_of_any(text, _MAY_MARK):
        work.spend(A_LOOK)
        end = at + RARE
        if text[max(0, end - AROUND) : end].upper().endswith(MARKS):
            work.spend(PLACE)
            yield at


def _value(text: bytes, begin: int) -> int:
    """Where a property's value begins, behind the first colon that stands in no quotes; -1 if it has none."""
    stop = begin + LONGEST_NAME
    colon = text.find(b":", begin, stop)
    while colon >= 0 and text.count(b'"', begin, colon) % 2:
        colon = text.find(b":", colon + 1, stop)
    return colon + 1 if colon >= 0 else -1


def _end(text: bytes, value: int, folded: bool, work: Work) -> int:
    """Where a value ends. Old phones do not indent the lines that go on: what has no colon is none of its own."""
    end = _line_end(text, value, folded)
    while end < len(text):
        following = _line_end(text, end + 1, folded)
        line = text[end + 1 : following]
        work.spend(max(0, A_FOLDED_LINE - A_BYTE * len(line)))
        if not line.strip() or b":" in line:
            return end
        end = following
    return end


def _line_end(text: bytes, at: int, folded: bool) -> int:
    end = _LINE_END(text, at) if folded else text.find(b"\n", at)
    return end if end >= 0 else len(text) - text.endswith(b"\n")


def _content(value: bytes) -> bytes:
    """What a value is once decoded."""
    if value[:5].upper() == b"DATA:":
        header, _, value = _in_whole_lines(value).partition(b",")
        if b"BASE64" not in header.upper():
            return unquote_to_bytes(value)
    return encodings.base64(value)


def _name(property_: bytes) -> str:
    at = property_.upper().find(b"FILENAME=")
    if at < 0:
        return ""
    return property_[at + 9 :].lstrip(b'"').split(b'"')[0].split(b";")[0].rstrip(b":").decode("utf-8", "replace")
