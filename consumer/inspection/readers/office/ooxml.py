"""Office Open XML: which document it is by its main part, and what it brings along."""

from __future__ import annotations

from dataclasses import replace
from posixpath import basename

from consumer.inspection.readers import members, trailing
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.office import archive_shape, containers, odf
from consumer.inspection.readers.office.ooxml_types import MACRO_PARTS, MAIN_PARTS
from consumer.inspection.readers.office.package import Package
from consumer.inspection.readers.seen import ExpansionBudget, Limits, Seen
from consumer.inspection.readers.zip_reader import Archive
from consumer.model import Reason

VBA = "vbaproject.bin"
ZIP = "application/zip"
END = End("the directory behind the last part", "every one", "none")


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    """Sets the detected type to the document's own, or to plain ZIP."""
    budget = seen.budget_for(len(data), limits)
    seen.detected_type = ZIP
    archive = containers.open_archive(data, budget, seen)
    if archive is None:
        return
    trailing.find_php(data, seen, "archive")
    package = Package(archive, seen)
    is_odf = not package.is_document and odf.may_be_document(package.names)
    if package.is_document or is_odf:
        seen.enter_document(limits)
    else:
        seen.enter_archive()
    if is_odf:
        odf.read(data, archive, package.names, budget, seen, limits)
        archive_shape.examine_stored(data, archive, seen)
        _otherwise_an_archive(data, archive, budget, seen, limits)
        return
    if not package.is_document:
        members.read(data, archive, budget, seen, limits)
        return
    containers.read_contents(data, archive, package.opened, budget, seen, limits)
    if taken_in := package.chunks_of(archive):
        containers.read_contents(data, replace(archive, entries=taken_in), package.chunk, budget, seen, limits)
    archive_shape.examine_stored(data, archive, seen)
    _main_part(package, seen)
    _macros(package, seen)
    seen.find_all(package.inner)
    for flag in package.inner.flags:
        seen.flag(flag)
    _otherwise_an_archive(data, archive, budget, seen, limits)


def _otherwise_an_archive(data: bytes, archive: Archive, budget: ExpansionBudget, seen: Seen, limits: Limits) -> None:
    """With a document's listing alone it is none: people see its files, and each is judged."""
    if seen.detected_type == ZIP:
        seen.enter_archive()
        members.read(data, archive, budget, seen, limits)


def _main_part(package: Package, seen: Seen) -> None:
    kinds = [package.type_of(part) for part in package.roots]
    if not kinds:  # relationships are missing or wrong: any main part that is there counts, the worst first
        kinds = list(package.overrides.values())
    kinds = [kind for kind in kinds if kind in MAIN_PARTS]
    if not kinds:
        return
    kind = next((kind for kind in kinds if MAIN_PARTS[kind][1] is not None), kinds[0])
    detected, reason = MAIN_PARTS[kind]
    seen.detected_type = detected
    if package.cannot_be_opened:
        seen.find(Reason.MALFORMED, "its main part, or one that it needs, is missing or broken")
    if reason is Reason.MACROS:
        seen.find(reason, "its main part is of a type that carries macros")
    elif reason is Reason.TEMPLATE:
        seen.find(reason, "its main part is a template")


def _macros(package: Package, seen: Seen) -> None:
    declared = {package.type_of(part) for part in package.names}
    if declared & MACRO_PARTS or any(part.endswith(VBA) and basename(part) == VBA for part in package.names):
        seen.find(Reason.MACROS, "it contains macros")
    if any(part.startswith("/xl/macrosheets/") for part in package.names):
        seen.find(Reason.MACROS, "it contains macro sheets")
    if any("activex" in kind for kind in declared):
        seen.find(Reason.ACTIVE_CONTENT, "it contains ActiveX controls")
