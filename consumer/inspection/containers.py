"""Archives: what they would expand to, whether they contradict themselves, and what hides between their entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from consumer.inspection import zip_reader
from consumer.inspection.extensions import EXECUTABLE_EXTENSIONS, extension_of
from consumer.inspection.formats import PADDING, executable, format_at
from consumer.inspection.seen import Limits, Seen, TooMuch, Unreadable
from consumer.inspection.zip_reader import Archive, Entry
from consumer.model import Reason

HEAD = 4096  # bytes of each entry that tell what it is
KEPT = 8 * 1024 * 1024  # bytes of an entry that are kept whole, when a reader asks for it
XML_NAMES = (".xml", ".rels", ".vml")
DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


@dataclass(slots=True)
class Budget:
    """What may still be inflated and listed. One for a file with all the archives in it."""

    inflated: int
    entries: int

    @classmethod
    def of(cls, size: int, limits: Limits) -> Budget:
        return cls(limits.inflation(size), limits.entries)


Take = Callable[[str, bytes], None]
"""Gets the name and the content of a wanted entry, one after the other: none is kept beside the next."""


def open_archive(data: bytes, budget: Budget, seen: Seen) -> Archive | None:
    """The archive in `data`, with its contradictions among the findings; None if it can't be read."""
    try:
        archive = zip_reader.read_archive(data, budget.entries)
    except Unreadable as problem:
        text = str(problem)
        seen.find(Reason.ARCHIVE_LIMITS if text == "too many entries" else Reason.MALFORMED, text)
        return None
    budget.entries -= len(archive.entries)
    _names(archive, seen)
    _extents(data, archive, seen)
    return archive


def read_contents(
    data: bytes,
    archive: Archive,
    wanted: Callable[[str], bool],
    take: Take,
    budget: Budget,
    seen: Seen,
    limits: Limits,
    depth: int = 0,
) -> None:
    """Inflates every entry, counting, and hands over what is wanted. Stops at the first limit that is reached."""
    try:
        for entry in archive.entries:
            if entry.encrypted:
                seen.find(Reason.ENCRYPTED, "an entry of the archive is encrypted")
            elif not entry.is_folder:
                _read_entry(data, entry, wanted, take, budget, seen, limits, depth)
    except TooMuch as limit:
        seen.find(Reason.ARCHIVE_LIMITS, str(limit))


def _read_entry(
    data: bytes,
    entry: Entry,
    wanted: Callable[[str], bool],
    take: Take,
    budget: Budget,
    seen: Seen,
    limits: Limits,
    depth: int,
) -> None:
    nested = data[entry.data : entry.data + 4] == zip_reader.LOCAL or entry.name.lower().endswith((".zip", ".jar"))
    keep = wanted(entry.name) or nested
    is_xml = entry.name.lower().endswith(XML_NAMES)
    counted, kept, carried = 0, bytearray(), b""
    try:
        for piece in zip_reader.inflate(data, entry):
            counted += len(piece)
            budget.inflated -= len(piece)
            if budget.inflated < 0:
                raise TooMuch("the archive expands beyond the limits")
            if not kept and piece[:4] == zip_reader.LOCAL:
                keep = nested = True
            if len(kept) < (KEPT if keep else HEAD):
                kept += piece
            if is_xml and any(doctype in carried + piece for doctype in DOCTYPES):
                seen.find(Reason.ARCHIVE_LIMITS, "a part declares a document type, by which entities expand")
                is_xml = False
            carried = piece[-32:]
    except Unreadable as problem:
        seen.find(Reason.MALFORMED, str(problem))
        return
    if counted != entry.size:
        seen.find(Reason.ARCHIVE_LIMITS, "an entry has another size than its header says")
    if wanted(entry.name):
        take(entry.name, bytes(kept))
    if executable(kept) or extension_of(entry.name) in EXECUTABLE_EXTENSIONS:
        seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is among the entries of the archive")
    if nested and kept[:4] == zip_reader.LOCAL:
        _nested(bytes(kept), budget, seen, limits, depth + 1)


def _nested(data: bytes, budget: Budget, seen: Seen, limits: Limits, depth: int) -> None:
    """An archive inside: on the same budget, and what is found in it counts for the whole file."""
    if depth > limits.nesting:
        raise TooMuch("archives are nested too deep")
    inner = Seen()
    archive = open_archive(data, budget, inner)
    if archive is not None:
        read_contents(data, archive, lambda name: False, lambda name, content: None, budget, inner, limits, depth)
    for finding in inner.findings:
        if finding.code in (Reason.ARCHIVE_LIMITS, Reason.EMBEDDED_EXECUTABLE):
            seen.find(finding.code, finding.detail)


def _names(archive: Archive, seen: Seen) -> None:
    names = [entry.name.replace("\\", "/") for entry in archive.entries]
    if len({name.casefold() for name in names}) < len(names):
        seen.find(Reason.ARCHIVE_LIMITS, "two entries of the archive have the same name")
    if any(name.startswith("/") or ".." in name.split("/") or name[1:2] == ":" or "\0" in name for name in names):
        seen.find(Reason.ARCHIVE_LIMITS, "an entry's name leads out of the archive")


def _extents(data: bytes, archive: Archive, seen: Seen) -> None:
    for entry in archive.entries:
        if entry.differs:
            seen.find(Reason.ARCHIVE_LIMITS, f"an entry's own header has another {entry.differs} than the directory")
    position, loose = 0, []
    for entry in sorted(archive.entries, key=lambda entry: entry.start):
        if entry.start < position:
            seen.find(Reason.ARCHIVE_LIMITS, "entries of the archive overlap")
        elif entry.start > position:
            loose.append(data[position : entry.start])
        position = max(position, entry.end)
    if position > archive.directory:
        seen.find(Reason.ARCHIVE_LIMITS, "an entry overlaps the archive's directory")
    else:
        loose.append(data[position : archive.directory])
    for part in (*loose, archive.comment, data[archive.end :]):
        _loose(part, seen)


def _loose(part: bytes, seen: Seen) -> None:
    """Bytes that belong to no entry."""
    if not part.strip(PADDING):
        return
    if zip_reader.END in part:
        seen.find(Reason.ARCHIVE_LIMITS, "the archive has two directories")
    elif found := format_at(part.lstrip(PADDING)):
        seen.find(Reason.SECOND_FORMAT, f"{found} between or behind the archive's entries")
    else:
        seen.find(Reason.TRAILING_DATA, "bytes between or behind the archive's entries that belong to none")
