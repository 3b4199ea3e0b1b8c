"""Workbooks and presentations as Office wrote them before 2007: the few records that matter, made here."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

from tests.inspection.files import compound

BOF, EOF, SHEET, NAME, BOOK, EXTERN_NAME, FILE_PASS = 0x809, 0x0A, 0x85, 0x18, 0x1AE, 0x23, 0x2F


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<2H", kind, len(body)) + body


def part(kind: int, version: int = 0x600) -> bytes:
    return record(BOF, struct.pack("<2H", version, kind) + bytes(12))


def workbook(more: bytes = b"", kind: int = 0, part_kind: int = 0x10, hidden: int = 0, version: int = 0x600) -> bytes:
    """One sheet of the kind that the list says, whose own first record says `part_kind`."""
    name = b"\0Sheet1" if version == 0x600 else b"Sheet1"
    size = 4 + 6 + 1 + len(name)
    begin = len(part(5, version)) + len(more) + size + len(record(EOF))
    sheet = record(SHEET, struct.pack("<LBB", begin, hidden, kind) + bytes([6]) + name)
    return part(5, version) + more + sheet + record(EOF) + part(part_kind, version) + record(EOF)


def name(text: str, flags: int = 0, wide: bool = False) -> bytes:
    encoded = b"\1" + text.encode("utf-16-le") if wide else b"\0" + text.encode("latin-1")
    return record(NAME, struct.pack("<HBB", flags, 0, len(text)) + bytes(10) + encoded)


def link(source: str, flags: int = 0) -> bytes:
    book = record(BOOK, struct.pack("<2H", 0, len(source)) + b"\0" + source.encode("latin-1"))
    return book + record(EXTERN_NAME, struct.pack("<H", flags) + bytes(8))


def xls(
    stream: bytes | None = None, storages: Mapping[str, Mapping[str, bytes]] | None = None, **streams: bytes
) -> bytes:
    content = workbook() if stream is None else stream
    return compound({"Workbook": content + bytes(-len(content) % 512), **streams}, storages)


def atom(kind: int, body: bytes = b"", version: int = 0) -> bytes:
    return struct.pack("<2HL", version, kind, len(body)) + body


def stored(content: bytes, compress: bool = True) -> bytes:
    body = struct.pack("<L", len(content)) + zlib.compress(content) if compress else content
    return atom(0x1011, body, 0x10 if compress else 0)


def ppt(records: Sequence[bytes] = (), token: int = 0xE391C05F, **streams: bytes) -> bytes:
    user = atom(0x0FF6, struct.pack("<LL", 20, token) + bytes(16))
    document = atom(0x03E8, atom(0x03E9, bytes(40), 1), 0xF) + b"".join(records)
    return compound({"PowerPoint Document": document, "Current User": user, **streams})


def click(action: int) -> bytes:
    return atom(0x03EE, atom(0x0FF2, atom(0x0FF3, struct.pack("<2LB", 0, 0, action) + bytes(7)), 0xF), 0xF)
