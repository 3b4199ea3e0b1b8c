"""RTF: its groups walked to the end, and what it carries for other programs: objects, templates, fields.

Word reads whatever begins with `{\\rt`, under any name, and knows control words in small letters; what is read here is
more than that: any case, and words inside of binary data as well. (Rich Text Format Specification 1.9.1.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ahocorasick_rs import BytesAhoCorasick

from consumer.inspection.readers import formats, runs, scripts, trailing
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.external import Place, is_near, place_of
from consumer.inspection.readers.formats import PADDING, foreign
from consumer.inspection.readers.office import field_loads
from consumer.inspection.readers.rtf_words import BORDER, LONGEST_GROUP, WHITE, destination, readings
from consumer.inspection.readers.seen import PLACE, Limits, Seen, TooMuch, Unreadable, Work
from consumer.inspection.readers.signatures import ZIP
from consumer.inspection.readers.trailing import Extent, is_within
from consumer.model import Reason

END = End("the brace that closes the first one", "every one", "none")
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
OBJECTS_BEGIN = b"\\obj"
PROPERTY, ITS_VALUE, NEAR_VALUE = b"\\sn", b"\\sv", 256  # of a shape, and bytes within which one stands
OF_LINKED_PICTURES = frozenset({"pibname", "pibprintname", "fillblipname", "linefillblipname"})
TEMPLATE, INSTRUCTION, BINARY = b"\\template", b"\\fldinst", b"\\bin"
ASKS = ("dde", "ddeauto")
MOST_SLASHES = 512
MOST_COUNTS = 6
PIECE = 64 * 1024
MOST_NESTED = 6
RTF = "application/rtf"
SCANS = 14  # times that the whole is looked at
A_GROUP = 64  # of work
_NO_BRACES = runs.all_but(b"{}")

_ESCAPES = tuple((escape, BytesAhoCorasick([escape])) for escape in (b"\\\\", b"\\{", b"\\}"))


def begins(data: bytes) -> bool:
    """In any spelling: Word looks no further than these letters."""
    return data[:1] == b"{" and data[1:64].lstrip(WHITE)[:3].lower() == START


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    """Programs show what stands before a missing end: what it does is looked for first."""
    seen.detected_type = RTF
    seen.work.spend(SCANS * len(data))
    text = _Text.of(data, seen.work)
    _objects(text, seen)
    _templates(text, seen)
    _fields(text, seen)
    _linked_pictures(text, seen)
    binaries = list(_binaries(text, seen.work)) if text.has_binary else []
    end = _end(_without(data, binaries) if binaries else data, seen.work)
    _formats(data, end, seen)
    pages = (at for at in scripts.live(data, seen.work) if is_within(at, binaries)) if binaries else iter(())
    if (at := next(pages, None)) is not None:
        seen.find(Reason.SECOND_FORMAT, "a page with a script in its binary data", at=at, opener="mshta")


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
        return cls(data, lower, runs.has(lower, BINARY), frozenset(counts))

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
    return min(int(data[at:end] or b"1"), LONGEST_GROUP)


def _end(data: bytes, work: Work) -> int:
    """Behind the brace that closes the first one. `Unreadable` if none does: every RTF ends with it."""
    for escape, search in _ESCAPES:
        data = data.replace(escape, b"  ") if runs.holds(data, search) else data  # places stay
    depth = 0
    for begin in range(0, len(data), PIECE):
        braces = data[begin : begin + PIECE].translate(None, _NO_BRACES)
        work.spend(A_GROUP * braces.count(b"}"))
        unpaired = _unpaired(braces)
        if unpaired.count(b"}") < depth:  # the first one stays open
            depth += unpaired.count(b"{") - unpaired.count(b"}")
            continue
        *opened, rest = braces.split(b"}")
        for closed, before in enumerate(opened, 1):
            depth += len(before) - 1
            if depth <= 0:
                return _behind_brace(data, begin, closed)
        depth += len(rest)
    raise Unreadable("its groups are not closed: the end of the text is missing")


def _unpaired(braces: bytes) -> bytes:
    """Without groups that begin and end there, as far as they are nested in each other a few times."""
    for _ in range(MOST_NESTED):
        braces = braces.replace(b"{}", b"")
    return braces


def _behind_brace(data: bytes, begin: int, number: int) -> int:
    """Behind the closing brace of that number from `begin` on."""
    for _ in range(number):
        begin = data.find(b"}", begin) + 1
    return begin


def _binaries(text: _Text, work: Work) -> Iterator[Extent]:
    """The bytes that each `\\binN` announces."""
    data, at = text.data, 0
    while (at := text.lower.find(BINARY, at)) >= 0:
        work.spend(2 * PLACE)
        at += len(BINARY)
        begin = at
        while begin < len(data) and 48 <= data[begin] <= 57 and begin - at < 10:
            begin += 1
        count = int(data[at:begin] or b"0")
        begin += data[begin : begin + 1] == b" "
        stop = min(len(data), begin + count)
        yield begin, stop
        at = max(at, stop)


def _without(data: bytes, extents: list[Extent]) -> bytes:
    """With blanks there: braces in binary data are none."""
    out = bytearray(data)
    for begin, stop in extents:
        out[begin:stop] = b" " * (stop - begin)
    return bytes(out)


def _words(lower: bytes, word: bytes, work: Work, escaped: bool = False, digits: bool = False) -> Iterator[int]:
    """Where a control word stands, behind it. A backslash before it makes it text, unless that ends binary data."""
    for at in runs.places(lower, word):
        work.spend(PLACE // 4)
        before = lower[max(0, at - MOST_SLASHES) : at]
        slashes = len(before) - len(before.rstrip(b"\\"))
        end = at + len(word)
        following = lower[end : end + 1]
        if (escaped or slashes % 2 == 0) and not following.isalpha() and (following.isdigit() or not digits):
            yield end


def _objects(text: _Text, seen: Seen) -> None:
    words = OBJECTS if runs.has(text.lower, OBJECTS_BEGIN) else ()
    objects = (next(text.places(word, seen.work), None) for word in words)
    if (at := next((at for at in objects if at is not None), None)) is not None:
        seen.find(Reason.EMBEDDED_EXECUTABLE, "an object is embedded, which another program opens", at=at)


def _templates(text: _Text, seen: Seen) -> None:
    for at in text.places(TEMPLATE, seen.work):
        targets = (target for written in text.destinations(at, seen.work) for target in readings(written))
        if any(place_of(target.strip()) is not Place.HERE for target in targets):
            seen.find(Reason.EXTERNAL_REFERENCE, "its template is loaded from the network when it is opened", at=at)


def _fields(text: _Text, seen: Seen) -> None:
    for at in text.places(INSTRUCTION, seen.work):
        seen.enter(at)
        for instruction in (one for written in text.destinations(at, seen.work) for one in readings(written)):
            name = instruction.strip(" \t\"'").partition(" ")[0]
            if name.lower().rstrip('"\\') in ASKS:
                seen.find(Reason.EXTERNAL_REFERENCE, "it asks another program for data when it is opened (DDE)")
            field_loads.examine(instruction, seen, strict=True)
    seen.enter(None)


def _linked_pictures(text: _Text, seen: Seen) -> None:
    """Those of shapes: Word loads them unasked, and a share learns who asks. Most properties are named by letters."""
    for at in text.places(PROPERTY, seen.work) if runs.has(text.lower, PROPERTY) else ():
        name, closed, _ = text.lower[at : at + NEAR_VALUE].lstrip(WHITE).partition(b"}")
        if closed and name.isalpha() and name.decode() not in OF_LINKED_PICTURES:
            continue
        value = text.lower.find(ITS_VALUE, at, at + NEAR_VALUE)
        names = (read.replace(BORDER, "").strip().lower() for read in text.destinations(at, seen.work))
        if value >= 0 and not OF_LINKED_PICTURES.isdisjoint(names):
            for target in text.destinations(value + len(ITS_VALUE), seen.work):
                if place_of(target.strip()) is Place.SHARE and not is_near(target.strip()):
                    detail = "it loads something from the network when it is opened"
                    seen.find(Reason.EXTERNAL_REFERENCE, detail, at=at)


def _formats(data: bytes, end: int, seen: Seen) -> None:
    for name in formats.formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the text is {name} as well")
    for at, name in formats.formats_in(data, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{name} inside the text", at=at)
    if (entry := next(formats.entries(data, seen.work), None)) is not None:
        seen.find(Reason.SECOND_FORMAT, f"{ZIP} inside the text", at=entry)
    trailing.find_php(data, seen, "text")
    behind = data[end:]
    if not behind.strip(PADDING):
        return
    if found := foreign(behind, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{found} behind the text", at=end)
    else:
        seen.find(Reason.TRAILING_DATA, "bytes behind the end of the text", at=end)
