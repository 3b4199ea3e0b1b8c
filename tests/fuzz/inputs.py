"""Input number n: always the same bytes, made from whole files by the mistakes that parsers make."""

from __future__ import annotations

import base64
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.inspection import bombs
from tests.inspection.files import BENIGN, MAIN_TYPES, compound, doc, gif, jpeg, ooxml, pdf, png
from tests.inspection.polyglots import polyglots

LONGEST = 64 * 1024
DOCUMENTS = Path(__file__).parents[1] / "inspection" / "documents"
DOCUMENT_NAMES = sorted(path.name for path in DOCUMENTS.iterdir() if path.suffix not in (".md", ".xz"))
EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
WORDS = (
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08", b"%PDF-1.7",
    b"%%EOF", b"1 0 obj", b"endobj", b"stream\n", b"endstream", b"/Type /ObjStm", b"/Encrypt 1 0 R",
    b"/Encrypt <<", b"/ID [<00>]", b"/Filter /Standard /R 6 /V 5 /U (", b"/R 3 /O (\\", b"<!DOCTYPE", b"IDAT",
    b"IEND", b"\xff\xd8\xff", b"\xff\xd9", b"GIF89a", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"MZ", b"\x7fELF",
    b"\x60\xea", b"7z\xbc\xaf\x27\x1c", b"ustar", b"\0<" * 300, b"\n" * 2000, b"#!/", b"<?php ", b"<script>",
    b"\xff\xfe", b"\xef\xbb\xbf", b"/Filter [/A85 /Fl]", b"/Filter /LZW", b"/Filter /RL", b"/Filter /AHx",
    b"/N 1 /First 4", b"/EF << /F 9 0 R >>", b"/XFA [9 0 R]", b"/Contents 9 0 R", b"/F (a.exe)", b"<<", b">>", b"(",
    b"startxref\n9\n%%EOF", b"trailer<<", b"fcTL", b"iCCPx\0\0", b"<?=", b"<%", b"*/", b"`", b"//",
)  # fmt: skip

Mutation = Callable[[bytearray, random.Random], None]


def streams() -> list[bytes]:
    """Of a PDF, packed in each way, and one that attaches a file."""
    text = b"9 0 << /S /JavaScript /JS (x) /EF << /F 9 0 R >> /F (a.txt) >> " * 9
    packed = {
        b"/Fl": zlib.compress(text),
        b"/A85": base64.a85encode(text) + b"~>",
        b"/AHx": text.hex().encode() + b">",
        b"/RL": b"\x7f" + text[:128] + b"\x80",
        b"/LZW": b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01",
        b"[/A85 /Fl]": base64.a85encode(zlib.compress(text)) + b"~>",
    }
    head = b"9 0 obj\n<< /Length %d /N 1 /First 4 /Filter %s >>\nstream\n"
    return [head % (len(content), name) + content + b"\nendstream\nendobj\n" for name, content in packed.items()]


@cache
def seeds() -> tuple[bytes, ...]:
    files = [*BENIGN.values(), *(ooxml(kind) for kind in MAIN_TYPES), *polyglots().values()]
    files += [doc(0x100), doc(1), compound({"EncryptedPackage": b"x", "EncryptionInfo": b"y"})]
    files += [doc(0, {"VBA": {"dir": b"\x01\x00\xb0" + bytes(40), "ThisDocument": b"\x01\x00\xb0" + bytes(40)}})]
    files += [pdf(stream) for stream in streams()]
    files += [pdf(trailer=b"/Encrypt 9 0 R /ID [<00><00>] "), png(3, 3), gif(b"x" * 300), jpeg(width=9)]
    files += [bombs.overlapping(20, 4096), bombs.entities(), bombs.entities_in_utf16(), bombs.lying_size()]
    files += [(DOCUMENTS / name).read_bytes() for name in DOCUMENT_NAMES]
    return tuple(data for data in files if len(data) <= LONGEST)


def fuzzed(number: int) -> bytes:
    chance = random.Random(number)
    data = bytearray(chance.choice(seeds()))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8, 20))):
        chance.choice(MUTATIONS)(data, chance)
    return bytes(data[: 2 * LONGEST])


def _place(data: bytearray, chance: random.Random) -> int:
    return chance.randrange(len(data) + 1)


def _flip(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _number(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    size, order = chance.choice((1, 2, 4, 8)), chance.choice(("little", "big"))
    data[at : at + size] = (chance.choice(EDGES) & (1 << 8 * size) - 1).to_bytes(size, order)  # type: ignore[arg-type] # one of two words


def _cut(data: bytearray, chance: random.Random) -> None:
    begin, end = sorted((_place(data, chance), _place(data, chance)))
    del data[begin : chance.choice((begin + 1, begin + 4, end, len(data)))]


def _repeat(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    piece = data[at : at + chance.choice((1, 4, 16, 128, 1024))]
    data[at:at] = piece * chance.choice((1, 2, 50, 500)) if len(data) < LONGEST else piece


def _word(data: bytearray, chance: random.Random) -> None:
    at, word = _place(data, chance), chance.choice(WORDS)
    data[at : at + chance.choice((0, len(word)))] = word


def _splice(data: bytearray, chance: random.Random) -> None:
    other = chance.choice(seeds())
    at, begin = _place(data, chance), chance.randrange(len(other) + 1)
    data[at : at + chance.choice((0, 64, len(data)))] = other[begin : begin + chance.choice((16, 256, LONGEST))]


def _noise(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at : at + 16] = struct.pack("<2Q", chance.getrandbits(64), chance.getrandbits(64))


MUTATIONS: tuple[Mutation, ...] = (_flip, _flip, _number, _number, _cut, _repeat, _word, _splice, _noise)
