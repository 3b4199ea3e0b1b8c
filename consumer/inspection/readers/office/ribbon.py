"""A ribbon that a document brings along (`customUI`, MS-CUSTOMUI): what its controls call.

In a document without macros they call nothing, unless the file that holds the macro is named: it is loaded then, for
`onLoad` as soon as the document is opened (oletools issue 730 tells of such workbooks).
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

from consumer.inspection.readers import runs
from consumer.inspection.readers.external import Place, is_near, place_of
from consumer.inspection.readers.office.tags import AFTER_NAME
from consumer.inspection.readers.office.xml_reader import AN_ELEMENT
from consumer.inspection.readers.seen import PLACE, Seen
from consumer.model import Reason

ELEMENT = b"customUI"
CALLS = ("on", "get", "load")  # how the names of attributes begin that say what is called
PARSED_AT_ONCE = 8  # a byte that is parsed costs as much as looking at so many
A_CALL, A_LETTER = 1024, 96  # of work


class Ribbons:
    """Fed with the pieces of a part."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._parser: expat.XMLParserType | None = None
        self._unread = 0  # bytes since the last element: a long tag is read anew with each piece

    def feed(self, piece: bytes, window: bytes) -> None:
        """`window`: the piece behind what was cut off from the last one."""
        self._parse(piece)
        for at in _begun(window) if self._parser is None else ():
            if self._parser is None:
                self._seen.work.spend(PLACE)
                self._parser = _parser()
                self._parser.StartElementHandler = self._element
                self._parse(window[at:])

    def _parse(self, piece: bytes) -> None:
        """What is no XML is no ribbon: it may have begun in a remark, and another one may follow."""
        if self._parser is None:
            return
        self._unread += len(piece)
        self._seen.work.spend(PARSED_AT_ONCE * self._unread)
        try:
            self._parser.Parse(piece.decode("utf-8", "replace").encode(), False)
        except expat.ExpatError:
            self._parser = None

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self._unread = 0
        self._seen.work.spend(AN_ELEMENT)
        for attribute, called in attributes.items():
            if attribute.lower().startswith(CALLS):
                self._seen.work.spend(A_CALL + A_LETTER * len(called))
                self._called(called.strip(" \t\r\n'\""))

    def _called(self, called: str) -> None:
        place = place_of(called)
        if place is Place.SHARE and is_near(called):
            self._seen.flag("external_references")
        elif place is not Place.HERE:
            self._seen.find(Reason.EXTERNAL_REFERENCE, "its ribbon calls a macro of a file in the network")


def _parser() -> expat.XMLParserType:
    """Since 2.6 expat may put off what follows a long tag until more comes, and at the end of a part nothing does."""
    parser = expat.ParserCreate()
    if put_off := getattr(parser, "SetReparseDeferralEnabled", None):
        put_off(False)
    return parser


def _begun(window: bytes) -> Iterator[int]:
    """Where such an element begins, whatever its prefix is."""
    for at in runs.places(window, ELEMENT):
        begin = window.rfind(b"<", 0, at)
        prefix = window[begin + 1 : at]
        is_name = not prefix or (prefix.endswith(b":") and not set(prefix) & set(runs.SPACE))
        if begin >= 0 and is_name and window[at + len(ELEMENT) : at + len(ELEMENT) + 1] in AFTER_NAME:
            yield begin
