"""A ZIP archive as its bytes are, not as its directory says: entries, their true extents, and what belongs to none.

Written anew because `zipfile` believes the directory: it reports neither overlaps, nor bytes between entries, nor
local headers that tell another story than the directory does.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from consumer.inspection.seen import Unreadable

LOCAL, CENTRAL, END, DESCRIPTOR = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
END64, LOCATOR64 = b"PK\x06\x06", b"PK\x06\x07"
ENCRYPTED, HAS_DESCRIPTOR = 0x0001, 0x0008
STORED, DEFLATED = 0, 8
PIECE = 256 * 1024

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    method: int
    encrypted: bool
    compressed: int  # bytes, as the directory says
    size: int  # bytes once inflated, as the directory says: never believed
    start: int  # of the local header, in the file
    data: int  # of the compressed bytes, in the file
    end: int  # behind the compressed bytes and their descriptor
    differs: str  # what the local header says otherwise; "" if nothing

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/") and self.size == 0


@dataclass(frozen=True, slots=True)
class Archive:
    entries: tuple[Entry, ...]  # as the directory lists them
    prefix: int  # bytes before the first entry that the offsets do not count
    directory: int  # where it begins
    end: int  # behind the end record and its comment
    comment: bytes


def find_end(data: bytes) -> int | None:
    """Where the last end record is that has a directory before it; None if there is none near the end."""
    floor = max(0, len(data) - _FULL16 - _END.size)
    position = len(data)
    while (position := data.rfind(END, floor, position)) >= 0:
        if len(data) - position >= _END.size:
            size, count = (
                struct.unpack_from("<L", data, position + 12)[0],
                struct.unpack_from("<H", data, position + 10)[0],
            )
            start = position - size
            if (count == 0 and size == 0) or size == _FULL32 or (start >= 0 and data[start : start + 4] == CENTRAL):
                return position
    return None


def read_archive(data: bytes, most: int) -> Archive:
    """The archive whose end record is the last in `data`. `Unreadable` if it is none, or has over `most` entries."""
    position = find_end(data)
    if position is None:
        raise Unreadable("no archive directory")
    _, disk, _, _, count, size, offset, comment_size = _END.unpack_from(data, position)
    directory_end = position
    if _FULL16 in (disk, count) or _FULL32 in (size, offset):
        count, size, offset, directory_end = _end64(data, position)
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
    return Archive(entries, prefix, directory, end + len(comment), comment)


def _end64(data: bytes, position: int) -> tuple[int, int, int, int]:
    locator = position - 20
    if locator < 0 or data[locator : locator + 4] != LOCATOR64:
        raise Unreadable("the archive's large directory has no locator")
    record = data.rfind(END64, max(0, locator - 4096), locator)
    if record < 0 or locator - record < 56:
        raise Unreadable("the archive's large directory has no end")
    count, size, offset = struct.unpack_from("<3Q", data, record + 32)
    return count, size, offset, record


def _entries(data: bytes, directory: int, end: int, prefix: int, most: int) -> Iterator[Entry]:
    position = directory
    for _ in range(most + 1):
        if position + _CENTRAL.size > end or data[position : position + 4] != CENTRAL:
            return
        fields = _CENTRAL.unpack_from(data, position)
        flags, method, compressed, size = fields[3], fields[4], fields[8], fields[9]
        name_size, extra_size, comment_size, offset = fields[10], fields[11], fields[12], fields[16]
        name_at = position + _CENTRAL.size
        raw_name = data[name_at : name_at + name_size]
        extra = data[name_at + name_size : name_at + name_size + extra_size]
        size, compressed, offset = _large(extra, size, compressed, offset)
        position = name_at + name_size + extra_size + comment_size
        yield _located(data, raw_name, flags, method, compressed, size, offset + prefix)


def _large(extra: bytes, *small: int) -> tuple[int, int, int]:
    """Sizes and offset that do not fit into 32 bits stand in the ZIP64 field, in this order."""
    values = list(small)
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            field, used = extra[at + 4 : at + 4 + length], 0
            for index, value in enumerate(values):
                if value == _FULL32 and used + 8 <= len(field):
                    values[index] = struct.unpack_from("<Q", field, used)[0]
                    used += 8
        at += 4 + length
    return values[0], values[1], values[2]


def _located(data: bytes, raw_name: bytes, flags: int, method: int, compressed: int, size: int, start: int) -> Entry:
    if start + _LOCAL.size > len(data) or data[start : start + 4] != LOCAL:
        raise Unreadable("an entry is not where the archive's directory says")
    _, _, local_flags, local_method, _, _, _, local_compressed, local_size, name_size, extra_size = _LOCAL.unpack_from(
        data, start
    )
    local_name = data[start + _LOCAL.size : start + _LOCAL.size + name_size]
    begin = start + _LOCAL.size + name_size + extra_size
    if begin + compressed > len(data):
        raise Unreadable("an entry ends behind the end of the file")
    differs = ""
    if local_name != raw_name:
        differs = "name"
    elif local_method != method:
        differs = "method"
    elif (local_flags ^ flags) & ENCRYPTED:
        differs = "encryption"
    elif not local_flags & HAS_DESCRIPTOR and _FULL32 not in (local_compressed, local_size):
        differs = "size" if (local_compressed, local_size) != (compressed, size) else ""
    end = begin + compressed
    if (flags | local_flags) & HAS_DESCRIPTOR:
        end += _descriptor_size(data, end, compressed)
    name = raw_name.decode("utf-8" if flags & 0x800 else "cp437", "replace")
    encrypted = bool((flags | local_flags) & ENCRYPTED)
    return Entry(name, method, encrypted, compressed, size, start, begin, end, differs)


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
        for start in range(0, len(packed), PIECE):
            yield bytes(packed[start : start + PIECE])
        return
    if entry.method != DEFLATED:
        raise Unreadable("an entry is compressed in a way that this format does not use")
    yield from inflate_raw(packed, -zlib.MAX_WBITS)


def inflate_raw(packed: memoryview, window_bits: int) -> Iterator[bytes]:
    engine = zlib.decompressobj(window_bits)
    try:
        for start in range(0, len(packed), PIECE):
            feed: bytes | memoryview = packed[start : start + PIECE]
            while feed and not engine.eof:
                piece = engine.decompress(feed, PIECE)
                if piece:
                    yield piece
                feed = engine.unconsumed_tail
            if engine.eof:
                return
        while piece := engine.decompress(b"", PIECE):
            yield piece
    except zlib.error:
        raise Unreadable("compressed data is damaged") from None
