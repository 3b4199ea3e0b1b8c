"""SVG: a drawing as text. What is in it has to be in a list of what draws; all else rejects, since browsers run it.

Its end is the end of its root element: XML has no other, so that every cut is certain.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from dataclasses import dataclass, field
from xml.parsers import expat

from consumer.inspection.readers import formats, scripts
from consumer.inspection.readers.formats import PICTURES
from consumer.inspection.readers.media import svg_names as names
from consumer.inspection.readers.media import svg_style
from consumer.inspection.readers.seen import PLACE, Limits, Seen, TooMuch, Unreadable, Work
from consumer.inspection.readers.texts import opening, xml_text
from consumer.model import Reason

ROOT_WITHIN = 64 * 1024  # bytes in which the root element begins
MOST_PICTURES = 1_000
ELEMENT = 512  # what a look at one costs, as bytes that are read
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \t\r\n.,;_#%+*-")
RUNS = ("javascript:", "vbscript:", "data:text/", "data:application/", "data:image/svg")


def begins(data: bytes) -> bool:
    """Whether its root element is a drawing's, in any encoding, behind whatever may stand before a root."""
    if data[:64].lstrip(b"\xef\xbb\xbf\xfe\xff\0 \t\r\n")[:1] != b"<":
        return False
    head = opening.as_utf8(data[:ROOT_WITHIN], Work())
    return _root(head) == "svg" or scripts.page(head, Work()) == "image/svg+xml"


