"""The parts of an Office Open XML package as they pass by: little is kept of them, whatever they hold."""

from __future__ import annotations

from functools import partial
from posixpath import normpath
from urllib.parse import unquote

from consumer.inspection.readers import rtf
from consumer.inspection.readers.external import Place, place_of, was_on_mac
from consumer.inspection.readers.office import chunks, ole
from consumer.inspection.readers.office.actions import Actions
from consumer.inspection.readers.office.archive_shape import A_NAME, ESCAPED, LISTING
from consumer.inspection.readers.office.compound import is_ole
from consumer.inspection.readers.office.containers import Kept, Sink
from consumer.inspection.readers.office.ooxml_types import (
    ASKED_OF_SHARES,
    ASKED_OF_THE_WEB,
    CHUNK,
    DOCUMENT_RELATION,
    LINK_RELATION,
    LOADED_UNASKED,
    MACRO_RELATIONS,
    PICTURE,
)
from consumer.inspection.readers.office.whole import Whole
from consumer.inspection.readers.office.xml_reader import XmlReader
from consumer.inspection.readers.seen import Seen, TooMuch, most_kept
from consumer.inspection.readers.zip_reader import Archive, Entry
from consumer.model import Reason

ROOT_RELATIONS = "/_rels/.rels"
MAY_BE_MAIN = ("/word/document", "/xl/workbook", "/ppt/presentation")
NEEDED = frozenset(
    (
        *("/word/styles.xml", "/word/settings.xml", "/word/fonttable.xml"),
        *(f"{kind.rpartition('/')[0]}/_rels/{kind.rpartition('/')[2]}.xml.rels" for kind in MAY_BE_MAIN),
    )
)
"""By Word and LibreOffice, to open a document that has them."""
LONGEST_TYPE = 128
MOST_ROOTS = 10
A_TARGET = 8192  # of work, for a name that leads out of the document
MAC_FORK = b"\0\x05\x16\x07"  # what a Mac knows of a file beside its content, in a file of the same name and more


