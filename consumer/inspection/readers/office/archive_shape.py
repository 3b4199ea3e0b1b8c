"""How an archive is laid out: whether it contradicts itself, and what stands in it and belongs to no entry."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath
from urllib.parse import unquote

from consumer.inspection.readers import zip_reader
from consumer.inspection.readers.formats import PADDING, foreign
from consumer.inspection.readers.names import extension_of
from consumer.inspection.readers.seen import Seen
from consumer.inspection.readers.zip_reader import Archive
from consumer.model import Reason

A_REMARK = 32 * 1024  # of work
A_LETTER, ESCAPED = 96, 4  # of work, for a letter of a name, and times as much where it may be an escape
PICTURES = frozenset({"png", "jpg", "jpeg", "gif", "bmp", "dib", "tif", "tiff", "emf", "wmf"})
PICTURE_STARTS = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"8BPS", b"RIFF"),
    *(b"\x01\0\0\0", b"\xd7\xcd\xc6\x9a", b"\x01\0\x09\0", b"\x02\0\x09\0"),  # metafiles, which hold others
)


def examine(data: bytes, archive: Archive, seen: Seen) -> None:
    _names(archive, seen)
    for entry in archive.entries:
        if entry.differs:
            detail = f"an entry's own header has another {entry.differs} than the directory"
            seen.find(Reason.ARCHIVE_LIMITS, detail, at=entry.start)
        if entry.is_link:
            seen.find(Reason.ARCHIVE_LIMITS, "an entry of the archive is a link", at=entry.start)
    for at, part in _between(data, archive, seen):
        _loose(at, part, seen)
    for remark in {remark for entry in archive.entries for remark in entry.remarks}:
        seen.work.spend(A_REMARK)
        if found := foreign(remark, seen.work):
            seen.find(Reason.SECOND_FORMAT, f"{found} beside the archive's entries")


def examine_head(name: str, head: bytes, seen: Seen) -> None:
    """What is called a picture and is another format is shown as nothing, and kept for another program."""
    if extension_of(name) not in PICTURES or head.startswith(PICTURE_STARTS):
        return
    if found := foreign(head, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{found} by the name of a picture")


def _names(archive: Archive, seen: Seen) -> None:
    for entry in archive.entries:
        seen.work.spend(A_LETTER * len(entry.name) * (ESCAPED if "%" in entry.name else 1))
    names = [entry.name.replace("\\", "/") for entry in archive.entries]
    if len({normpath("/" + unquote(name).lstrip("/")).casefold() for name in names}) < len(names):
        seen.find(Reason.ARCHIVE_LIMITS, "two entries of the archive have the same name")
    if any(name.startswith("/") or ".." in name.split("/") or name[1:2] == ":" or "\0" in name for name in names):
        seen.find(Reason.ARCHIVE_LIMITS, "an entry's name leads out of the archive")


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
