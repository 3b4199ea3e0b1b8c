"""Small files that would fill a memory or a disk if they were believed."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

from tests.inspection.files import archive, chunk, jpeg, ooxml, pdf, png, relationships, segment

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
    packed = zlib.compress(bytes(64 * MIB), 9)
    part = b"9 0 obj\n<< /Type /ObjStm /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n"
    return pdf(part % (len(packed), packed))


def chunks() -> bytes:
    return png(extra=b"".join(chunk(b"teXt", b"") for _ in range(200_000)))


def kept_parts(count: int = 20, size: int = 8 * MIB) -> bytes:
    """Parts that a reader wants whole, each of a fair size: together they are more than it should hold."""
    return ooxml(
        "docx", {f"word/embeddings/{n}.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(size) for n in range(count)}
    )


def kept_parts_of_a_large_file() -> bytes:
    """With two megabytes that do not compress, the ratio lets it inflate to the whole limit."""
    import random

    more = {f"word/embeddings/{n}.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(8 * MIB) for n in range(22)}
    return ooxml("docx", {"word/media/image1.png": random.Random(1).randbytes(3 * MIB), **more})


def external_relationships(rows: int = 150_000) -> bytes:
    row = '<Relationship Id="r" Type="t" TargetMode="External" Target="http://a.example/%d"/>'
    return ooxml("docx", {"word/_rels/a.xml.rels": relationships("".join(row % n for n in range(rows)))})


def content_types(rows: int = 150_000) -> bytes:
    return ooxml("docx", types="".join(f'<Override PartName="/a{n}" ContentType="a/b{n}"/>' for n in range(rows)))


def many_relationships(parts: int = 10, rows: int = 200_000) -> bytes:
    row = '<Relationship Id="r" Type="t" Target="x"/>'
    return ooxml("docx", {f"word/_rels/{n}.xml.rels": relationships(row * rows) for n in range(parts)})


def deep_xml(levels: int = 500_000) -> bytes:
    return ooxml("docx", {"word/_rels/a.xml.rels": "<a>" * levels})


def long_attribute(size: int = 8 * MIB) -> bytes:
    return ooxml("docx", {"word/_rels/a.xml.rels": relationships(f'<Relationship Target="{"x" * size}"/>')})


def newlines(size: int = 10 * MIB) -> bytes:
    return b"\n" * (size - 1) + b"x"


def spaces_and_letters(size: int = 10 * MIB) -> bytes:
    """White space that is never long enough to be a run."""
    return (b"\n" * 60 + b"x") * (size // 61)


def pdf_streams(count: int = 150) -> bytes:
    packed = zlib.compress(bytes(8 * MIB), 9)
    part = b"%d 0 obj\n<< /Type /ObjStm /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n"
    return pdf(b"".join(part % (n, len(packed), packed) for n in range(9, 9 + count)))


def pdf_twice_packed() -> bytes:
    packed = zlib.compress(zlib.compress(bytes(256 * MIB), 9), 9)
    part = b"9 0 obj\n<< /Type /ObjStm /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream\nendobj\n"
    return pdf(part % packed)


def pdf_escapes() -> bytes:
    return pdf(b"9 0 obj\n<< " + b"/#4a#53 " * (MIB // 8 * 9) + b">>\nendobj\n")


@cache  # it takes longer to pack than to find
def zeros(size: int) -> bytes:
    """Packed, a piece at a time."""
    engine = zlib.compressobj(9)
    return b"".join(engine.compress(bytes(MIB)) for _ in range(size // MIB)) + engine.flush()


def metadata(kind: bytes, head: bytes, size: int = 256 * MIB) -> bytes:
    return png(extra=chunk(kind, head + zeros(size)))


def gif_frames(count: int = 50_000, width: int = 7_000) -> bytes:
    size = struct.pack("<2H", width, width)
    frame = b"\x21\xf9\x04\0\x01\0\0\0\x2c\0\0\0\0" + size + b"\0\x02\x02\x44\x01\0"
    return b"GIF89a" + size + b"\x80\0\0" + bytes(6) + frame * count + b";"


def png_frames(count: int = 3_000, width: int = 7_000) -> bytes:
    control = [chunk(b"fcTL", struct.pack(">5L2H2B", n, width, width, 0, 0, 1, 1, 0, 0)) for n in range(count)]
    return png(width, width, extra=chunk(b"acTL", struct.pack(">2L", count, 0)) + b"".join(control))


def jpeg_scans(count: int = 2_000, width: int = 7_000) -> bytes:
    return jpeg(width=width, height=width)[:-2] + segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) * count + b"\xff\xd9"


def pdf_stream(dictionary: bytes, content: bytes) -> bytes:
    return pdf(b"9 0 obj\n<< /Filter /FlateDecode %s >>\nstream\n%s\nendstream\nendobj\n" % (dictionary, content))


def pdf_page_as_a_picture() -> bytes:
    """What a page is drawn from, called a picture."""
    return pdf_stream(b"/Subtype /Image /Width 9 /Height 9", zeros(256 * MIB)).replace(
        b"/Parent 2 0 R", b"/Parent 2 0 R /Contents [9 0 R]"
    )


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
    "profile of a PNG": lambda: metadata(b"iCCP", b"x\0\0"),
    "text of a PNG": lambda: metadata(b"zTXt", b"x\0\0"),
    "international text of a PNG": lambda: metadata(b"iTXt", b"x\0\x01\0en\0x\0"),
    "frames of a GIF": gif_frames,
    "frames of a PNG": png_frames,
    "scans of a JPEG": jpeg_scans,
    "page of a PDF": lambda: pdf_stream(b"", zeros(256 * MIB)),
    "page of a PDF, packed twice": lambda: pdf_stream(b"/Filter [/Fl /Fl]", zlib.compress(zeros(256 * MIB), 9)),
    "page of a PDF, called a picture": pdf_page_as_a_picture,
    "file in a PDF": lambda: pdf_stream(b"/Type /EmbeddedFile", zeros(256 * MIB)),
    "picture in a PDF": lambda: pdf_stream(b"/Subtype /Image /Width 90000 /Height 90000 /BitsPerComponent 8", b""),
}
HEAVY: dict[str, Callable[[], bytes]] = {
    "PNG chunks": chunks,
    "parts kept whole": kept_parts,
    "parts of a large file": kept_parts_of_a_large_file,
    "relationships": many_relationships,
    "external relationships": external_relationships,
    "content types": content_types,
    "deep XML": deep_xml,
    "long attribute": long_attribute,
    "newlines": newlines,
    "short runs of newlines": spaces_and_letters,
    "PDF stream": pdf_objects,
    "PDF streams": pdf_streams,
    "PDF stream packed twice": pdf_twice_packed,
    "PDF names in escapes": pdf_escapes,
}
"""Not all of these are to be rejected; none may cost much."""
