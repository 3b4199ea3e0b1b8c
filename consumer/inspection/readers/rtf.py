"""RTF: its groups walked to the end, and what it carries for other programs: objects, templates, fields.

Word reads whatever begins with `{\\rt`, under any name, and knows control words in small letters; what is read here is
more than that: any case, and words inside of binary data as well. (Rich Text Format Specification 1.9.1.)
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass

from consumer.inspection.readers import formats, trailing
from consumer.inspection.readers.formats import PADDING, foreign
from consumer.inspection.readers.office.external import Place, place_of
from consumer.inspection.readers.seen import PLACE, Limits, Seen, TooMuch, Unreadable, Work
from consumer.model import Reason

START = b"\\rt"
OBJECTS = (
    b"\\object",
    b"\\objdata",
    b"\\objclass",
    b"\\objemb",
    b"\\objlink",
    b"\\objautlink",
    b"\\objocx",
    b"\\objhtml",
)
TEMPLATE, INSTRUCTION, BINARY = b"\\template", b"\\fldinst", b"\\bin"
ASKS = ("dde", "ddeauto")
LOADS = ("includepicture", "includetext", "include", "import", "link")
LONGEST = 8 * 1024  # bytes of a destination that are read
MOST_TEXT = 1024  # characters of it that tell what it does
MOST_SLASHES = 512
MOST_COUNTS = 6
PIECE = 64 * 1024
SCANS = 14  # times that the whole is looked at
A_GROUP, A_LETTER = 64, 96  # of work
BLANKS = (b"par", b"line", b"tab", b"emspace", b"enspace")
BORDER = "\x01"  # of a group
BLANK = f" {BORDER}"
MOST_PARTS = 32
PASSED_OVER = frozenset(
    {b"pict", b"info", b"fonttbl", b"colortbl", b"stylesheet", b"header", b"footer", b"footnote", b"annotation", b"xe"}
)
BACKSLASH, OPENED, CLOSED, SPACE = b"\\{} "

_LETTERS = string.ascii_lowercase.encode()
_SPACE = b" \t\r\n\0"
_ESCAPES = ((b"\\\\", b"  "), (b"\\{", b"  "), (b"\\}", b"  "))  # of the same length: places stay


def begins(data: bytes) -> bool:
    """In any spelling: Word looks no further than these letters."""
    return data[:1] == b"{" and data[1:64].lstrip(_SPACE)[:3].lower() == START


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    """Programs show what stands before a missing end: what it does is looked for first."""
    seen.detected_type = "application/rtf"
    seen.work.spend(SCANS * len(data))
    text = _Text.of(data, seen.work)
    _objects(text, seen)
    _templates(text, seen)
    _fields(text, seen)
    end = _end(_without_binary(text, seen.work) if text.has_binary else data, seen.work)
    _formats(data, end, seen)


@dataclass(frozen=True, slots=True)
class _Text:
    data: bytes
    lower: bytes
    has_binary: bool
    substitutes: frozenset[int]  # how many characters stand behind one of Unicode for those who know none

    @classmethod
    def of(cls, data: bytes, work: Work) -> _Text:
        lower = data.lower()
        counts = {0, 1} | {_number(data, at) for at in _words(lower, b"\\uc", work, digits=True)}
        if len(counts) > MOST_COUNTS:
            raise TooMuch("its characters are written in more ways than any program writes them")
        return cls(data, lower, BINARY in lower, frozenset(counts))

    def places(self, word: bytes, work: Work) -> Iterator[int]:
        return _words(self.lower, word, work, escaped=self.has_binary)

    def destinations(self, at: int, work: Work) -> Iterator[str]:
        """The text of the group around `at`, as each way to count substitutes reads it."""
        read = {destination(self.data, at, work, count) for count in sorted(self.substitutes)}
        yield from sorted(read)


def _number(data: bytes, at: int) -> int:
    end = at
    while end < len(data) and 48 <= data[end] <= 57 and end - at < 4:
        end += 1
    return min(int(data[at:end] or b"1"), LONGEST)


def _end(data: bytes, work: Work) -> int:
    """Behind the brace that closes the first one. `Unreadable` if none does: every RTF ends with it."""
    for escape, blank in _ESCAPES:
        data = data.replace(escape, blank)
    work.spend(A_GROUP * data.count(b"}"))
    depth = at = 0
    for begin in range(0, len(data), PIECE):
        *closed, rest = data[begin : begin + PIECE].split(b"}")
        for segment in closed:
            depth += segment.count(b"{") - 1
            at += len(segment) + 1
            if depth <= 0:
                return at
        depth += rest.count(b"{")
        at += len(rest)
    raise Unreadable("its groups are not closed: the end of the text is missing")


def _without_binary(text: _Text, work: Work) -> bytes:
    """With blanks for the bytes that `\\binN` announces: braces among them are none."""
    data, out, at = text.data, bytearray(text.data), 0
    while (at := text.lower.find(BINARY, at)) >= 0:
        work.spend(2 * PLACE)
        at += len(BINARY)
        begin = at
        while begin < len(data) and 48 <= data[begin] <= 57 and begin - at < 10:
            begin += 1
        count = int(data[at:begin] or b"0")
        begin += data[begin : begin + 1] == b" "
        stop = min(len(data), begin + count)
        out[begin:stop] = b" " * (stop - begin)
        at = max(at, stop)
    return bytes(out)


def _words(lower: bytes, word: bytes, work: Work, escaped: bool = False, digits: bool = False) -> Iterator[int]:
    """Where a control word stands, behind it. A backslash before it makes it text, unless that ends binary data."""
    at = -1
    while (at := lower.find(word, at + 1)) >= 0:
        work.spend(PLACE // 4)
        before = lower[max(0, at - MOST_SLASHES) : at]
        slashes = len(before) - len(before.rstrip(b"\\"))
        end = at + len(word)
        following = lower[end : end + 1]
        if (escaped or slashes % 2 == 0) and not following.isalpha() and (following.isdigit() or not digits):
            yield end


def _objects(text: _Text, seen: Seen) -> None:
    if any(next(text.places(word, seen.work), None) is not None for word in OBJECTS):
        seen.find(Reason.EMBEDDED_EXECUTABLE, "an object is embedded, which another program opens")


def _templates(text: _Text, seen: Seen) -> None:
    for at in text.places(TEMPLATE, seen.work):
        targets = (target for written in text.destinations(at, seen.work) for target in readings(written))
        if any(place_of(target.strip()) is not Place.HERE for target in targets):
            seen.find(Reason.EXTERNAL_REFERENCE, "its template is loaded from the network when it is opened")


def _fields(text: _Text, seen: Seen) -> None:
    for at in text.places(INSTRUCTION, seen.work):
        for instruction in (one for written in text.destinations(at, seen.work) for one in readings(written)):
            name, _, rest = instruction.strip(" \t\"'").partition(" ")
            name = name.lower().rstrip('"\\')
            if name in ASKS:
                seen.find(Reason.EXTERNAL_REFERENCE, "it asks another program for data when it is opened (DDE)")
            elif name in LOADS:
                _loaded(name, rest, seen)


def _loaded(name: str, rest: str, seen: Seen) -> None:
    """As in Word's other formats: of a share a picture tells who asks; an object of the web is refused as well."""
    places = {place_of(word.strip('"')) for word in rest.split(" ") if word.strip('"')}
    if Place.SHARE in places or (Place.ELSEWHERE in places and name != "includepicture"):
        seen.find(Reason.EXTERNAL_REFERENCE, "it loads something from the network when it is opened")
    elif Place.ELSEWHERE in places:
        seen.flag("external_references")


