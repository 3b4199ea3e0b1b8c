"""XML as a text: read by expat, which nothing can make expand, and refused where a browser or Office acts on it.

A browser shows an XML file as what its elements are by their namespaces (XHTML with its scripts, SVG), and loads the
style sheet that it names, if that is of the same origin or no more than colors. Words with marks are let in inside of
anything else. A namespace of which no element is does nothing: OpenDocument, feeds and records declare all that they
might use. Office opens one that names a program of its own (`mso-application`), or is a document by its namespace.
"""

from __future__ import annotations

from xml.parsers import expat

from consumer.inspection.readers import runs
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.external import Place, place_of
from consumer.inspection.readers.media.svg_names import XHTML
from consumer.inspection.readers.seen import PLACE, Limits, Seen, TooMuch, Unreadable, Work
from consumer.inspection.readers.texts import narrative, opening
from consumer.model import Reason

END = End("the end of the root element", "every one", "none")
FED = 64 * 1024
MOST_ATTRIBUTES = 10_000  # of one element: the parser looks each up among all of them
READING = 6  # a byte that expat reads costs as much as looking at so many
OF_OFFICE = (
    "http://schemas.microsoft.com/office/word/2003/wordml",
    "http://schemas.microsoft.com/office/2006/xmlpackage",
    "urn:schemas-microsoft-com:office:spreadsheet",
)
TRANSFORMS = "http://www.w3.org/1999/xsl/transform"
SHOWN = "a browser shows it as a page or a drawing"
BY_A_BROWSER = {
    XHTML: SHOWN,
    "http://www.w3.org/2000/svg": SHOWN,
    TRANSFORMS: "a browser makes a page of what names it",
}
FLAT, OF_A_DOCUMENT, FIRST_LINES = b"office:mimetype=", b"opendocument", 4096
"""By these words near its beginning LibreOffice tells a document, with its macros and links, from other XML."""
A_DOCUMENT = "a program of Office opens it as a document"
STYLE_SHEET, SHEETS = "xml-stylesheet", (".xsl", ".xslt", ".css")
DECLARED, COPIES = b"xmlns", 4
HALF, WHOLE, FIRST_HALF, LAST_HALF = b"&#5", b"&#65533", 5_296, 7_343
A_HALF = 384  # of work
HALVES = 4  # times that a text with references to them is read
WEB = ("http://", "https://")
INSTRUCTIONS = {
    STYLE_SHEET: (Reason.EXTERNAL_REFERENCE, "a style sheet is loaded when it is opened", "browser"),
    "mso-application": (Reason.SECOND_FORMAT, A_DOCUMENT, "office"),
}


def begins(data: bytes) -> bool:
    return opening.as_utf8(data[:1024], Work()).lstrip().startswith(b"<")


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "text/xml"
    seen.work.spend(READING * len(data))
    content = as_utf8(data, seen.work)
    pay_for_namespaces(content, seen.work)
    _Parser(seen).read(_with_characters(content, seen.work))
    if (at := content.find(FLAT, 0, FIRST_LINES)) >= 0 and OF_A_DOCUMENT in content[at:FIRST_LINES]:
        seen.find(Reason.SECOND_FORMAT, "LibreOffice opens it as a document", opener="office")
    opening.examine(content, seen)


def as_utf8(data: bytes, work: Work) -> bytes:
    """The text of XML in any encoding. Its declaration names it; expat itself knows those of one byte only."""
    content = opening.as_utf8(data, work).lstrip(b" \t\r\n").rstrip(b"\0")
    declaration = content[: content.find(b"?>", 0, 512) + 1].replace(b"'", b'"').lower()
    _, named, rest = declaration.partition(b"encoding")
    encoding = rest.partition(b'"')[2].partition(b'"')[0].decode("ascii", "replace") if named else "utf-8"
    if encoding.startswith(("utf-8", "utf8", "utf-16", "us-ascii", "ascii")):
        return content
    if encoding not in opening.CODE_PAGES:
        raise Unreadable("it is XML in an encoding that no text is written in")
    work.spend(4 * len(content))
    return content.decode(encoding, "replace").encode("utf-8", "replace")


def _with_characters(content: bytes, work: Work) -> bytes:
    """With another character where a number names half of one, as phones back up messages with pictures in their text.

    A browser shows what stands before the first of them, and no more.
    """
    if not runs.has(content, HALF):
        return content
    work.spend(HALVES * len(content) + A_HALF * content.count(HALF))
    first, *rest = content.split(HALF)
    return b"".join((first, *((WHOLE + piece[4:] if _is_half(piece) else HALF + piece) for piece in rest)))


def _is_half(piece: bytes) -> bool:
    """By the four digits behind the first one."""
    return piece[4:5] == b";" and piece[:4].isdigit() and FIRST_HALF <= int(piece[:4]) <= LAST_HALF


def feed(parser: expat.XMLParserType, content: bytes) -> None:
    """All of it, mostly at once: of each piece but the last the parser counts the lines, which costs a third. A tag or
    comment that has no end yet is read anew with the next piece, so that pieces grow with it.
    """
    at = begun = 0
    while True:
        end = _end_of_piece(content, at, max(FED, at - begun))
        parser.Parse(content[at:end], end == len(content))
        if end == len(content):
            return
        at, begun = end, max(parser.CurrentByteIndex, 0)
        if at - begun >= FED // 2:
            _count_attributes(content[begun:at])