class Package:
    """Reads the listing, the relationships and what is embedded. Its findings count once it is known as a document."""

    def __init__(self, archive: Archive, seen: Seen) -> None:
        self._parts = {entry.name: part_of(entry.name) for entry in archive.entries}
        self.names = set(self._parts.values())
        self._most = most_kept(archive.end)
        self._endings = {_ending(part) for part in self.names}
        self.overrides: dict[str, str] = {}  # part → content type
        self.defaults: dict[str, str] = {}  # ending → content type
        self.roots: list[str] = []  # parts that the package's own relationships call its document
        self._chunks = set[str]()  # what files are called that are taken into the document
        self._outer = seen
        self.inner = Seen(work=seen.work)  # what the parts bring along
        self.inner.others = seen.others
        self.broken = {self._parts[entry.name] for entry in archive.entries if not entry.size}  # parts that are not XML
        if any("/embeddings/" in name for name in self.names):
            self.inner.flag("embedded_files")

    @property
    def cannot_be_opened(self) -> bool:
        """No part is named as the document, or one that programs need for it is broken."""
        return not self.roots or not self.broken.isdisjoint({*self.roots, *NEEDED})

    @property
    def is_document(self) -> bool:
        return LISTING in self.names

    def type_of(self, part: str) -> str:
        return self.overrides.get(part) or self.defaults.get(_ending(part), "")

    def opened(self, name: str, head: bytes) -> Sink | None:
        """What a part is fed to. Relationships are read as they come: a sheet may have 65,530 links."""
        part = self._parts[name]
        if head.startswith(MAC_FORK):
            return None
        if part == LISTING:
            return XmlReader(self._type, self.inner.work)
        if part == ROOT_RELATIONS:
            return XmlReader(self._root_relation, self.inner.work)
        if part.endswith(".rels") and part.rpartition("/")[0].endswith("/_rels"):
            return XmlReader(self._relation, self.inner.work)
        actions = Actions(self.inner) if part.startswith("/ppt/") and part.endswith(".xml") else None
        if part in NEEDED or part.startswith(MAY_BE_MAIN):
            return Whole(partial(self.broken.add, part), self.inner.work, actions)
        if actions:
            return actions
        if is_ole(head):
            return Kept(self._embedded, self._most)
        if rtf.begins(head):
            return Kept(self._text, self._most)
        return None

    def _type(self, name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "").split(";")[0].strip().lower()[:LONGEST_TYPE]
        if name.endswith("Override"):
            if (part := self._part(attributes.get("PartName", ""))) in self.names:
                self.overrides[part] = kind
        elif name.endswith("Default") and (ending := attributes.get("Extension", "").lower()) in self._endings:
            self.defaults[ending] = kind

    def _root_relation(self, name: str, attributes: dict[str, str]) -> None:
        target = self._part(attributes.get("Target", ""))
        if attributes.get("Type", "").lower().endswith(DOCUMENT_RELATION) and target in self.names:
            self.roots = [*self.roots, target][:MOST_ROOTS]
        self._relation(name, attributes)

    def _relation(self, name: str, attributes: dict[str, str]) -> None:
        if not name.endswith("Relationship"):
            return
        kind = attributes.get("Type", "").lower()
        if kind.endswith(MACRO_RELATIONS):
            self.inner.find(Reason.MACROS, "it contains macros")
        if kind.endswith(CHUNK):
            self._chunks.add(_base(self._part(attributes.get("Target", "")))[-LONGEST_TYPE:])
        if attributes.get("TargetMode", "").lower() == "external" and not kind.endswith(LINK_RELATION):
            self._external(kind, attributes.get("Target", ""))

    def chunks_of(self, archive: Archive) -> tuple[Entry, ...]:
        """Those that are read once more, now that it is known what they are."""
        return tuple(entry for entry in archive.entries if _base(self._parts[entry.name]) in self._chunks)

    def chunk(self, name: str, head: bytes) -> Sink | None:
        return Kept(self._taken_in, self._most)

    def _taken_in(self, content: bytes, whole: bool) -> None:
        if not whole:
            raise TooMuch("a text inside is larger than can be examined")
        chunks.examine(content, self._outer)

    def _part(self, name: str) -> str:
        self.inner.work.spend(A_NAME * len(name) * (ESCAPED if "%" in name or "/." in name else 1))
        return part_of(name)

    def _external(self, kind: str, target: str) -> None:
        """Templates and frames are loaded unasked. Pictures too, and of those a share learns who asks.

        An object that is linked is asked for when the reader agrees. People link charts to their company's shares, and
        to no place in the web.
        """
        self.inner.work.spend(A_TARGET + A_NAME * len(target))
        place = Place.HERE if kind.endswith(PICTURE) and was_on_mac(target) else place_of(target)
        refused = {
            Place.HERE: (),
            Place.SHARE: (*LOADED_UNASKED, *ASKED_OF_SHARES),
            Place.ELSEWHERE: (*LOADED_UNASKED, *ASKED_OF_THE_WEB),
        }[place]
        if kind.endswith(refused):
            detail = "it loads a template or an object from the network when it is opened"
            self.inner.find(Reason.EXTERNAL_REFERENCE, detail)
        elif place is not Place.HERE:
            self.inner.flag("external_references")

    def _text(self, content: bytes, whole: bool) -> None:
        """A text that Word takes into the document when it opens it (`altChunk`), with its objects and templates."""
        if not whole:
            raise TooMuch("a text inside is larger than can be examined")
        for finding in self._outer.others.examine(content, "", rtf.RTF).findings:
            self.inner.find(finding.code, finding.detail)

    def _embedded(self, content: bytes, whole: bool) -> None:
        ole.embedded(content, whole, self.inner)


def part_of(name: str) -> str:
    """Part names compare without case and escapes, some writers use backslashes, and the root need not be named."""
    path = "/" + (unquote(name) if "%" in name else name).replace("\\", "/").lstrip("/")
    return (normpath(path) if "//" in path or "/." in path or path.endswith("/") else path).lower()


def _base(part: str) -> str:
    return part.rpartition("/")[2]


def _ending(part: str) -> str:
    return part.rpartition(".")[2]
