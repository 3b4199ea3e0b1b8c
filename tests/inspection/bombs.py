"""Small files that would fill a memory or a disk if they were believed."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable

from tests.inspection.files import archive, chunk, ooxml, png

MIB = 1024 * 1024


def flat(size: int = 300 * MIB) -> bytes:
    """A document with one part of zeros."""
    import io

    out = io.BytesIO(ooxml("docx"))
    with (
        zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as made,
        made.open("word/media/image1.bin", "w") as part,
    ):
        for _ in range(size // MIB):
            part.write(bytes(MIB))
    return out.getvalue()


def nested(levels: int = 6, width: int = 4) -> bytes:
    inner = archive({"0": bytes(8 * MIB)})
    for _ in range(levels):
        inner = archive({f"{n}.zip": inner for n in range(width)})
    return ooxml("docx", {"word/embeddings/a.zip": inner})


def overlapping(entries: int = 500, size: int = 4 * MIB) -> bytes:
    """Many entries of the directory that all stand for the same compressed bytes."""
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = engine.compress(bytes(size)) + engine.flush()
    crc = zlib.crc32(bytes(size))
    name = b"[Content_Types].xml"
    fields = struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, 33, crc, len(kernel), size, len(name), 0)
    local = b"PK\x03\x04" + fields + name + kernel
    central = b""
    for n in range(entries):
        other = name if n == 0 else f"word/{n}.xml".encode()
        row = struct.pack(
            "<HHHHHHLLLHHHHHLL", 20, 20, 0, 8, 0, 33, crc, len(kernel), size, len(other), 0, 0, 0, 0, 0, 0
        )
        central += b"PK\x01\x02" + row + other
    end = struct.pack("<4H2LH", 0, 0, entries, entries, len(central), len(local), 0)
    return local + central + b"PK\x05\x06" + end


def entities() -> bytes:
    lines = ['<!ENTITY e0 "ha">'] + [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12)]
    laughs = f'<?xml version="1.0"?>{" " * 5000}<!DOCTYPE d [{"".join(lines)}]><document>&e11;</document>'
    return ooxml("docx", {"word/styles.xml": laughs})


def entities_in_utf16() -> bytes:
    laughs = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE d [<!ENTITY e "ha">]><document>&e;</document>'
    return ooxml("docx", {"word/styles.xml": laughs.encode("utf-16")})


def entities_in_the_listing() -> bytes:
    listing = '<?xml version="1.0"?><!DOCTYPE T [<!ENTITY e "ha">]><Types>&e;</Types>'
    return archive({"[Content_Types].xml": listing, "word/document.xml": "<document/>"})


def pixels() -> bytes:
    return png(50_000, 50_000, pixels=zlib.compress(bytes(MIB)))


def nearly_only_pixels() -> bytes:
    return png(10_000, 10_000, pixels=zlib.compress(bytes(MIB)))


def many_entries() -> bytes:
    return ooxml("xlsx", {f"xl/worksheets/sheet{n}.xml": "<a/>" for n in range(2_500)})


def lying_size() -> bytes:
    """The directory says ten bytes, and there are many more."""
    data = bytearray(archive({"a.txt": b"0123456789" * 1000}))
    true = struct.pack("<L", 10_000)
    return bytes(data).replace(true, struct.pack("<L", 10))


def pdf_objects() -> bytes:
    from tests.inspection.files import pdf

    packed = zlib.compress(bytes(64 * MIB), 9)
    part = b"9 0 obj\n<< /Type /ObjStm /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n"
    return pdf(part % (len(packed), packed))


def chunks() -> bytes:
    return png(extra=b"".join(chunk(b"teXt", b"") for _ in range(200_000)))


BOMBS: dict[str, Callable[[], bytes]] = {
    "flat": flat,
    "nested": nested,
    "overlapping": overlapping,
    "entities": entities,
    "entities in UTF-16": entities_in_utf16,
    "entities in the listing": entities_in_the_listing,
    "pixels": pixels,
    "nearly only pixels": nearly_only_pixels,
    "many entries": many_entries,
}
