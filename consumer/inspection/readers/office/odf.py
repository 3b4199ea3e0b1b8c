"""OpenDocument (ODF 1.3): which document it is by its entry `mimetype`, and what its parts bring along.

Some writers leave that entry out: LibreOffice opens what they write by its manifest then, so that tells as well.

Its parts are XML that nobody has to parse for this: the names of elements and attributes can't be written otherwise, so
they are found as they stand, whatever prefix a part gives to their namespaces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from consumer.inspection.readers import runs
from consumer.inspection.readers.external import Place, place_of
from consumer.inspection.readers.office import basic, containers, ole
from consumer.inspection.readers.office.archive_shape import A_NAME
from consumer.inspection.readers.office.compound import is_ole
from consumer.inspection.readers.office.containers import Kept, Sink
from consumer.inspection.readers.office.manifest import Manifest
from consumer.inspection.readers.office.package import part_of
from consumer.inspection.readers.office.tags import unended
from consumer.inspection.readers.office.whole import Whole
from consumer.inspection.readers.references import unescaped, with_letters
from consumer.inspection.readers.searches import together
from consumer.inspection.readers.seen import PLACE, ExpansionBudget, Limits, Seen, most_kept
from consumer.inspection.readers.zip_reader import Archive
from consumer.model import Reason

KIND, MANIFEST, CONTENT = "/mimetype", "/meta-inf/manifest.xml", "/content.xml"
ROOTS = {CONTENT: "document-content", "/styles.xml": "document-styles", MANIFEST: "manifest"}
"""The parts that no program does without, and what elements they are."""
PREFIX = "application/vnd.oasis.opendocument."
LONGEST_PREFIX = 16  # of an element whose name is `a`
SCRIPT = b"script"  # an element of texts, and the prefix of a name space
SCRIPTED = (b"<script", *(b":script%c" % behind for behind in b" \t\r\n/>"))
LISTENER, LINK, DDE, CALL, LOCKED = b"event-listener", b"href", b":dde-", b"dde", b"encryption-data"
CALLS = tuple(CALL + behind for behind in (b"(", b" ", b"\t", b"\r", b"\n"))
_CALLS = together(word for call in CALLS for word in runs.cases(call))
_REFERRED_TO = together(
    b"%c%s;" % (before, number)
    for befores, numbers in (
        (b"#0", (b"68", b"69", b"100", b"101", b"40")),
        (b"xX0", (b"44", b"45", b"64", b"65", b"28")),
    )
    for before in befores
    for number in numbers
)
"""How a reference to a letter of that word may end."""
A_LETTER, AN_ATTRIBUTE, SCANS = 160, 768, 7  # of work, to read one; times that a part is looked at
FORMULA = b"formula"  # the attribute that calls stand in
INSTANCE, SOURCE, DATABASE = b"instance", b"src", b"datasource"  # where a form has its data from
WORDS = (LISTENER, LINK, DDE, FORMULA, LOCKED, INSTANCE, DATABASE, *SCRIPTED)
_WORDS, _SCRIPTED = together(WORDS), together(SCRIPTED)
USUAL = (b'="http://', b'="https://', b'="#', b'="mailto:', b'="..', b'="file:')
SCRIPTS = ("vnd.sun.star.", "macro:", "script:", ".uno:", "slot:", "service:")  # orders to LibreOffice, as URLs
REFUSED: Mapping[str, tuple[Place, ...]] = {
    **dict.fromkeys(("floating-frame", "applet", "connection-resource"), (Place.SHARE, Place.ELSEWHERE)),
    **dict.fromkeys(("image", "plugin", "fill-image", "background-image"), (Place.SHARE,)),
    **dict.fromkeys(("list-level-style-image", "template"), (Place.SHARE,)),
    **dict.fromkeys(("object", "object-ole", "section-source"), (Place.ELSEWHERE,)),
    **dict.fromkeys(("table-source", "cell-range-source"), ()),
}
"""By the element that links there, as in Office: frames are loaded unasked, and pictures and templates, by which a
share learns who asks; an object is loaded when the reader agrees, and people link to their company's workbooks.
"""
RUNS = "execute"  # the action of a click that starts a program
WRITTEN_IN = ("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-", "windows-125")


def may_be_document(parts: set[str]) -> bool:
    return KIND in parts or {MANIFEST, CONTENT} <= parts


def read(data: bytes, archive: Archive, parts: set[str], budget: ExpansionBudget, seen: Seen, limits: Limits) -> None:
    """Sets the detected type to what the document says that it is."""
    document = _Document(seen, most_kept(len(data)), is_named=KIND in parts)
    document.unread |= {MANIFEST} & {part_of(entry.name) for entry in archive.entries if not entry.size}
    containers.read_contents(data, archive, document.opened, budget, seen, limits)
    seen.detected_type = document.kind
    if not document.kind.startswith(PREFIX):
        return
    if CONTENT not in parts or MANIFEST not in parts or (document.unread and not seen.has(Reason.ENCRYPTED)):
        seen.find(Reason.MALFORMED, "a part of the document is missing, or is no XML")
    if any(part.startswith("/scripts/") and not part.endswith("/") for part in parts):
        seen.find(Reason.MACROS, "it contains scripts")


class _Document:
    def __init__(self, seen: Seen, most: int, is_named: bool) -> None:
        self._seen, self._most, self._is_named = seen, most, is_named
        self.kind = "application/zip"
        self.unread = set[str]()  # parts that should be XML and are none

    def opened(self, name: str, head: bytes) -> Sink | None:
        part = part_of(name)
        if part == KIND:
            self.kind = said_by(head)
        elif part.startswith("/basic/") and not part.endswith(basic.LISTINGS):
            return basic.Module(self._seen)
        elif is_ole(head):
            return Kept(lambda content, whole: ole.embedded(content, whole, self._seen), self._most)
        elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            _check_encoding(head, self._seen)
            read = _Manifest(self, self._seen) if part == MANIFEST and not self._is_named else _Part(self._seen)
            broken = partial(self.unread.add, part)
            return Whole(broken, self._seen.work, read, ROOTS[part]) if part in ROOTS else read
        elif part.endswith((".xml", ".rdf")) and head.strip():
            self.unread.add(part)
        return None


def said_by(content: bytes) -> str:
    """OpenDocument and EPUB say what they are in an entry of their own."""
    said = content[:100].strip().decode("ascii", "replace")
    known = said.startswith((PREFIX, "application/epub+zip")) and said.isprintable()
    return said if known and "\ufffd" not in said else "application/zip"


def _check_encoding(head: bytes, seen: Seen) -> None:
    declaration = head[: max(0, head.find(b"?>", 0, 512))].replace(b"'", b'"').lower()
    _, named, rest = declaration.partition(b"encoding")
    encoding = rest.partition(b'"')[2].partition(b'"')[0].decode("ascii", "replace")
    if named and not encoding.startswith(WRITTEN_IN):
        seen.find(Reason.MALFORMED, "a part is XML in an encoding that documents do not use")


def _any(window: bytes, begin: int, at: int) -> bool:
    return True


def _may_do_something(window: bytes, begin: int, at: int) -> bool:
    """Whether a link is more than one of a text to the web: a picture, an object, or an order to a program."""
    is_text = b":a " in window[begin : begin + LONGEST_PREFIX]
    return not (is_text and window.startswith(USUAL, at + len(LINK)))


class _Part:
    """Fed with the pieces of a part that is XML. What is cut between two of them is looked at with the second."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._carried = b""

    def feed(self, piece: bytes) -> None:
        self._seen.work.spend(SCANS * len(piece))
        window = self._carried + piece
        last = max(0, window.rfind(b"<"))
        self._carried = unended(window, last, WORDS, self._seen)
        self._look(window[:last] if self._carried else window)

    def close(self) -> None:
        self._look(self._carried)

    def _look(self, window: bytes) -> None:
        seen = self._seen
        if not runs.holds(window, _WORDS):  # as in most parts
            return
        if any(_element(tag) == LOCKED.decode() for tag in self._tags(window, LOCKED)):
            seen.find(Reason.ENCRYPTED, "the document is protected by a password")
        for tag in self._tags(window, LISTENER):
            _listener(tag, seen)
        scripted = self._tags(window, SCRIPT) if runs.holds(window, _SCRIPTED) else ()
        if any(_element(tag) == SCRIPT.decode() for tag in scripted):
            seen.find(Reason.MACROS, "a script stands in its text")
        self._links(window)
        for tag in self._tags(window, INSTANCE):
            _data(tag, SOURCE, seen)
        for tag in self._tags(window, DATABASE):
            _data(tag, DATABASE, seen)
        asks = any(_element(tag).startswith("dde-") for tag in self._tags(window, DDE))
        if asks or self._calls(window):
            seen.find(Reason.EXTERNAL_REFERENCE, "it asks another program for data when it is opened (DDE)")

    def _calls(self, window: bytes) -> bool:
        """Whether a formula asks another program. A reference stands for a letter of it in no program's file."""
        if not runs.has(window, FORMULA):
            return False
        if runs.holds(window, _REFERRED_TO):
            self._seen.work.spend(A_LETTER * window.count(b"&#"))
            window = with_letters(window)
        if not runs.holds(window, _CALLS):
            return False
        lower = window.lower()
        return any(_calls(tag) for call in CALLS for tag in self._tags(lower, call))

    def _links(self, window: bytes) -> None:
        """Most links of a document are clicked on, and lead to a page: what begins otherwise is looked at as a tag."""
        for tag in self._tags(window, LINK, _may_do_something):
            _link(tag, self._seen)

    def _tags(self, window: bytes, word: bytes, wanted: Callable[[bytes, int, int], bool] = _any) -> Iterator[bytes]:
        """Each tag that the word stands in, without its brackets; `wanted`: given its beginning and the word's.

        One look for each tag: `end` is where what begins with its bracket ends, be it a tag or text behind one.
        """
        if not runs.has(window, word):
            return
        at, begin, end = -1, -1, 0
        while (at := window.find(word, at + 1)) >= 0:
            self._seen.work.spend(PLACE // 8)
            if at >= end:
                begin = window.rfind(b"<", max(0, end - 1), at)
                end = window.find(b"<", at)
                end = len(window) if end < 0 else end
            if begin < 0:
                at = max(at, end - 1)
            elif wanted(window, begin, at):
                tag = window[begin + 1 : end]
                self._seen.work.spend(4 * PLACE + AN_ATTRIBUTE * tag.count(b"="))
                if at - begin <= _read(tag)[0]:
                    yield tag
                at = end - 1


class _Manifest(_Part):
    """Read for what it says of the document as well."""

    def __init__(self, document: _Document, seen: Seen) -> None:
        super().__init__(seen)
        self._document, self._manifest = document, Manifest(seen.work)

    def feed(self, piece: bytes) -> None:
        super().feed(piece)
        self._manifest.feed(piece)

    def close(self) -> None:
        super().close()
        self._manifest.close()
        self._document.kind = said_by(self._manifest.kind)


def _read(tag: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Where the tag ends whose bracket stands before it, and its attributes: names without prefixes, and values."""
    found: list[tuple[bytes, bytes]] = []
    at, close = 0, tag.find(b">")
    while (equals := tag.find(b"=", at)) >= 0 and not at <= close < equals:
        begin = equals + 1
        while tag[begin : begin + 1].isspace():
            begin += 1
        quote = tag[begin : begin + 1]
        if quote not in (b'"', b"'") or (end := tag.find(quote, begin + 1)) < 0:
            break
        name = tag[at:equals].split()
        found.append((name[-1].rpartition(b":")[2] if name else b"", tag[begin + 1 : end]))
        at = end + 1
        if 0 <= close < at:  # it stands in a value
            close = tag.find(b">", at)
    return (close if close >= 0 else len(tag)), found


def _values(tag: bytes, name: bytes) -> list[str]:
    """Of each attribute of that name, whatever its prefix."""
    return [unescaped(value.decode("utf-8", "replace")) for found, value in _read(tag)[1] if found == name]


def _element(tag: bytes) -> str:
    name, *_ = tag.partition(b">")[0].strip(b"/").split(None, 1) or [b""]
    return name.rpartition(b":")[2].decode("ascii", "replace")


def _calls(tag: bytes) -> bool:
    return any(CALLS[0].decode() in "".join(formula.lower().split()) for formula in _values(tag, FORMULA))


def _listener(tag: bytes, seen: Seen) -> None:
    """Slides say by an action what a click does; what names no action runs a script."""
    if _element(tag) != LISTENER.decode():
        return
    seen.work.spend(4 * PLACE)
    actions = _values(tag, b"action")
    if len(actions) != 1 or _values(tag, b"macro-name") or _values(tag, b"language"):
        seen.find(Reason.MACROS, "an event in it runs a script")
    elif actions[0].strip() == RUNS:
        seen.find(Reason.LAUNCH_ACTION, "a click starts a program", opener="office")


def _link(tag: bytes, seen: Seen) -> None:
    for target in _values(tag, LINK):
        _leads(_element(tag), target.strip(), seen)


def _data(tag: bytes, attribute: bytes, seen: Seen) -> None:
    """A form gets its data unasked. Most databases are named by what the reader calls them at home."""
    for target in _values(tag, attribute):
        seen.work.spend(PLACE + A_NAME * len(target))
        if place_of(target.strip()) is not Place.HERE:
            seen.find(Reason.EXTERNAL_REFERENCE, "a form loads its data from the network when it is opened")


def _leads(element: str, target: str, seen: Seen) -> None:
    if target.lower().startswith(SCRIPTS):
        seen.find(Reason.MACROS, "a link in it runs a script")
    elif element in REFUSED and not target.startswith("#"):
        seen.work.spend(PLACE + A_NAME * len(target))
        place = place_of(target)
        if place in REFUSED[element]:
            seen.find(Reason.EXTERNAL_REFERENCE, "it loads something from the network when it is opened")
        elif place is not Place.HERE:
            seen.flag("external_references")
