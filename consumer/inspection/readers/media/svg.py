"""SVG: a drawing as text. What is in it has to be in a list of what draws; all else rejects, since browsers run it.

Its end is the end of its root element: XML has no other, so that every cut is certain.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from consumer.inspection.readers import formats, scripts
from consumer.inspection.readers.formats import PICTURES
from consumer.inspection.readers.media import svg_names as names
from consumer.inspection.readers.media import svg_style
from consumer.inspection.readers.media.svg_style import Styles
from consumer.inspection.readers.seen import PLACE, Limits, Seen, TooMuch, Unreadable, Work
from consumer.inspection.readers.texts import xml_text
from consumer.model import Reason

MOST_PICTURES = 1_000
MOST_SHAPES = 1_000
ELEMENT = 512  # what a look at one costs, as bytes that are read
METADATA = "metadata"
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \t\r\n.,;_#%+*-")
RUNS = ("javascript:", "vbscript:", "data:text/", "data:application/", "data:image/svg")


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "image/svg+xml"
    if (at := formats.pdf_in(data, seen.work)) is not None:
        seen.find(Reason.SECOND_FORMAT, "a PDF inside the drawing", at=at)
    for at, name in formats.formats_in(data, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{name} inside the drawing", at=at)
    drawing = _Drawing(seen, seen.work)
    parser, content = drawing.parser(), xml_text.as_utf8(data, seen.work)
    xml_text.pay_for_namespaces(content, seen.work)
    drawing.read_by = parser if len(content) == len(data) else None
    try:
        xml_text.feed(parser, content)
    except (expat.ExpatError, TooMuch) as ended:
        with suppress(TooMuch):
            drawing.styles.look()
        raise ended if isinstance(ended, TooMuch) else Unreadable("the drawing is no well-formed XML") from None
    except _Refused:
        return
    drawing.ended()
    if not drawing.drawn:
        raise Unreadable("the drawing draws nothing")


class Usual(NamedTuple):
    """An element by the names of its attributes, all of which do no more than draw."""

    local: str
    style: int  # where the value of the attribute `style` stands among names and values; 0 if there is none


class _Refused(Exception):
    """Nothing behind this changes what is said of the file."""


@dataclass(slots=True)
class _Drawing:
    seen: Seen
    work: Work
    begun: bool = False
    open: list[str] = field(default_factory=list)  # from an element on that tells what those in it are
    described: int = 0  # how many of these are metadata
    style: list[str] = field(default_factory=list)  # what the style element that is open holds
    skipped: list[str] = field(default_factory=list)  # what XML does not read as markup
    is_raw: bool = False  # in a section of raw characters
    pictures: int = 0
    shapes: dict[tuple[str, ...], Usual] = field(default_factory=dict)  # names that do no more than draw
    drawn: int = 0
    read_by: expat.XMLParserType | None = None  # whose places are those of the file
    styles: Styles = field(init=False)
    _parser: expat.XMLParserType = field(init=False)

    def __post_init__(self) -> None:
        self.styles = Styles(self._found, self.work.spend)

    def parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8", " ")
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._document_type
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartElementHandler = self._start
        parser.CommentHandler = self._remark
        parser.StartCdataSectionHandler = self._raw_begins
        parser.EndCdataSectionHandler = self._raw_ends
        self._parser = parser
        return parser

    def _listen(self) -> None:
        """To characters and ends of elements where they matter: a call for each costs as much as one for an element."""
        self._parser.EndElementHandler = self._end if self.open else None
        wanted = self.is_raw or (bool(self.open) and self.open[-1] == "style")
        self._parser.CharacterDataHandler = self._characters if wanted else None

    def _find(self, code: Reason, detail: str) -> None:
        self.work.spend(2 * PLACE)
        self.styles.look()
        self._found(code, detail, self._place())

    def _found(self, code: Reason, detail: str, at: int | None) -> None:
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
        self._listen()

    def _raw_ends(self) -> None:
        self.is_raw = False
        self.skipped.append(">")
        self._listen()

    def ended(self) -> None:
        self.styles.look()
        if scripts.markup_in("".join(self.skipped).encode(), self.work) is not None:
            self._find(Reason.SCRIPT, "markup in a remark of the drawing")

    def _characters(self, content: str) -> None:
        if self.is_raw:
            self.skipped.append(content)
        if self.open and self.open[-1] == "style":
            self.style.append(content)

    def _start(self, name: str, attributes: list[str]) -> None:
        self.work.step(ELEMENT)
        shape = self.shapes.get((name, *attributes[::2]))
        if shape is None:
            self._any(name, attributes)
            return
        if self.open:
            self.open.append(shape.local)
        self.drawn += 1
        values = "".join(attributes)
        if "(" in values or "\\" in values:
            for value in attributes[1::2]:
                self._value(value)
        if shape.style:
            self.styles.wait(attributes[shape.style], self._place())

    def _any(self, name: str, attributes: list[str]) -> None:
        space, _, local = name.rpartition(" ")
        drawn = space in (names.SVG, "")
        if not self.begun:
            self.begun, drawn = True, local == "svg" and drawn
        elif drawn and local in names.PLAIN_ELEMENTS and names.PLAIN_ATTRIBUTES.issuperset(attributes[::2]):
            style = 2 * attributes[::2].index("style") + 1 if "style" in attributes[::2] else 0
            if len(self.shapes) < MOST_SHAPES:
                self.shapes[name, *attributes[::2]] = Usual(local, style)
        label = local if drawn else f"{space} {local}"
        if self.open or label in names.HOLDING:
            self.open.append(label)
            self.described += label == METADATA
            if label in names.HOLDING:
                self._listen()
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
        label = self.open.pop()
        self.described -= label == METADATA
        if label == "style":
            self._style("".join(self.style))
            self.style.clear()
        if label in names.HOLDING:
            self._listen()

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
        elif not self.described and not space.startswith(names.EDITORS):
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
        self.styles.judge(rules, self._place())

    def _place(self) -> int | None:
        return self.read_by.CurrentByteIndex if self.read_by else None

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