def pay_for_namespaces(content: bytes, work: Work) -> None:
    """For each name of an element or an attribute the parser copies that of its namespace, however long it is, and so
    does whoever is told of it.
    """
    longest = 0
    for at in runs.places(content, DECLARED):
        equals = content.find(b"=", at)
        if equals < 0:
            break
        begin = runs.behind(content, equals + 1, runs.SPACE)
        quote = content[begin : begin + 1]
        end = content.find(quote, begin + 1) if quote in (b'"', b"'") else -1
        work.spend(PLACE // 4 + max(begin, end) - at)
        if end >= 0 and b"<" not in content[at:begin]:
            longest = max(longest, end - begin)
    work.spend(COPIES * longest * (content.count(b":") + content.count(b"<")))


def _end_of_piece(content: bytes, at: int, most: int) -> int:
    """The first place from `at` on before which no tag begins in so many bytes; no tag has another one in it."""
    while at + most < len(content):
        begin = content.rfind(b"<", at + 1, at + most)
        if begin < 0:
            return at + most
        at = begin
    return len(content)


def _count_attributes(begun: bytes) -> None:
    """`TooMuch` if a tag that has no end yet has too many. Each has a sign and two quotes; a value may hold either."""
    if begun[:1] != b"<" or begun[1:2] in (b"!", b"?"):
        return
    if min(begun.count(b"="), (begun.count(b'"') + begun.count(b"'")) // 2) > MOST_ATTRIBUTES:
        raise TooMuch("an element has more attributes than any real file has")


class _Parser:
    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._is_page = False  # it may be: some elements are those of pages
        self._prefixes: dict[tuple[str, str], str] = {}  # that elements of a browser's own namespaces would have
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.StartNamespaceDeclHandler = self._namespace
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.StartDoctypeDeclHandler = self._document_type

    def read(self, content: bytes) -> None:
        try:
            feed(self._parser, content)
        except (expat.ExpatError, ValueError):
            raise Unreadable("it is not XML to its end") from None
        self._prefixed(content)
        if self._is_page:
            self._look_at_elements(content)

    def _look_at_elements(self, content: bytes) -> None:
        self._seen.work.spend(2 * READING * len(content))
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.StartElementHandler = self._root
        feed(self._parser, content)

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        self._parser.StartElementHandler = self._element
        if XHTML in name.lower():
            self._seen.find(Reason.SECOND_FORMAT, SHOWN, opener="browser")

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self._seen.work.spend(PLACE // 4)
        if not narrative.is_narrative(name, attributes):
            self._seen.find(Reason.SECOND_FORMAT, SHOWN, opener="browser")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        self._seen.work.spend(PLACE // 4)
        name = (uri or "").strip().lower()
        if name == XHTML and not prefix:
            self._is_page = True
        elif name in BY_A_BROWSER and not prefix:
            self._seen.find(Reason.SECOND_FORMAT, BY_A_BROWSER[name], opener="browser")
        elif name in BY_A_BROWSER:
            self._prefixes[prefix or "", name] = BY_A_BROWSER[name]
        elif name in OF_OFFICE:
            self._seen.find(Reason.SECOND_FORMAT, A_DOCUMENT, opener="office")

    def _prefixed(self, content: bytes) -> None:
        """Elements of a browser's own. Of a drawing's attributes OpenDocument borrows some; one that belongs to
        transforms makes any element one.
        """
        for (prefix, name), shown in self._prefixes.items():
            self._seen.work.spend(PLACE + len(content))
            if not runs.has(content, (b"" if name == TRANSFORMS else b"<") + prefix.encode() + b":"):
                continue
            if name == XHTML:
                self._is_page = True
            else:
                self._seen.find(Reason.SECOND_FORMAT, shown, opener="browser")

    def _instruction(self, target: str, content: str) -> None:
        self._seen.work.spend(PLACE // 4)
        if target.lower() == STYLE_SHEET and _is_harmless(content):
            self._seen.flag("external_references")
        elif target.lower() in INSTRUCTIONS:
            reason, detail, opener = INSTRUCTIONS[target.lower()]
            self._seen.find(reason, detail, opener=opener)

    def _document_type(self, *declaration: object) -> None:
        raise Unreadable("it declares a document type, by which entities expand")


def _is_harmless(content: str) -> bool:
    """Whether the style sheet is a file beside this one, which is not let in itself, or one in the web.

    Invoices name theirs like the one, and forms of authorities like the other. A browser runs none of another origin.
    """
    _, named, rest = content.partition("href")
    value = rest.lstrip().removeprefix("=").lstrip()
    target = value[1:].partition(value[:1])[0] if value[:1] in ('"', "'") else ""
    if not named or content.count("href") != 1:
        return False
    if target.lower().startswith(WEB):
        return True
    return not set("&#?%") & set(target) and target.lower().endswith(SHEETS) and place_of(target) is Place.HERE
