"""A ZIP archive as its bytes are, not as its directory says: entries, their true extents, and what belongs to none.

Written anew because `zipfile` believes the directory: it reports neither overlaps, nor bytes between entries, nor
local headers that tell another story than the directory does.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from consumer.inspection.readers import runs, zip_fields
from consumer.inspection.readers.flate import LARGEST_PIECE
from consumer.inspection.readers.names import extension_of
from consumer.inspection.readers.seen import Unreadable

LOCAL, CENTRAL, END, DESCRIPTOR = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
END64, LOCATOR64, LOCATOR_SIZE = b"PK\x06\x06", b"PK\x06\x07", 20
ENCRYPTED, HAS_DESCRIPTOR = 0x0001, 0x0008
STORED, DEFLATED, LAST_METHOD = 0, 8, 99  # methods of entries
FARTHEST = 1 << 20  # bytes before its end that a directory is searched in
NEWEST, MOST_NAMED = 63, 1024  # version that is needed, and bytes of a name
FED = 32 * 1024  # compressed bytes at a time: what of them is not inflated yet is copied
UNIX, LINK, FILE_KIND = 3, 0o120000, 0o170000

_END = struct.Struct("<4s4H2LH")
CENTRAL_HEADER = struct.Struct("<4s6H3L5H2L")
LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_FULL16, _FULL32 = 0xFFFF, zip_fields.FULL


class Entry(NamedTuple):
    name: str
    method: int
    encrypted: bool
    compressed: int  # bytes, as the directory says
    size: int  # bytes once inflated, as the directory says: never believed
    crc: int  # of the inflated bytes, as the directory says: never believed
    start: int  # of the local header, in the file
    data: int  # of the compressed bytes, in the file
    end: int  # behind the compressed bytes and their descriptor
    differs: str  # what the local header says otherwise; "" if nothing
    is_link: bool
    remarks: tuple[bytes, ...]  # extra fields and comment: what else stands beside it

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/") and self.size == 0


@dataclass(frozen=True, slots=True)
class Archive:
    entries: tuple[Entry, ...]  # as the directory lists them
    prefix: int  # bytes before the first entry that the offsets do not count
    directory: int  # where it begins
    end: int  # behind the end record and its comment
    remarks: tuple[bytes, ...]  # the comment, and what stands between the end records


def find_end(data: bytes) -> int | None:
    """Where the last end record is that has a directory before it; None if there is none near the end."""
    floor = max(0, len(data) - _FULL16 - _END.size)
    if next(runs.places(data, END, floor), None) is None:  # a search from the end takes ten times as long
        return None
    position = len(data)
    while (position := data.rfind(END, floor, position)) >= 0:
        if len(data) - position >= _END.size:
            count, size, offset = struct.unpack_from("<HLL", data, position + 10)
            listed = data.startswith(CENTRAL, max(0, position - size)) or data.startswith(CENTRAL, offset)
            if (count == 0 and size == 0) or size == _FULL32 or listed or _has_large_end(data, position):
                return position
    return None


def listed(data: bytes) -> Iterator[str]:
    """The names in a directory that contradicts itself: programs open what they can of it."""
    end = find_end(data) or 0
    for at in runs.places(data, CENTRAL, max(0, end - FARTHEST), end):
        if at + CENTRAL_HEADER.size <= end:
            size = int.from_bytes(data[at + 28 : at + 30], "little")
            yield data[at + CENTRAL_HEADER.size : at + CENTRAL_HEADER.size + size].decode("latin-1")


def is_entry(data: bytes, at: int) -> bool:
    """Whether an entry's own header stands there, as 7-Zip takes it without any directory."""
    if not data.startswith(LOCAL, at) or len(data) < at + LOCAL_HEADER.size:
        return False
    _, version, _, method, _, _, _, _, _, name, extra = LOCAL_HEADER.unpack_from(data, at)
    begin = at + LOCAL_HEADER.size
    named = data[begin : begin + name]
    known = version & 0xFF <= NEWEST and method <= LAST_METHOD and 0 < name <= MOST_NAMED
    return known and min(named, default=0) >= ord(" ") and begin + name + extra <= len(data)