def _root(head: bytes) -> str:
    """The name of the root element, of the document type if entities are declared before it, "" if there is none."""
    found: list[str] = []
    parser = expat.ParserCreate("utf-8", " ")

    def named(name: str, *more: object) -> None:
        found.append(name.rpartition(" ")[2])

    def ended(*more: object) -> None:
        raise _Refused

    def root(name: str, attributes: object) -> None:
        found.append(name.rpartition(" ")[2])
        raise _Refused

    parser.StartDoctypeDeclHandler, parser.EntityDeclHandler, parser.StartElementHandler = named, ended, root
    with suppress(expat.ExpatError, _Refused):
        parser.Parse(head, False)
    return found[-1] if found else ""


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "image/svg+xml"
    if (at := formats.pdf_in(data, seen.work)) is not None:
        seen.find(Reason.SECOND_FORMAT, "a PDF inside the drawing", at=at)
    for at, name in formats.formats_in(data, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{name} inside the drawing", at=at)
    drawing = _Drawing(seen, seen.work)
    parser, content = drawing.parser(), xml_text.as_utf8(data, seen.work)
    drawing.read_by = parser if len(content) == len(data) else None
    try:
        xml_text.feed(parser, content)
    except expat.ExpatError:
        raise Unreadable("the drawing is no well-formed XML") from None
    except _Refused:
        return
    drawing.ended()
    if not drawing.drawn:
        raise Unreadable("the drawing draws nothing")


class _Refused(Exception):
    """Nothing behind this changes what is said of the file."""


@dataclass(slots=True)
class _Drawing:
    seen: Seen
    work: Work
    open: list[str] = field(default_factory=list)  # names of elements, each with its name space
    style: list[str] = field(default_factory=list)  # what the style element that is open holds
    skipped: list[str] = field(default_factory=list)  # what XML does not read as markup
    is_raw: bool = False  # in a section of raw characters
    pictures: int = 0
    known: set[str] = field(default_factory=set)  # styles that were looked at
    drawn: int = 0
    read_by: expat.XMLParserType | None = None  # whose places are those of the file

    def parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8", " ")
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._document_type
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.CommentHandler = self._remark
        parser.StartCdataSectionHandler = self._raw_begins
        parser.EndCdataSectionHandler = self._raw_ends
        return parser

    def _find(self, code: Reason, detail: str) -> None:
        at = self.read_by.CurrentByteIndex if self.read_by else None
        self.seen.find(code, detail, at=at, opener="browser")

    def _document_type(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        if system or public:
            self._find(Reason.EXTERNAL_REFERENCE, "the drawing names a document type elsewhere")
        else:
            self._find(Reason.MALFORMED, "the drawing declares a document type of its own")
        raise _Refused

    def _instruction(self, target: str, content: str) -> None:
        if target.lower() == "xml-stylesheet":
            self._find(Reason.EXTERNAL_REFERENCE, "the drawing loads a style sheet")
        elif target.lower() == "php":
            self.seen.find(Reason.SECOND_FORMAT, "a server's page inside the drawing", opener="php")
        self._remark(content)

    def _remark(self, content: str) -> None:
        """Words that XML skips, and that HTML may end earlier."""
        self.skipped += content, ">"

    def _raw_begins(self) -> None:
        self.is_raw = True

    def _raw_ends(self) -> None:
        self.is_raw = False
        self.skipped.append(">")

    def ended(self) -> None:
        if scripts.markup_in("".join(self.skipped).encode(), self.work) is not None:
            self._find(Reason.SCRIPT, "markup in a remark of the drawing")

    def _characters(self, content: str) -> None:
        if self.is_raw:
            self.skipped.append(content)
        if self.open and self.open[-1] == "style":
            self.style.append(content)

    def _start(self, name: str, attributes: list[str]) -> None:
        self.work.step(ELEMENT)
        space, _, local = name.rpartition(" ")
        drawn = space in (names.SVG, "")
        if not self.open:
            drawn = local == "svg" and drawn
        self.open.append(local if drawn else f"{space} {local}")
        if drawn:
            self.drawn += 1
            self._element(local)
        else:
            self._foreign(space)
        for at in range(0, len(attributes), 2):
            self._attribute(local if drawn else "", attributes[at], attributes[at + 1])
        if local in names.ANIMATIONS:
            self._animated({attributes[at]: attributes[at + 1] for at in range(0, len(attributes), 2)})

    def _end(self, name: str) -> None:
        if self.open.pop() == "style":
            self._style("".join(self.style))
            self.style.clear()

    def _element(self, local: str) -> None:
        if local in names.ELEMENTS:
            return
        if local in ("script", "handler", "listener"):
            self._find(Reason.SCRIPT, "a script in the drawing")
        elif local == "foreignObject":
            self._find(Reason.SECOND_FORMAT, "a page inside the drawing")
        elif local in ("font-face-uri", "tbreak", "link"):
            self._find(Reason.EXTERNAL_REFERENCE, "the drawing loads something from elsewhere")
        else:
            self._find(Reason.MALFORMED, "an element in the drawing that does not draw")

    def _foreign(self, space: str) -> None:
        """Elements of other name spaces: in metadata whatever there is, elsewhere what editors leave."""
        if space == names.XHTML:
            self._find(Reason.SECOND_FORMAT, "a page inside the drawing")
        elif space == names.EVENTS:
            self._find(Reason.SCRIPT, "an event of the drawing has a listener")
        elif "metadata" not in self.open and not space.startswith(names.EDITORS):
            self._find(Reason.MALFORMED, "an element in the drawing that does not draw")

    def _attribute(self, element: str, name: str, value: str) -> None:
        if name in names.DRAWING:  # as nearly always
            self._value(value)
            return
        space, _, local = name.rpartition(" ")
        if element and local.lower().startswith("on") and space in ("", names.SVG):
            self._find(Reason.SCRIPT, "an event of the drawing runs a script")
        elif local == "href" and space in ("", names.XLINK):
            self._link(element, value)
        elif space == names.XML and local == "base":
            self._find(Reason.EXTERNAL_REFERENCE, "the drawing's links begin elsewhere")
        elif space == names.EVENTS:
            self._find(Reason.SCRIPT, "an event of the drawing has a listener")
        elif space:
            return  # no viewer knows it, or it says no more than a language
        elif local == "style":
            self._style(value)
        elif local in names.ATTRIBUTES:
            self._value(value)
        elif not local.startswith(("data-", "aria-", "xmlns")) and not PLAIN.issuperset(value):
            self._unknown(element)

    def _value(self, value: str) -> None:
        if "\\" in value or ("(" in value and "url" in value.lower()):
            self._style(value)

    def _unknown(self, element: str) -> None:
        if element:
            self._find(Reason.MALFORMED, "an attribute in the drawing that does not draw")

    def _link(self, element: str, value: str) -> None:
        squeezed = "".join(character for character in value[:PLACE] if character > " ").lower()
        if not element or not squeezed or squeezed.startswith("#"):
            return
        if squeezed.startswith(svg_style.PICTURE) and element in names.PICTURED:
            self._picture(value)
        elif squeezed.startswith(RUNS):
            self._find(Reason.SCRIPT, "a link of the drawing runs a script")
        else:
            self._find(Reason.EXTERNAL_REFERENCE, "the drawing refers to something elsewhere")

    def _picture(self, value: str) -> None:
        """A picture in letters. It is one, and nothing else is in it."""
        self.pictures += 1
        if self.pictures > MOST_PICTURES:
            raise TooMuch("the drawing has too many pictures")
        kind, _, letters = value.partition(",")
        self.work.spend(len(letters))
        try:
            content = base64.b64decode("".join(letters.split())) if "base64" in kind.lower() else b""
        except (binascii.Error, ValueError):
            content = b""
        found = formats.format_at(content[:PLACE])
        if found not in PICTURES and content[8:12] != b"WEBP":
            self._find(Reason.SECOND_FORMAT, "what the drawing says is a picture is none")
        for _, other in formats.formats_in(content, self.work):
            self._find(Reason.SECOND_FORMAT, f"{other} inside a picture of the drawing")

    def _style(self, rules: str) -> None:
        if rules in self.known:
            return
        self.known.add(rules)
        self.work.spend(4 * len(rules))
        for reason, detail in svg_style.faults(rules):
            self._find(reason, detail)

    def _animated(self, attributes: dict[str, str]) -> None:
        name = attributes.get("attributeName", "").strip().rpartition(":")[2].lower()
        if name == "href":
            self._find(Reason.SCRIPT, "the drawing changes where a link leads")
        elif name.startswith("on"):
            self._find(Reason.SCRIPT, "the drawing changes what an event runs")
        for key in ("to", "from", "by", "values"):
            squeezed = "".join(attributes.get(key, "").split()).lower()
            if any(word in squeezed for word in RUNS):
                self._find(Reason.SCRIPT, "the drawing changes a link to a script")
