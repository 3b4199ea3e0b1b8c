"""Office Open XML: which document it is by its main part, and what it brings along."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import basename, normpath
from xml.parsers import expat

from consumer.inspection import containers, ole
from consumer.inspection.containers import Budget, Contents
from consumer.inspection.extensions import EXECUTABLE_EXTENSIONS, extension_of
from consumer.inspection.seen import Limits, Seen, Unreadable
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
REMOTE = ("http://", "https://", "ftp://", "\\\\", "//", "file://", "mhtml:", "ms-")


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    """Sets the detected type to the document's own, or to plain ZIP."""
    budget = Budget.of(len(data), limits)
    seen.detected_type = "application/zip"
    archive = containers.open_archive(data, budget, seen)
    if archive is None:
        return
    contents = containers.read_contents(data, archive, _wanted, budget, seen, limits)
    names = {_part(entry.name): entry.name for entry in archive.entries}
    listing = names.get("/[content_types].xml")
    if listing is None:
        seen.detected_type = _by_mimetype_entry(contents)
        return
    try:
        types = _content_types(contents.whole.get(listing, b""))
        relations = {
            name: _relationships(whole) for name, whole in contents.whole.items() if name.lower().endswith(".rels")
        }
    except Unreadable as problem:
        seen.find(Reason.MALFORMED, str(problem))
        return
    _main_part(types, relations, names, seen)
    _macros(types, names, seen)
    _external(relations, seen)
    _embedded(archive, contents, seen)


def _wanted(name: str) -> bool:
    low = name.lower()
    return low == "[content_types].xml" or low.endswith((".rels", ".bin", ".ole"))


def _by_mimetype_entry(contents: Contents) -> str:
    """OpenDocument and EPUB say what they are in an entry of their own."""
    said = contents.heads.get("mimetype", b"")[:100].strip().decode("ascii", "replace")
    known = said.startswith(("application/vnd.oasis.opendocument.", "application/epub+zip")) and said.isprintable()
    return said if known and "\ufffd" not in said else "application/zip"


class _ContentTypes:
    def __init__(self) -> None:
        self.overrides: dict[str, str] = {}
        self.defaults: dict[str, str] = {}

    def of(self, part: str) -> str:
        return self.overrides.get(part) or self.defaults.get(extension_of(part), "")

    def element(self, name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "").split(";")[0].strip().lower()
        if name.endswith("Override"):
            self.overrides[_part(attributes.get("PartName", ""))] = kind
        elif name.endswith("Default"):
            self.defaults[attributes.get("Extension", "").lower()] = kind


def _content_types(whole: bytes) -> _ContentTypes:
    types = _ContentTypes()
    _parse(whole, types.element)
    return types


def _relationships(whole: bytes) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    _parse(whole, lambda name, attributes: found.append(attributes) if name.endswith("Relationship") else None)
    return found


def _parse(whole: bytes, element: object) -> None:
    """Feeds the elements to `element`. A document type is refused before any of it is read: entities expand there."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = element  # type: ignore[assignment] # typeshed wants a wider dict of attributes
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(whole, True)
    except expat.ExpatError:
        raise Unreadable("a part of the document is not XML") from None
    except (ValueError, LookupError):  # an encoding that nobody knows
        raise Unreadable("a part of the document is not XML that can be read") from None


def _refuse(*declaration: object) -> None:
    raise Unreadable("a part of the document declares a document type")


def _main_part(
    types: _ContentTypes, relations: Mapping[str, list[dict[str, str]]], names: Mapping[str, str], seen: Seen
) -> None:
    root = relations.get(names.get("/_rels/.rels", ""), [])
    targets = [_part(r.get("Target", "")) for r in root if r.get("Type", "").endswith("/officeDocument")]
    kinds = [types.of(target) for target in targets if target in names]
    if not kinds:  # relationships are missing or wrong: any main part that is there counts, the worst first
        kinds = [kind for part, kind in types.overrides.items() if kind in MAIN_PARTS and part in names]
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


def _macros(types: _ContentTypes, names: Mapping[str, str], seen: Seen) -> None:
    declared = {types.of(part) for part in names}
    if declared & set(MACRO_PARTS) or any(basename(part) == "vbaproject.bin" for part in names):
        seen.find(Reason.MACROS, "it contains macros")
    if any(part.startswith("/xl/macrosheets/") for part in names):
        seen.find(Reason.MACROS, "it contains macro sheets")
    if any("activex" in kind for kind in declared):
        seen.find(Reason.ACTIVE_CONTENT, "it contains ActiveX controls")


def _external(relations: Mapping[str, list[dict[str, str]]], seen: Seen) -> None:
    for relation in (r for several in relations.values() for r in several):
        if relation.get("TargetMode", "").lower() != "external":
            continue
        kind, target = relation.get("Type", "").lower(), relation.get("Target", "").strip().lower()
        if kind.endswith("/hyperlink") or not target.startswith(REMOTE) or target.startswith("file:///"):
            continue
        if kind.endswith(LOADED_AT_ONCE):
            seen.find(Reason.EXTERNAL_REFERENCE, "it loads a template or an object from the network when it is opened")
        else:
            seen.flag("external_references")


def _embedded(archive: Archive, contents: Contents, seen: Seen) -> None:
    for name, whole in contents.whole.items():
        if not ole.is_ole(whole):
            continue
        for label, begin in ole.packaged(whole):
            if begin or extension_of(label) in EXECUTABLE_EXTENSIONS:
                seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is embedded in the document")
        if basename(name).lower() != "vbaproject.bin" and ole.has_macros(whole):
            seen.flag("embedded_macros")
    if any("/embeddings/" in entry.name.lower() for entry in archive.entries):
        seen.flag("embedded_files")


def _part(name: str) -> str:
    """Part names compare without case; some writers use backslashes, and relative targets begin at the root."""
    return normpath("/" + name.replace("\\", "/").lstrip("/")).lower()