def read_archive(data: bytes, most: int) -> Archive:
    """The archive whose end record is the last in `data`. `Unreadable` if it is none, or has over `most` entries."""
    position = find_end(data)
    if position is None:
        raise Unreadable("no archive directory")
    _, disk, first_disk, _, count, size, offset, comment_size = _END.unpack_from(data, position)
    directory_end, between = position, b""
    if _FULL16 in (disk, count) or _FULL32 in (size, offset) or _has_large_end(data, position):
        said = ((count, _FULL16), (size, _FULL32), (offset, _FULL32))
        count, size, offset, directory_end, between = _end64(data, position)
        if any(small not in (large, full) for (small, full), large in zip(said, (count, size, offset), strict=True)):
            raise Unreadable("the archive's two end records contradict each other")
    elif disk or first_disk:
        raise Unreadable("the archive is said to be one of several parts")
    directory = directory_end - size
    prefix = directory - offset
    if directory < 0 or prefix < 0:
        raise Unreadable("the archive's directory is not where it should be")
    if count > most:
        raise Unreadable("too many entries")
    entries = tuple(_entries(data, directory, directory_end, prefix, most))
    if len(entries) != count:
        raise Unreadable("the archive's directory has another number of entries than it says")
    end = position + _END.size
    comment = data[end : end + comment_size]
    return Archive(entries, prefix, directory, end + len(comment), (comment, between))


def _has_large_end(data: bytes, position: int) -> bool:
    """Whether an end record of ZIP64 stands before this one, as programs write it that do not know the size before."""
    return position >= LOCATOR_SIZE and data.startswith(LOCATOR64, position - LOCATOR_SIZE)


def _end64(data: bytes, position: int) -> tuple[int, int, int, int, bytes]:
    locator = position - LOCATOR_SIZE
    if not _has_large_end(data, position):
        raise Unreadable("the archive's large directory has no locator")
    record = data.rfind(END64, max(0, locator - 4096), locator)
    if record < 0 or locator - record < 56:
        raise Unreadable("the archive's large directory has no end")
    count, size, offset = struct.unpack_from("<3Q", data, record + 32)
    return count, size, offset, record, data[record + 56 : locator]


def _entries(data: bytes, directory: int, end: int, prefix: int, most: int) -> Iterator[Entry]:
    position = directory
    for _ in range(most + 1):
        if position + CENTRAL_HEADER.size > end or not data.startswith(CENTRAL, position):
            return
        listed = _Listed.at(data, position)
        position = listed.end
        yield _located(data, listed, prefix)


class _Listed(NamedTuple):
    """An entry as the directory has it."""

    made_by: int
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    offset: int
    attributes: int
    name: bytes
    extra: bytes
    comment: bytes
    end: int

    @classmethod
    def at(cls, data: bytes, position: int) -> _Listed:
        fields = CENTRAL_HEADER.unpack_from(data, position)
        name_at = position + CENTRAL_HEADER.size
        extra_at = name_at + fields[10]
        comment_at = extra_at + fields[11]
        end = comment_at + fields[12]
        extra = data[extra_at:comment_at]
        size, compressed, offset = fields[9], fields[8], fields[16]
        if _FULL32 in (size, compressed, offset):
            size, compressed, offset = zip_fields.large(extra, size, compressed, offset)
        name, comment = data[name_at:extra_at], data[comment_at:end]
        return cls(
            fields[1] >> 8, fields[3], fields[4], fields[7], compressed, size, offset, fields[15],
            name, extra, comment, end,
        )  # fmt: skip

    def text(self, name: bytes) -> str:
        if name.isascii():  # as nearly always
            return name.decode("ascii")
        return name.decode("utf-8" if self.flags & 0x800 else "cp437", "replace")

    @property
    def is_link(self) -> bool:
        return self.made_by == UNIX and self.attributes >> 16 & FILE_KIND == LINK