def _formats(data: bytes, end: int, seen: Seen) -> None:
    for name in formats.formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the text is {name} as well")
    for _, name in formats.formats_in(data, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{name} inside the text")
    trailing.find_php(data, seen, "text")
    behind = data[end:]
    if not behind.strip(PADDING):
        return
    if found := foreign(behind, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{found} behind the text")
    else:
        seen.find(Reason.TRAILING_DATA, "bytes behind the end of the text")


def destination(data: bytes, at: int, work: Work, substitutes: int) -> str:
    """The text from `at` to the end of its group, with what is written as escapes and in groups within."""
    raw, out, depth, at = data[at : at + LONGEST], list[str](), 0, 0
    while at < len(raw) and len(out) < MOST_TEXT:
        byte = raw[at]
        if byte == BACKSLASH:
            at = _control(raw, at + 1, out, substitutes)
            continue
        if byte == OPENED:
            depth += 1
            _mark(out)
            if _is_passed_over(raw, at + 1):
                at, depth = _past_group(raw, at + 1), depth - 1
        elif byte == CLOSED:
            depth -= 1
            _mark(out)
            if depth < 0:
                break
        elif byte not in b"\r\n\0" and (byte != SPACE or (out and out[-1] != " ")):
            out.append(chr(byte))
        at += 1
    work.spend(4 * PLACE + A_LETTER * at)
    text = "".join(out)
    if at >= LONGEST and len(text.replace(BORDER, "").strip()) < MOST_TEXT // 4:
        raise TooMuch("an instruction in it is longer than any can be")
    return text


def _mark(out: list[str]) -> None:
    """A border, and no second one: text of nothing but borders is none."""
    if out and out[-1] not in BLANK:
        out.append(BORDER)


def _is_passed_over(raw: bytes, at: int) -> bool:
    """Whether a group begins whose text is no part of what stands around it."""
    head = raw[at : at + 32].lstrip(_SPACE)
    word = head[1:].lower()
    return head[:1] == b"\\" and (word[:1] == b"*" or word[: len(word) - len(word.lstrip(_LETTERS))] in PASSED_OVER)


def _past_group(raw: bytes, at: int) -> int:
    """The place of the brace that closes the group that is open at `at`."""
    depth = 1
    while at < len(raw):
        byte = raw[at]
        depth += (byte == OPENED) - (byte == CLOSED)
        if depth == 0:
            return at
        at += 2 if byte == BACKSLASH else 1
    return len(raw)


def readings(text: str) -> Iterator[str]:
    """The text, and what is left of it behind each border of a group: of some groups Word passes over the text."""
    parts = text.split(BORDER)[:MOST_PARTS]
    for first, part in enumerate(parts):
        if part.strip():
            yield "".join(parts[first:])


def _control(raw: bytes, at: int, out: list[str], substitutes: int) -> int:
    """Reads the control word or symbol whose backslash stands before `at`; returns the place behind it."""
    if not raw[at : at + 1].isalpha():
        return _symbol(raw, at, out)
    begin = at
    while raw[at : at + 1].isalpha():
        at += 1
    word, begin = raw[begin:at].lower(), at
    at += raw[at : at + 1] == b"-"
    while raw[at : at + 1].isdigit():
        at += 1
    number = raw[begin:at]
    at += raw[at : at + 1] == b" "
    if word == b"u" and number.strip(b"-"):
        out.append(chr(int(number[:12]) & 0xFFFF))
        for _ in range(substitutes):
            at = _past_a_character(raw, at)
    elif word in BLANKS and out and out[-1] != " ":
        out.append(" ")
    elif word == b"bin":
        at += int(number.strip(b"-")[:12] or b"0")
    return at


def _symbol(raw: bytes, at: int, out: list[str]) -> int:
    symbol = raw[at : at + 1]
    if symbol == b"'":
        code = raw[at + 1 : at + 3]
        if len(code) == 2 and not code.translate(None, b"0123456789abcdefABCDEF"):
            out.append(bytes([int(code, 16)]).decode("cp1252", "replace"))
            return at + 3
    elif symbol in (b"\\", b"{", b"}"):
        out.append(symbol.decode())
    elif symbol == b"~":
        out.append(" ")
    return at + 1


def _past_a_character(raw: bytes, at: int) -> int:
    """A letter, an escape, or a control word, which counts as one; groups are not entered."""
    if raw[at : at + 1] in (b"", b"{", b"}"):
        return at
    return _control(raw, at + 1, [], 0) if raw[at] == BACKSLASH else at + 1
