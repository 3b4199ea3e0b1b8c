"""A ZIP archive as its entries, each with its name and its content, and what stands between them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from consumer.inspection.readers import zip_reader
from consumer.inspection.readers.seen import SAFE, Unreadable
from consumer.inspection.readers.zip_reader import (
    CENTRAL,
    CENTRAL_HEADER,
    DEFLATED,
    ENCRYPTED,
    END,
    LOCAL,
    LOCAL_HEADER,
    STORED,
    Entry,
)
from consumer.inspection.reduction.parts import Part, deflated, inflated

UTF8 = 0x0800  # of the flags


@dataclass(frozen=True, slots=True)
class Written:
    """How an entry is written: nothing but numbers."""

    flags: int
    method: int
    attributes: int
    packed: tuple[int, int] | None = None  # checksum and size of a content that can't be read: it stays as it is


def begins(data: bytes) -> bool:
    return data[:4] in (LOCAL, END) and zip_reader.find_end(data) is not None


def split(data: bytes) -> Sequence[Part]:
    """Nothing for an archive that can't be taken apart."""
    try:
        archive = zip_reader.read_archive(data, SAFE.entries)
    except Unreadable:
        return ()
    parts: list[Part] = []
    at = 0
    for entry in sorted(archive.entries, key=lambda entry: entry.start):
        if entry.start > at:
            parts.append(Part(None, data[at : entry.start]))
        parts.append(_part(data, entry))
        at = max(at, entry.end)
    if at < archive.directory:
        parts.append(Part(None, data[at : archive.directory]))
    if archive.end < len(data):
        parts.append(Part("behind", data[archive.end :]))
    return parts


def _part(data: bytes, entry: Entry) -> Part:
    flags, name_size = struct.unpack_from("<H", data, entry.start + 6)[0], data[entry.start + 26 : entry.start + 28]
    name = data[entry.start + 30 : entry.start + 30 + int.from_bytes(name_size, "little")]
    packed = data[entry.data : entry.data + entry.compressed]
    attributes = zip_reader.LINK << 16 if entry.is_link else 0
    plain = None if entry.encrypted else _plain(entry.method, packed)
    if plain is None:
        keep = Written(flags & (UTF8 | ENCRYPTED), entry.method, attributes, (entry.crc, entry.size))
        return Part(keep, packed, name)
    return Part(Written(flags & UTF8, entry.method, attributes), plain, name)


def _plain(method: int, packed: bytes) -> bytes | None:
    if method == STORED:
        return packed
    return inflated(packed, -zlib.MAX_WBITS) if method == DEFLATED else None


def join(parts: Sequence[Part]) -> bytes:
    made, directory, count = bytearray(), bytearray(), 0
    for part in parts:
        if not isinstance(part.keep, Written):
            made += part.content if part.keep is None else b""
            continue
        keep = part.keep
        plain = keep.packed is None
        packed = deflated(part.content, -zlib.MAX_WBITS) if plain and keep.method == DEFLATED else part.content
        crc, size = keep.packed or (zlib.crc32(part.content), len(part.content))
        header = (keep.flags, keep.method, 0, 33, crc, len(packed), size, len(part.name), 0)
        made_by = 0x0314 if keep.attributes else 20  # Unix, where the kind of a file stands there
        listed = (CENTRAL, made_by, 20, *header, 0, 0, 0, keep.attributes, len(made))
        directory += CENTRAL_HEADER.pack(*listed) + part.name
        made += LOCAL_HEADER.pack(LOCAL, 20, *header) + part.name + packed
        count += 1
    end = struct.pack("<4s4H2LH", END, 0, 0, count, count, len(directory), len(made), 0)
    return bytes(made + directory) + end + b"".join(_behind(parts))


def _behind(parts: Sequence[Part]) -> Iterator[bytes]:
    return (part.content for part in parts if part.keep == "behind")
