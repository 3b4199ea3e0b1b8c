"""How an archive is laid out: whether it contradicts itself, and what stands in it and belongs to no entry."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath
from urllib.parse import unquote

from consumer.inspection.readers import scripts, text, zip_reader
from consumer.inspection.readers.anywhere import PACKED_PICTURES, marked_in
from consumer.inspection.readers.formats import (
    HEAD,
    HEADER_OF_A_PDF,
    PADDING,
    binary_at,
    foreign,
    format_at,
    formats_at_fixed_places,
    pdf_in,
)
from consumer.inspection.readers.names import extension_of
from consumer.inspection.readers.pdf.places import swallows
from consumer.inspection.readers.seen import Seen
from consumer.inspection.readers.texts.tables import SYLK
from consumer.inspection.readers.zip_reader import STORED, Archive
from consumer.model import Reason

LISTING = "/[content_types].xml"  # of a document's parts
A_REMARK = 32 * 1024  # of work
A_NAME, ESCAPED = 96, 4  # of work for a letter of a name, and times as much where it may be an escape
PICTURES = frozenset({"png", "jpg", "jpeg", "gif", "bmp", "dib", "tif", "tiff", "emf", "wmf"})
ARCHIVES = ("RAR", "7-Zip", "ARJ", "ACE", "LHA", "ZOO", "ZPAQ", "XAR", "ALZip", "cabinet", "disk image", "disc image")
OF_JAVA, STARTED = "meta-inf/manifest.mf", b"main-class"
"""Its classes may be in another archive that it names, on a share or beside it."""
OPENINGS = (b"#!", b"%!", SYLK)  # of scripts, PostScript and workbooks


def examine(data: bytes, archive: Archive, seen: Seen) -> None:
    _names(archive, seen)
    for entry in archive.entries:
        if entry.differs:
            detail = f"an entry's own header has another {entry.differs} than the directory"
            seen.find(Reason.ARCHIVE_LIMITS, detail, at=entry.start)
        if entry.is_link:
            seen.find(Reason.ARCHIVE_LIMITS, "an entry of the archive is a link", at=entry.start)
    for name in formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the archive is {name} as well", opener="7-zip")
    for at, part in _between(data, archive, seen):
        if at != 0 or not _begins_another(data, part, seen):
            _loose(at, part, seen)
    for remark in {remark for entry in archive.entries for remark in entry.remarks}:
        seen.work.spend(A_REMARK)
        if found := foreign(remark, seen.work):
            seen.find(Reason.SECOND_FORMAT, f"{found} beside the archive's entries")


def examine_head(name: str, head: bytes, seen: Seen) -> None:
    """What is called a picture and is an archive is shown as nothing, and kept for another program.

    Any other picture is shown all the same, and what else stands there, as the page of a server that had none, opens
    by its name: as a broken picture.
    """
    if name.casefold().lstrip("/") == OF_JAVA and (STARTED in head.lower() or len(head) >= HEAD):
        detail = "the archive says which program of Java it is"
        seen.find(Reason.SECOND_FORMAT, detail, opener="unzip")
    if extension_of(name) not in PICTURES:
        return
    found = binary_at(head)
    if found and any(word in found for word in ARCHIVES):
        seen.find(Reason.SECOND_FORMAT, f"{found} by the name of a picture")


def examine_stored(data: bytes, archive: Archive, seen: Seen) -> None:
    """What stands in a document's parts without compression, where programs that search the file find it."""
    for at, name in marked_in(data, seen.work, without=(PACKED_PICTURES,)):
        seen.find(Reason.SECOND_FORMAT, f"{name} in a part that is not compressed", at=at, opener="7-zip")
    pdf = pdf_in(data, seen.work)
    if pdf is not None and pdf < HEADER_OF_A_PDF:
        seen.find(Reason.SECOND_FORMAT, "a PDF in a part that is not compressed", at=pdf, opener="pdf")
    for entry in archive.entries:
        if entry.method != STORED:
            continue
        content = data[entry.data : entry.data + entry.compressed]
        if scripts.sniffed(content) and next(scripts.live(content, seen.work), None) is not None:
            detail = "a page with a script in a part that is not compressed"
            seen.find(Reason.SECOND_FORMAT, detail, at=entry.start, opener="mshta")


def _names(archive: Archive, seen: Seen) -> None:
    for entry in archive.entries:
        seen.work.spend(A_NAME * len(entry.name) * (ESCAPED if "%" in entry.name else 1))
    if any(not entry.name for entry in archive.entries):
        seen.find(Reason.ARCHIVE_LIMITS, "an entry of the archive has no name")
    names = [entry.name.replace("\\", "/") for entry in archive.entries]
    paths = {_path(name).casefold() for name in names}
    if len(paths) < len(names):
        seen.find(Reason.ARCHIVE_LIMITS, "two entries of the archive have the same name")
    if LISTING in paths:  # a document, in which XlsxWriter names a part from the root on, as parts refer to it
        names = [name[1:] if name.startswith("/") else name for name in names]
    if any(name.startswith("/") or ".." in name.split("/") or name[1:2] == ":" or "\0" in name for name in names):
        seen.find(Reason.ARCHIVE_LIMITS, "an entry's name leads out of the archive")


def _path(name: str) -> str:
    path = "/" + (unquote(name) if "%" in name else name).lstrip("/")
    return normpath(path) if "//" in path or "/." in path or path.endswith("/") else path


def _between(data: bytes, archive: Archive, seen: Seen) -> Iterator[tuple[int | None, bytes]]:
    """The bytes before, between and behind what the headers account for, with their places if they have one."""
    position = 0
    for entry in sorted(archive.entries, key=lambda entry: entry.start):
        if entry.start < position:
            seen.find(Reason.ARCHIVE_LIMITS, "entries of the archive overlap", at=entry.start)
        elif entry.start > position:
            yield position, data[position : entry.start]
        position = max(position, entry.end)
    if position > archive.directory:
        seen.find(Reason.ARCHIVE_LIMITS, "an entry overlaps the archive's directory", at=archive.directory)
    else:
        yield position, data[position : archive.directory]
    yield from ((None, remark) for remark in archive.remarks)
    yield archive.end, data[archive.end :]


def _begins_another(data: bytes, before: bytes, seen: Seen) -> bool:
    """Whether a program takes the whole file for what stands before the first entry. Words there are a broken upload's,
    anything else is the beginning of another format.
    """
    if not before.strip(PADDING):
        return False
    found = format_at(data[:HEAD])
    if found or before.lstrip(PADDING).startswith(OPENINGS) or swallows(before) or text.decode(before) is None:
        detail = f"{found or 'another format'} before the archive's first entry"
        seen.find(Reason.SECOND_FORMAT, detail, at=0, opener="desktop")
        return True
    return False


def _loose(at: int | None, part: bytes, seen: Seen) -> None:
    if not part.strip(PADDING):
        return
    if zip_reader.END in part:
        seen.find(Reason.ARCHIVE_LIMITS, "the archive has two directories", at=at)
    elif found := foreign(part, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{found} between or behind the archive's entries", at=at)
    else:
        detail = "bytes between or behind the archive's entries that belong to none"
        seen.find(Reason.TRAILING_DATA, detail, at=at)
