"""Workbooks and presentations as Office wrote them before 2007: the few records that matter, made here."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

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
    document = atom(0x03E8, atom(0x03E9, bytes(40), 1), 0xF) + b"".join(records)
    listed = atom(0x1772, bytes(8))
    edit = atom(0x0FF5, struct.pack("<7L", 0, 0, 0, len(document), 1, 1, 0))
    user = atom(0x0FF6, struct.pack("<3L", 20, token, len(document) + len(listed)) + bytes(12))
    return compound({"PowerPoint Document": document + listed + edit, "Current User": user, **streams})


def click(action: int) -> bytes:
    return atom(0x03EE, atom(0x0FF2, atom(0x0FF3, struct.pack("<2LB", 0, 0, action) + bytes(7)), 0xF), 0xF)


def locked(stream: bytes, password: str = "VelvetSweatshop", version: int = 1) -> bytes:
    """The workbook as Excel encrypts it with RC4, by MS-OFFCRYPTO 2.3.6 (version 1) and 2.3.5 (version 4)."""
    salt, verifier, secret = bytes(range(16)), b"verify it, sure.", password.encode("utf-16-le")
    digest = "md5" if version == 1 else "sha1"
    if version == 1:
        seed = hashlib.md5((hashlib.md5(secret).digest()[:5] + salt) * 16).digest()[:5]
    else:
        seed = hashlib.sha1(salt + secret).digest()

    def rc4(number: int, text: bytes) -> bytes:
        key = hashlib.new(digest, seed + struct.pack("<L", number)).digest()[:16]
        return Cipher(ARC4(key), mode=None).encryptor().update(text)

    proof = rc4(0, verifier + hashlib.new(digest, verifier).digest())
    if version == 1:
        body = struct.pack("<3H", 1, 1, 1) + salt + proof
    else:
        header = struct.pack("<8L", 4, 0, 0x6801, 0x8004, 128, 1, 0, 0)
        body = struct.pack("<3HLL", 1, version, 2, 4, len(header)) + header
        body += struct.pack("<L", 16) + salt + proof[:16] + struct.pack("<L", 20) + proof[16:]
    lock = record(FILE_PASS, body)
    first = len(part(5))
    plain = stream[:first] + lock + _moved(stream[first:], len(lock))
    hidden = b"".join(rc4(at // 1024, plain[at : at + 1024]) for at in range(0, len(plain), 1024))
    return _mixed(plain, hidden)


def _moved(rest: bytes, by: int) -> bytes:
    """The list's place of the sheet, behind a record that was put in before it."""
    at = 0
    while rest[at : at + 2] != struct.pack("<H", SHEET):
        at += 4 + struct.unpack_from("<H", rest, at + 2)[0]
    (place,) = struct.unpack_from("<L", rest, at + 4)
    return rest[: at + 4] + struct.pack("<L", place + by) + rest[at + 8 :]


def _mixed(plain: bytes, hidden: bytes) -> bytes:
    """Heads of records, the first records and the places of sheets stay in clear."""
    out, at = bytearray(), 0
    while at + 4 <= len(plain):
        kind, length = struct.unpack_from("<2H", plain, at)
        clear = 4 + (length if kind in (BOF, FILE_PASS) else 4 if kind == SHEET else 0)
        out += plain[at : at + clear] + hidden[at + clear : at + 4 + length]
        at += 4 + length
    return bytes(out)
