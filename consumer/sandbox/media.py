"""Pictures, PDF and text from nothing, as small as the formats allow and as real as any reader asks for."""

from __future__ import annotations

import random
import struct
import zlib

WORDS = [
    "meter",
    "reading",
    "invoice",
    "customer",
    "delivery",
    "garden",
    "window",
    "account",
    "letter",
    "number",
    "street",
    "form",
    "photo",
    "contract",
    "bridge",
    "river",
    "summer",
    "answer",
    "question",
    "parcel",
    "return",
    "address",
    "morning",
    "evening",
    "battery",
    "screen",
    "broken",
    "repair",
    "warranty",
]


def sentences(rng: random.Random, count: int) -> list[str]:
    return [" ".join(rng.choices(WORDS, k=rng.randint(4, 12))).capitalize() + "." for _ in range(count)]


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_file(width: int, height: int, depth: int, color: int, compressed: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", compressed) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def png(rng: random.Random) -> bytes:
    """RGB noise, which does not compress: its size follows its dimensions."""
    width, height = rng.randint(8, 120), rng.randint(8, 120)
    rows = b"".join(b"\0" + rng.randbytes(width * 3) for _ in range(height))
    return png_file(width, height, 8, 2, zlib.compress(rows, 1))


def gif(rng: random.Random) -> bytes:
    """128 colours; the code table is cleared before its codes outgrow eight bits, so that a code is a byte."""
    width, height = rng.randint(8, 200), rng.randint(8, 200)
    pixels = bytes(byte & 0x7F for byte in rng.randbytes(width * height))
    codes = b"".join(b"\x80" + pixels[at : at + 120] for at in range(0, len(pixels), 120)) + b"\x81"
    blocks = b"".join(bytes([len(part)]) + part for part in (codes[at : at + 255] for at in range(0, len(codes), 255)))
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0xE6, 0, 0) + rng.randbytes(128 * 3)
    return screen + b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x07" + blocks + b"\0;"


def jpeg(rng: random.Random) -> bytes:
    """Baseline grey JPEG whose blocks hold only their mean: a mosaic, decodable by any reader."""
    across, down = rng.randint(2, 40), rng.randint(2, 40)
    segments = [
        (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        (0xFE, rng.randbytes(rng.randint(16, 30_000)).hex().encode()),
        (0xDB, b"\0" + b"\x10" * 64),
        (0xC0, struct.pack(">BHHB", 8, down * 8, across * 8, 1) + b"\x01\x11\x00"),
        (0xC4, b"\x00" + bytes([0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) + bytes(range(9))),
        (0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0"),
        (0xDA, b"\x01\x01\x00\x00\x3f\x00"),
    ]
    head = b"".join(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in segments)
    return b"\xff\xd8" + head + _mosaic(rng, across * down) + b"\xff\xd9"


def _mosaic(rng: random.Random, blocks: int) -> bytes:
    """Scan data: per block the difference to the one before (five bits of size, its value), then "end of block"."""
    bits: list[str] = []
    mean = 0
    for _ in range(blocks):
        target = rng.randint(-60, 60)
        difference, mean = target - mean, target
        size = abs(difference).bit_length()
        value = difference if difference > 0 else difference + (1 << size) - 1
        bits.append(f"{size:05b}" + (f"{value:0{size}b}" if size else "") + "0")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")


def pdf_file(objects: list[bytes]) -> bytes:
    """Objects numbered from 1 (the catalogue), cross-reference table and trailer."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % table)


def pdf_page(rng: random.Random, catalog: bytes = b"", more: tuple[bytes, ...] = ()) -> bytes:
    """One page of text; `catalog` and `more` are what the hostile ones add."""
    lines = "".join(f"({line}) Tj T*\n" for line in sentences(rng, rng.randint(5, 400)))
    text = f"BT /F1 11 Tf 14 TL 40 800 Td\n{lines}ET".encode()
    stream = zlib.compress(text) if rng.random() < 0.5 else text
    coding = b"/Filter /FlateDecode " if stream is not text else b""
    return pdf_file(
        [
            b"<< /Type /Catalog /Pages 2 0 R %s>>" % catalog,
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>",
            b"<< %s/Length %d >>\nstream\n%s\nendstream" % (coding, len(stream), stream),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            *more,
        ]
    )


def txt(rng: random.Random) -> bytes:
    """Prose, in one of the encodings that customers' editors write."""
    text = "\n".join(sentences(rng, rng.randint(3, 300))) + "\nGrüße aus Köln\n"
    return text.encode(rng.choice(["utf-8", "utf-8-sig", "utf-16", "latin-1"]))
