"""A part that is XML, as it passes by: how it is written, whether it declares a document type, what its fields and its
ribbon do.
"""

from __future__ import annotations

import codecs

from consumer.inspection.readers import runs
from consumer.inspection.readers.office import ribbon
from consumer.inspection.readers.office.fields import NAMES, Fields
from consumer.inspection.readers.php import DECLARATION
from consumer.inspection.readers.searches import together
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

PARTS = (".xml", ".rels", ".vml")
OPEN_DOCUMENTS, FORMULA = ("meta-inf/", "basic/", "dialogs/"), "content.xml"
"""Parts of OpenDocument that name a document type as OpenOffice wrote them: listings, modules, formulas."""
STRANGE = (
    codecs.BOM_UTF32_LE,
    codecs.BOM_UTF32_BE,
    "<".encode("utf-32-le"),
    "<".encode("utf-32-be"),
    "<?xm".encode("cp037"),
)
WIDE = (
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
ENCODINGS = frozenset({b"utf-8", b"utf8", b"utf-16", b"utf-16le", b"utf-16be", b"us-ascii", b"ascii"})
DOCUMENT_TYPE, ENTITY = b"<!DOCTYPE", b"<!ENTITY"
_LOOKED_FOR = together((*NAMES, ribbon.ELEMENT, DOCUMENT_TYPE, ENTITY))
CUSTOM = "customxml/"  # parts that are no program's own: data of whoever made the document, in its own encoding
LATIN = (b"iso-8859-", b"windows-125")  # in which the names of elements are the same bytes
USUAL = tuple(
    b'<?xml version="1.0" encoding="%b"%b' % (name, rest)
    for name in (b"UTF-8", b"utf-8")
    for rest in (b"?>", b" ?>", b' standalone="yes"?>', b' standalone="no"?>')
)
"""How nearly all declarations are written: nothing has to be checked of these."""
LETTERS = b"abcdefghijklmnopqrstuvwxyz0123456789-_.:"


def watch(name: str, head: bytes, seen: Seen) -> XmlWatch | None:
    """For an entry that begins as XML, whatever its name is. Refuses what is written so that nobody here reads it."""
    if head.startswith(USUAL):
        return XmlWatch(name, "utf-8", seen, True)
    custom = name.lower().replace("\\", "/").lstrip("/").startswith(CUSTOM)
    if head.startswith(STRANGE):
        if not custom:
            _refuse(seen)
        return None
    for mark, encoding in WIDE:
        if head.startswith(mark):
            return XmlWatch(name, encoding, seen, custom)
    begin = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return XmlWatch(name, "utf-8", seen, custom) if begin.startswith(b"<") or not begin else None


class XmlWatch:
    """Fed with an entry's pieces; what is found goes to `seen`.

    A document type is refused in every part that is XML by its name, since entities expand there; in others (pictures,
    settings of printers) only where it declares entities.
    """

    def __init__(self, name: str, encoding: str, seen: Seen, custom: bool) -> None:
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
        part = name.lower()
        open_document = part.startswith(OPEN_DOCUMENTS) or part.rpartition("/")[2] == FORMULA
        self._refused = DOCUMENT_TYPE if part.endswith(PARTS) and not open_document else ENTITY
        self._fields = Fields(seen)
        self._ribbons: ribbon.Ribbons | None = None  # few parts have one
        self._is_known = custom
        self._seen = seen

    def feed(self, piece: bytes) -> None:
        if self._decoder is not None:
            self._seen.work.spend(2 * len(piece))
            piece = self._decoder.decode(piece).encode("utf-8", "replace")
        self._seen.work.spend(len(piece))
        if not self._is_known:
            self._check_encoding(piece)
            self._is_known = True
        window = self._fields.carried + piece
        is_held = runs.holds(window, _LOOKED_FOR)
        if is_held and runs.has(window, self._refused):
            self._seen.find(Reason.ARCHIVE_LIMITS, "a part declares a document type, by which entities expand")
        if is_held and self._ribbons is None and runs.has(window, ribbon.ELEMENT):
            self._ribbons = ribbon.Ribbons(self._seen)
        if self._ribbons is not None:
            self._ribbons.feed(piece, window)
        self._fields.feed(window, is_held)

    def close(self) -> None:
        self._fields.close()

    def _check_encoding(self, head: bytes) -> None:
        begin = head.removeprefix(codecs.BOM_UTF8).lstrip()[:DECLARATION]
        if not begin.startswith(b"<?xml"):
            return
        _, found, declared = begin.partition(b">")[0].partition(b"encoding")
        encoding = declared.lstrip(b" \t\r\n=\"'").lower()
        name = encoding[: len(encoding) - len(encoding.lstrip(LETTERS))]
        if found and name not in ENCODINGS and not name.startswith(LATIN):
            _refuse(self._seen)


def _refuse(seen: Seen) -> None:
    seen.find(Reason.MALFORMED, "a part is XML in an encoding that documents do not use")