def _located(data: bytes, listed: _Listed, prefix: int) -> Entry:
    start = listed.offset + prefix
    if start + LOCAL_HEADER.size > len(data) or not data.startswith(LOCAL, start):
        raise Unreadable("an entry is not where the archive's directory says")
    _, _, flags, method, _, _, crc, compressed, size, name_size, extra_size = LOCAL_HEADER.unpack_from(data, start)
    extra_at = start + LOCAL_HEADER.size + name_size
    begin = extra_at + extra_size
    if begin + listed.compressed > len(data):
        raise Unreadable("an entry ends behind the end of the file")
    name, extra = data[start + LOCAL_HEADER.size : extra_at], data[extra_at:begin]
    differs = ""
    extras = (extra, listed.extra) if extra or listed.extra else ()
    if name != listed.name or (extras and any(_is_called_otherwise(listed, field) for field in extras)):
        differs = "name"
    elif method != listed.method:
        differs = "method"
    elif (flags ^ listed.flags) & ENCRYPTED:
        differs = "encryption"
    elif not flags & HAS_DESCRIPTOR and _FULL32 not in (compressed, size):
        if (compressed, size) != (listed.compressed, listed.size):
            differs = "size"
        elif crc != listed.crc:
            differs = "checksum"
    end = begin + listed.compressed
    if (listed.flags | flags) & HAS_DESCRIPTOR:
        end += _descriptor_size(data, end, listed.compressed)
    encrypted = bool((listed.flags | flags) & ENCRYPTED)
    return Entry(
        listed.text(listed.name), listed.method, encrypted, listed.compressed, listed.size, listed.crc,
        start, begin, end, differs, listed.is_link, zip_fields.remarks(extras, listed.comment),
    )  # fmt: skip


def _is_called_otherwise(listed: _Listed, extra: bytes) -> bool:
    """A second name, for programs that know Unicode. Of an ASCII name it can only be the same."""
    for kind, field in zip_fields.each(extra) if zip_fields.A_PATH in extra else ():
        if kind == zip_fields.UNICODE_PATH:
            second = field[5:].decode("utf-8", "replace")
            first = listed.text(listed.name)
            if second != first and (listed.name.isascii() or extension_of(second) != extension_of(first)):
                return True
    return False


def _descriptor_size(data: bytes, at: int, compressed: int) -> int:
    """With or without a signature, sizes of four or eight bytes: nothing but what follows it tells which."""
    signed = 4 if data[at : at + 4] == DESCRIPTOR else 0
    if data[at + signed + 4 : at + signed + 8] != (compressed & _FULL32).to_bytes(4, "little"):
        return 0
    wide = data[at + signed + 20 : at + signed + 22] == b"PK" and data[at + signed + 12 : at + signed + 14] != b"PK"
    return signed + (20 if wide else 12)


def inflate(data: bytes, entry: Entry) -> Iterator[bytes]:
    """The entry's content in pieces of bounded size. `Unreadable` if the compressed bytes are no such thing."""
    packed = memoryview(data)[entry.data : entry.data + entry.compressed]
    if entry.method == STORED:
        for start in range(0, len(packed), LARGEST_PIECE):
            yield bytes(packed[start : start + LARGEST_PIECE])
    elif entry.method == DEFLATED:
        yield from _inflated(packed)
    else:
        raise Unreadable("an entry is compressed in a way that this format does not use")


def _inflated(packed: memoryview) -> Iterator[bytes]:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for start in range(0, len(packed), FED):
            feed: bytes | memoryview = packed[start : start + FED]
            while feed and not engine.eof:
                if piece := engine.decompress(feed, LARGEST_PIECE):
                    yield piece
                feed = engine.unconsumed_tail
            if engine.eof:
                if engine.unused_data or start + FED < len(packed):
                    raise Unreadable("bytes stand behind the end of an entry's compressed content")
                return
        while piece := engine.decompress(b"", LARGEST_PIECE):
            yield piece
    except zlib.error:
        raise Unreadable("compressed data is damaged") from None
