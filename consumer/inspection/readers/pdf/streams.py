"""The streams of a PDF, each with its own dictionary, found by the keyword that begins them: tables of places lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from consumer.inspection.readers import flate
from consumer.inspection.readers.pdf import syntax
from consumer.inspection.readers.pdf.filters import undone
from consumer.inspection.readers.pdf.syntax import Dictionary, Name, Reference, Value
from consumer.inspection.readers.seen import PLACE, Work

_STREAM = re.compile(rb"stream[ \t]{0,8}(?:\r\n|\n|\r)")
_BETWEEN = re.compile(rb"[\0\t\n\x0c\r ]*+(?:%[^\r\n]{0,1000}+[\0\t\n\x0c\r ]*+)*+\Z")
_NUMBER = re.compile(rb"(\d{1,10})[\0\t\n\x0c\r ]+\d{1,10}[\0\t\n\x0c\r ]*\Z")
_NAMES = re.compile(
    rb"obj[\0\t\n\x0c\r ]*+(\[?[\0\t\n\x0c\r ]*+(?:/[\w#]++[\0\t\n\x0c\r ]*+){1,16}\]?)[\0\t\n\x0c\r ]*endobj"
)


@dataclass(frozen=True, slots=True)
class Stream:
    number: int | None  # of its object
    dictionary: Dictionary  # empty if none can be read
    start: int  # of its bytes, as they are in the file

    @property
    def holds_objects(self) -> bool:
        """Its type need not be said: readers ask for the other two."""
        return self.dictionary.get(b"Type") == b"ObjStm" or {b"First", b"N"} <= self.dictionary.keys()

    @property
    def first(self) -> int:
        """Where the objects begin in an object stream."""
        first = self.dictionary.get(b"First")
        return first if isinstance(first, int) else 0


def streams(data: bytes, work: Work) -> Iterator[Stream]:
    work.spend(len(data))
    floor = 0
    for keyword in _STREAM.finditer(data):
        work.spend(PLACE)
        if data[keyword.start() - 3 : keyword.start()] == b"end":
            continue
        yield _stream(data, floor, keyword, work)
        floor = keyword.end()


def _stream(data: bytes, floor: int, keyword: re.Match[bytes], work: Work) -> Stream:
    """The dictionary is what stands between an `obj` and the keyword, and nothing else does."""
    at = keyword.start()
    for _ in range(syntax.OBJECTS_TRIED):
        at = data.rfind(b"obj", floor, at)
        if at < 0:
            break
        work.spend(keyword.start() - at)
        value, end = syntax.read(data, at + 3, work, flat=True)
        if isinstance(value, dict) and end <= keyword.start() and _BETWEEN.match(data, end, keyword.start()):
            number = _NUMBER.search(data[max(0, at - 40) : at])
            return Stream(int(number[1]) if number else None, value, keyword.end())
    return Stream(None, {}, keyword.end())


def names(data: bytes, work: Work) -> dict[int, Value]:
    """Objects that are but names: what a dictionary may refer to in place of naming its filters itself."""
    work.spend(2 * len(data) + 64 * data.count(b"obj"))
    found: dict[int, Value] = {}
    for match in _NAMES.finditer(data):
        work.spend(PLACE)
        number = _NUMBER.search(data[max(0, match.start() - 40) : match.start()])
        if number:
            found[int(number[1])] = syntax.read(data, match.start(1), work)[0]
    return found


def filters(stream: Stream, named: dict[int, Value]) -> list[bytes]:
    """The names of its filters, in the order in which they are undone."""
    said = stream.dictionary.get(b"Filter")
    if isinstance(said, Reference):
        said = named.get(said.number)
    said = [
        named.get(name.number) if isinstance(name, Reference) else name
        for name in (said if isinstance(said, list) else [said])
    ]
    return [bytes(name) for name in said if isinstance(name, Name)]


def content(data: bytes, stream: Stream, named: dict[int, Value], work: Work) -> Iterator[bytes]:
    """What a reader gets of it, piece by piece. What is packed says itself where it ends."""
    packed = filters(stream, named)
    if not packed and not stream.dictionary and _is_zlib(data, stream.start):
        packed = [b"FlateDecode"]
    stop = len(data) if packed else end(data, stream, work)
    return undone(flate.cut(memoryview(data)[stream.start : stop]), packed, work)


def end(data: bytes, stream: Stream, work: Work) -> int:
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
