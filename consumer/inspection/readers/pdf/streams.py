"""The streams of a PDF, each with its own dictionary, found by the keyword that begins them: tables of places lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consumer.inspection.readers import flate, runs
from consumer.inspection.readers.formats import OBJECTS_TRIED
from consumer.inspection.readers.pdf import dictionaries, syntax
from consumer.inspection.readers.pdf.filters import undone
from consumer.inspection.readers.pdf.syntax import Dictionary, Name, Reference, Value
from consumer.inspection.readers.pdf.words import ENDS, OBJECT, STREAM, WHITE
from consumer.inspection.readers.seen import PLACE, Work

MOST_BLANKS = 8  # behind the word, before its line ends
MOST_COMMENT = 1000  # bytes of one between a dictionary and the word
NEARER, NEAR = 16, 40  # bytes before an object's word that its number is in
AN_OBJECT, ITS_END = 480, 64  # of work, for each that is looked at
A_NAME = 1536  # likewise
MOST_NAMES = 16
_IN_NAME = runs.WORD + b"#"


@dataclass(frozen=True, slots=True)
class PdfStream:
    word: int | None  # where its object begins
    dictionary: Dictionary  # empty if none can be read
    start: int  # of its bytes, as they are in the file

    def number(self, data: bytes) -> int | None:
        """Of its object. Few are asked."""
        return None if self.word is None else number_at(data, self.word)

    @property
    def holds_objects(self) -> bool:
        """Its type need not be said: readers ask for the other two."""
        said = self.dictionary
        return said.get(b"Type") == b"ObjStm" or (b"First" in said and b"N" in said)

    @property
    def is_short(self) -> bool:
        """Whether it says so: who trusts that, has to see whether it has ended."""
        length = self.dictionary.get(b"Length")
        return isinstance(length, int) and length <= flate.FIRST_PIECE

    @property
    def first(self) -> int:
        """Where the objects begin in an object stream."""
        first = self.dictionary.get(b"First")
        return first if isinstance(first, int) else 0


def streams(data: bytes, work: Work) -> Iterator[PdfStream]:
    work.spend(len(data) + PLACE * len(work.words(data).at(ENDS[STREAM])))
    floor = 0
    for keyword in work.words(data).at(STREAM):
        if not (begin := _begin(data, keyword)):
            continue
        work.spend(PLACE)
        yield _stream(data, floor, keyword, begin, work)
        floor = begin


def _begin(data: bytes, keyword: int) -> int:
    """Behind the line that the word ends; 0 if it ends none."""
    rest = data[keyword + len(STREAM) : keyword + len(STREAM) + MOST_BLANKS + 2]
    line = rest.lstrip(b" \t")
    ends = line[:2] == b"\r\n" or line[:1] in (b"\r", b"\n")
    if not ends or len(rest) - len(line) > MOST_BLANKS:
        return 0
    return keyword + len(STREAM) + len(rest) - len(line) + (2 if line[:2] == b"\r\n" else 1)


def _stream(data: bytes, floor: int, keyword: int, begin: int, work: Work) -> PdfStream:
    """The dictionary is what stands between an `obj` and the keyword, and nothing else does."""
    at = keyword
    for _ in range(OBJECTS_TRIED):
        at = data.rfind(b"obj", floor, at)
        if at < 0:
            break
        work.spend(keyword - at)
        if (usual := dictionaries.read(data[at + 3 : keyword], work)) is not None:
            return PdfStream(at, usual, begin)
        value, end = syntax.read(data, at + 3, work, flat=True)
        if isinstance(value, dict) and end <= keyword and _only_comments(data, end, keyword, work):
            return PdfStream(at, value, begin)
    return PdfStream(None, {}, begin)


def _only_comments(data: bytes, at: int, stop: int, work: Work) -> bool:
    """Whether nothing but white space and short comments stands there."""
    while (at := runs.behind(data, at, WHITE)) < stop:
        work.spend(PLACE)
        end = min(stop, runs.behind(data, at, syntax.IN_LINE))
        if data[at : at + 1] != b"%" or end - at - 1 > MOST_COMMENT:
            return False
        at = end
    return True


def number_at(data: bytes, word: int) -> int | None:
    """Of the object that begins with this word."""
    near = data[max(0, word - NEARER) : word]
    words = near.split()
    if len(words) > 2 and near[-1:] == b" " and words[-1].isdigit() and words[-2].isdigit() and b"\x0b" not in near:
        return int(words[-2][-syntax.MOST_DIGITS :])  # as nearly always
    found = syntax.number_before(data, word, max(0, word - NEAR), False)
    return int(data[max(found[0], found[1] - syntax.MOST_DIGITS) : found[1]]) if found else None


def names(data: bytes, work: Work) -> dict[int, Value]:
    """Objects that are but names: what a dictionary may refer to in place of naming its filters itself."""
    words = work.words(data)
    work.spend(2 * len(data) + (AN_OBJECT + 2 * ITS_END) * len(words.at(OBJECT)))
    found: dict[int, Value] = {}
    for word in words.bare():
        begin = runs.behind(data, word + 3, WHITE)
        if data[begin : begin + 1] in (b"/", b"[") and _is_names(data, begin, work):
            work.spend(PLACE)
            if (number := number_at(data, word)) is not None:
                found[number] = syntax.read(data, begin, work)[0]
    return found


def _is_names(data: bytes, at: int, work: Work) -> bool:
    """Whether the object is a name or a list of a few, and nothing else."""
    at = runs.behind(data, at + (data[at : at + 1] == b"["), WHITE)
    for _ in range(MOST_NAMES):
        work.spend(A_NAME)
        end = runs.behind(data, at + 1, _IN_NAME)
        if data[at : at + 1] != b"/" or end == at + 1:
            return False
        at = runs.behind(data, end, WHITE)
        if data[at : at + 1] != b"/":
            break
    return data.startswith(b"endobj", runs.behind(data, at + (data[at : at + 1] == b"]"), WHITE))


def filters(stream: PdfStream, named: dict[int, Value]) -> list[bytes]:
    """The names of its filters, in the order in which they are undone."""
    said = stream.dictionary.get(b"Filter")
    if isinstance(said, Name):  # as nearly always
        return [bytes(said)]
    if isinstance(said, Reference):
        said = named.get(said.number)
    said = [
        named.get(name.number) if isinstance(name, Reference) else name
        for name in (said if isinstance(said, list) else [said])
    ]
    return [bytes(name) for name in said if isinstance(name, Name)]


def content(data: bytes, stream: PdfStream, named: dict[int, Value], work: Work) -> Iterator[bytes]:
    """What a reader gets of it, piece by piece. What is packed says itself where it ends."""
    packed = filters(stream, named)
    if not packed and not stream.dictionary and _is_zlib(data, stream.start):
        packed = [b"FlateDecode"]
    stop = len(data) if packed else end(data, stream, work)
    return undone(flate.cut(memoryview(data)[stream.start : stop]), packed, work)


def end(data: bytes, stream: PdfStream, work: Work) -> int:
    """Where it ends: by its length, if its end mark stands there, else at the first such mark."""
    length = stream.dictionary.get(b"Length")
    if isinstance(length, int) and data[stream.start + length : stream.start + length + 12].lstrip().startswith(
        b"endstream"
    ):
        return stream.start + length
    stop = data.find(b"endstream", stream.start)
    stop = stop if stop >= 0 else len(data)
    work.spend(stop - stream.start)
    return stop


def _is_zlib(data: bytes, at: int) -> bool:
    head = int.from_bytes(data[at : at + 2], "big")
    return head >> 8 & 15 == 8 and head % 31 == 0
