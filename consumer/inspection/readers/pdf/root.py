"""Whether readers find where a PDF begins: without the catalog that its trailer names, none of them opens it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from consumer.inspection.readers import runs
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.pdf import dictionaries, streams, syntax
from consumer.inspection.readers.pdf.places import END, START
from consumer.inspection.readers.pdf.streams import PdfStream
from consumer.inspection.readers.pdf.syntax import Reference, Value
from consumer.inspection.readers.pdf.words import OBJECT, WHITE
from consumer.inspection.readers.seen import PLACE, Work

ENDING = End(
    "a trailer, which names its first object",
    "every one before that, or before the pages that it leads to",
    "every other",
)
TAIL = 1024  # bytes from the end within which a document that is whole has its mark
TRAILER, AN_END = b"trailer", b"endobj"
MOST_TRIED = 32  # revisions, each with a trailer of its own
PACKED = b"ObjStm"  # objects in a stream are not looked for one by one
MOST_PACKED = 100_000  # objects in one stream
AN_OBJECT = 512  # of work, to read its number
SEARCHING = 8  # bytes for one of work
FEW, FEWEST = 512, 64  # bytes for each object, or objects in all, that are looked at in less time than a search takes
ROOT = b"/Root"


@dataclass(slots=True)
class Root:
    """The catalog that a trailer names, looked for in the file and then in each of its object streams.

    Of a document that does not end as it should, readers search the trailers for one that leads somewhere.
    """

    is_found: bool = False
    _packed: dict[int, bytes] = field(default_factory=dict)
    """What stands nowhere in the file itself: a catalog, or its tree of pages, and the key that it has to have."""

    @classmethod
    def of(cls, readable: bytes, work: Work) -> Root:
        """`readable`: the document with its names unescaped."""
        ends = END in readable[-TAIL:] or _stops_behind_objects(readable)
        root = cls()
        for tried, named in enumerate(_named(readable, work) if ends else _of_trailers(readable, work)):
            if isinstance(named, Reference):
                root._look_for(named, readable, ends, tried, work)
            if root.is_found:
                break
        return root

    def _look_for(self, named: Reference, readable: bytes, ends: bool, tried: int, work: Work) -> None:
        sought = set[int]()  # trees of pages that are not in the file itself
        for at, usual in _places(readable, named, work):
            catalog = dictionaries.object_at(readable, at, work) if usual else syntax.read(readable, at, work)[0]
            pages = catalog.get(b"Pages") if isinstance(catalog, dict) else None
            if tried >= MOST_TRIED or (ends and isinstance(pages, dict)):
                self.is_found = True
            elif isinstance(pages, Reference) and pages.number not in sought:
                self.is_found = any(_is_there(readable, at, work) for at, _ in _places(readable, pages, work))
                sought.add(pages.number)
            if self.is_found:
                return
        if ends and PACKED in readable:
            self._packed |= {**dict.fromkeys(sought, b""), named.number: b"Pages"}

    @property
    def may_be_packed(self) -> bool:
        return bool(self._packed)

    def add(self, content: bytes, stream: PdfStream, work: Work) -> None:
        """The content of an object stream. What could not be inflated of it is none."""
        if self.is_found or not self._packed:
            return
        first = stream.first
        if first <= 0 or b"DecodeParms" in stream.dictionary:  # it is said elsewhere, or packed in a further way
            self.is_found = True
            return
        work.spend(2 * first)
        pairs = content[:first].split(None, 2 * MOST_PACKED)
        for number, place in zip(pairs[::2], pairs[1::2], strict=False):
            if number.isdigit() and place.isdigit() and int(number[-syntax.MOST_DIGITS :]) in self._packed:
                found, _ = syntax.read(content, first + int(place[-syntax.MOST_DIGITS :]), work)
                key = self._packed[int(number[-syntax.MOST_DIGITS :])]
                self.is_found = self.is_found or (isinstance(found, dict) and (not key or key in found))


def _stops_behind_objects(readable: bytes) -> bool:
    """Whether only the mark of its end is cut off, or what is no object stands behind it: readers look there too."""
    return max(readable.rfind(END), readable.rfind(START)) > readable.rfind(AN_END)


def _places(readable: bytes, reference: Reference, work: Work) -> Iterator[tuple[int, bool]]:
    """Behind the words that begin all of that number, the last one first: a later one may stand in a text, or in a file
    that is attached. And whether it is written as usual.
    """
    work.spend(len(readable) // SEARCHING)
    usual = b"%d 0 obj" % reference.number
    for at in _from_end(readable, usual, work):
        if not readable[max(0, at - 1) : at].isdigit():
            work.spend(PLACE // 2)
            yield at + len(usual), True
    work.spend(len(readable) // SEARCHING)
    for word in work.words(readable).at(OBJECT):
        work.spend(AN_OBJECT)
        behind = word + len(OBJECT)
        if readable.endswith(usual, 0, behind):
            continue
        if streams.number_at(readable, word) == reference.number:
            yield behind, False


def _is_there(readable: bytes, at: int, work: Work) -> bool:
    """Whether an object stands there: nearly always a dictionary, of which no more has to be read."""
    begins = readable.startswith(b"<<", runs.behind(readable, at, WHITE))
    return begins or syntax.read(readable, at, work)[0] is not None


def _from_end(readable: bytes, usual: bytes, work: Work) -> Iterator[int]:
    words, more = work.words(readable).at(OBJECT), len(usual) - len(OBJECT)
    if len(words) > max(FEWEST, len(readable) // FEW):
        return runs.places_from_end(readable, usual)
    return (word - more for word in reversed(words) if readable.endswith(usual, 0, word + len(OBJECT)))


def _named(readable: bytes, work: Work) -> Iterator[Value]:
    for at in work.words(readable).names(ROOT):
        work.spend(PLACE)
        yield syntax.referred_at(readable, at + len(ROOT), work)


def _of_trailers(readable: bytes, work: Work) -> Iterator[Value]:
    for at in runs.places(readable, TRAILER):
        work.spend(PLACE)
        trailer, end = syntax.read(readable, at + len(TRAILER), work)
        if isinstance(trailer, dict) and readable.endswith(b">>", 0, end):
            yield trailer.get(b"Root")
