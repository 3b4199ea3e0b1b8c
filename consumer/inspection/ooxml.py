"""Office Open XML: which document it is by its main part, and what it brings along."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import basename, normpath

from consumer.inspection import containers, ole
from consumer.inspection.containers import Budget
from consumer.inspection.extensions import EXECUTABLE_EXTENSIONS, extension_of
from consumer.inspection.seen import Limits, Seen, Unreadable
from consumer.inspection.xml_reader import Element, read_elements
from consumer.inspection.zip_reader import Archive
from consumer.model import Reason

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml"
MAIN_PARTS: Mapping[str, tuple[str, Reason | None]] = {
    f"{WORD}.document.main+xml": (f"{WORD}.document", None),
    f"{WORD}.template.main+xml": (f"{WORD}.template", Reason.TEMPLATE),
    "application/vnd.ms-word.document.macroenabled.main+xml": (
        "application/vnd.ms-word.document.macroenabled.12",
        Reason.MACROS,
    ),
    "application/vnd.ms-word.template.macroenabledtemplate.main+xml": (
        "application/vnd.ms-word.template.macroenabled.12",
        Reason.MACROS,
    ),
    f"{SHEET}.sheet.main+xml": (f"{SHEET}.sheet", None),
    f"{SHEET}.template.main+xml": (f"{SHEET}.template", Reason.TEMPLATE),
    "application/vnd.ms-excel.sheet.macroenabled.main+xml": (
        "application/vnd.ms-excel.sheet.macroenabled.12",
        Reason.MACROS,
    ),
    "application/vnd.ms-excel.template.macroenabled.main+xml": (
        "application/vnd.ms-excel.template.macroenabled.12",
        Reason.MACROS,
    ),
    "application/vnd.ms-excel.addin.macroenabled.main+xml": (
        "application/vnd.ms-excel.addin.macroenabled.12",
        Reason.MACROS,
    ),
    "application/vnd.ms-excel.sheet.binary.macroenabled.main": (
        "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        None,
    ),
    f"{SLIDES}.presentation.main+xml": (f"{SLIDES}.presentation", None),
    f"{SLIDES}.slideshow.main+xml": (f"{SLIDES}.slideshow", None),
    f"{SLIDES}.template.main+xml": (f"{SLIDES}.template", Reason.TEMPLATE),
    "application/vnd.ms-powerpoint.presentation.macroenabled.main+xml": (
        "application/vnd.ms-powerpoint.presentation.macroenabled.12",
        Reason.MACROS,
    ),
}
MACRO_PARTS = (
    "application/vnd.ms-office.vbaproject",
    "application/vnd.ms-word.vbadata+xml",
    "application/vnd.ms-excel.macrosheet+xml",
    "application/vnd.ms-excel.intlmacrosheet+xml",
    "application/vnd.ms-excel.macrosheet",
)
LOADED_AT_ONCE = ("/attachedtemplate", "/oleobject", "/frame", "/afchunk", "/control")
LISTING = "/[content_types].xml"
MOST_ELEMENTS = 200_000  # of all parts that are read; a large sheet has 65,530 links
MOST_DEFAULTS = 1_000
MOST_ROOTS = 10
REMOTE = ("http://", "https://", "ftp://", "\\\\", "//", "file://", "mhtml:", "ms-")


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    """Sets the detected type to the document's own, or to plain ZIP."""
    budget = Budget.of(len(data), limits)
    seen.detected_type = "application/zip"
    archive = containers.open_archive(data, budget, seen)
    if archive is None:
        return
    package = _Package(archive)
    containers.read_contents(data, archive, package.wants, package.take, budget, seen, limits)
    if LISTING not in package.names:
        seen.detected_type = package.kind
    elif package.problem is not None:
        seen.find(Reason.MALFORMED, package.problem)
    else:
        _main_part(package, seen)
        _macros(package, seen)
        for finding in package.inner.findings:
            seen.find(finding.code, finding.detail)
        for flag in package.inner.flags:
            seen.flag(flag)


