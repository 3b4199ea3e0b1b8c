"""The elements of a part as they pass by: nothing expands, and neither depth, number nor length grows without end."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from consumer.inspection.readers.seen import Unreadable, Work

Element = Callable[[str, dict[str, str]], None]

DEEPEST = 32  # levels; listings and relationships have two
LONGEST_TAG = 64 * 1024  # bytes of one, with the text up to the next
FED = 16 * 1024  # bytes at a time, so that a long tag is noticed before it is all there
AN_ELEMENT, AN_ATTRIBUTE, FEW_ATTRIBUTES = 2048, 256, 8  # of work, for one with few and for each more


class XmlReader:
    """Fed with a part's pieces, hands each element to `element`.

    `Unreadable` for what is no XML, too many levels, a tag longer than any, or a document type: it is refused before
    any of it is read, since entities expand there.
    """

    def __init__(self, element: Element, work: Work) -> None:
        self._element, self._work = element, work
        self._depth = self._fed = self._passed = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = refuse

    def feed(self, piece: bytes) -> None:
        for at in range(0, len(piece), FED):
            self._parse(piece[at : at + FED], False)
            if self._fed - self._passed > LONGEST_TAG:
                raise Unreadable("a part of the document has a longer tag than any can be")

    def close(self) -> None:
        self._parse(b"", True)

    def _parse(self, piece: bytes, last: bool) -> None:
        self._fed += len(piece)
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError:
            raise Unreadable("a part of the document is not XML") from None
        except (ValueError, LookupError):  # an encoding that nobody knows
            raise Unreadable("a part of the document is not XML that can be read") from None

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._work.spend(AN_ELEMENT + AN_ATTRIBUTE * max(0, len(attributes) - FEW_ATTRIBUTES))
        self._passed = self._parser.CurrentByteIndex
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable("a part of the document has more levels than it can need")
        self._element(name, attributes)

    def _end(self, name: str) -> None:
        self._passed = self._parser.CurrentByteIndex
        self._depth -= 1


def refuse(*declaration: object) -> None:
    raise Unreadable("a part of the document declares a document type")