class _Package:
    """What is kept of the parts as they pass by: little, whatever they hold."""

    def __init__(self, archive: Archive) -> None:
        self.names = {_part(entry.name) for entry in archive.entries}
        self.overrides: dict[str, str] = {}  # part → content type
        self.defaults: dict[str, str] = {}  # extension → content type
        self.roots: list[str] = []  # parts that the package's own relationships call its document
        self.kind = "application/zip"  # as an entry "mimetype" tells it
        self.inner = Seen()  # what the parts bring along
        self.problem: str | None = None
        self._elements_left = MOST_ELEMENTS
        if any("/embeddings/" in name for name in self.names):
            self.inner.flag("embedded_files")

    def wants(self, name: str) -> bool:
        return _part(name) in (LISTING, "/mimetype") or name.lower().endswith((".rels", ".bin", ".ole"))

    def take(self, name: str, content: bytes) -> None:
        part = _part(name)
        if part == "/mimetype":
            self.kind = _said_by(content)
        elif part == LISTING:
            self._read(content, self._type)
        elif part.endswith(".rels"):
            self._read(content, self._root_relation if part == "/_rels/.rels" else self._relation)
        elif ole.is_ole(content):
            self._embedded(part, content)

    def type_of(self, part: str) -> str:
        return self.overrides.get(part) or self.defaults.get(extension_of(part), "")

    def _read(self, content: bytes, element: Element) -> None:
        if self.problem is not None:
            return  # rejected as it is: the next part would cost as much again
        try:
            self._elements_left -= read_elements(content, element, self._elements_left)
        except Unreadable as problem:
            self.problem = str(problem)

    def _type(self, name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "").split(";")[0].strip().lower()
        if name.endswith("Override"):
            part = _part(attributes.get("PartName", ""))
            if part in self.names:
                self.overrides[part] = kind
        elif name.endswith("Default") and len(self.defaults) < MOST_DEFAULTS:
            self.defaults[attributes.get("Extension", "").lower()] = kind

    def _root_relation(self, name: str, attributes: dict[str, str]) -> None:
        target = _part(attributes.get("Target", ""))
        if attributes.get("Type", "").endswith("/officeDocument") and target in self.names:
            self.roots = [*self.roots, target][:MOST_ROOTS]
        self._relation(name, attributes)

    def _relation(self, name: str, attributes: dict[str, str]) -> None:
        if not name.endswith("Relationship") or attributes.get("TargetMode", "").lower() != "external":
            return
        kind, target = attributes.get("Type", "").lower(), attributes.get("Target", "").strip().lower()
        if kind.endswith("/hyperlink") or not target.startswith(REMOTE) or target.startswith("file:///"):
            return
        if kind.endswith(LOADED_AT_ONCE):
            detail = "it loads a template or an object from the network when it is opened"
            self.inner.find(Reason.EXTERNAL_REFERENCE, detail)
        else:
            self.inner.flag("external_references")

    def _embedded(self, part: str, content: bytes) -> None:
        for label, begin in ole.packaged(content):
            if begin or extension_of(label) in EXECUTABLE_EXTENSIONS:
                self.inner.find(Reason.EMBEDDED_EXECUTABLE, "a program is embedded in the document")
        if basename(part) != "vbaproject.bin" and ole.has_macros(content):
            self.inner.flag("embedded_macros")


def _said_by(content: bytes) -> str:
    """OpenDocument and EPUB say what they are in an entry of their own."""
    said = content[:100].strip().decode("ascii", "replace")
    known = said.startswith(("application/vnd.oasis.opendocument.", "application/epub+zip")) and said.isprintable()
    return said if known and "\ufffd" not in said else "application/zip"


def _main_part(package: _Package, seen: Seen) -> None:
    kinds = [package.type_of(part) for part in package.roots]
    if not kinds:  # relationships are missing or wrong: any main part that is there counts, the worst first
        kinds = list(package.overrides.values())
    kinds = [kind for kind in kinds if kind in MAIN_PARTS]
    if not kinds:
        return
    kind = next((kind for kind in kinds if MAIN_PARTS[kind][1] is not None), kinds[0])
    detected, reason = MAIN_PARTS[kind]
    seen.detected_type = detected
    if reason is Reason.MACROS:
        seen.find(reason, "its main part is of a type that carries macros")
    elif reason is Reason.TEMPLATE:
        seen.find(reason, "its main part is a template")


def _macros(package: _Package, seen: Seen) -> None:
    declared = {package.type_of(part) for part in package.names}
    if declared & set(MACRO_PARTS) or any(basename(part) == "vbaproject.bin" for part in package.names):
        seen.find(Reason.MACROS, "it contains macros")
    if any(part.startswith("/xl/macrosheets/") for part in package.names):
        seen.find(Reason.MACROS, "it contains macro sheets")
    if any("activex" in kind for kind in declared):
        seen.find(Reason.ACTIVE_CONTENT, "it contains ActiveX controls")


def _part(name: str) -> str:
    """Part names compare without case; some writers use backslashes, and relative targets begin at the root."""
    return normpath("/" + name.replace("\\", "/").lstrip("/")).lower()
