"""Office files from nothing: OOXML packages, and the OLE compound file that a .doc is (and an encrypted .docx too)."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from consumer.inspection.readers.office.compound import NO_STREAM

SECTOR = 512
END_OF_CHAIN, FREE, FAT_SECTOR = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
SMALL_STREAM = 4096  # shorter streams would have to live in the mini stream, so ours are padded to this

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD_ML = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET_ML = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OOXML = "application/vnd.openxmlformats-officedocument"
DOCUMENT = f"{OOXML}.wordprocessingml.document.main+xml"
TEMPLATE = f"{OOXML}.wordprocessingml.template.main+xml"
MACRO_DOCUMENT = "application/vnd.ms-word.document.macroEnabled.main+xml"


def package(parts: Mapping[str, bytes | str]) -> bytes:
    """A zip of `parts` in their order, with fixed dates."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def content_types(overrides: Mapping[str, str]) -> str:
    defaults = (("rels", "application/vnd.openxmlformats-package.relationships+xml"), ("xml", "application/xml"))
    body = "".join(f'<Default Extension="{ext}" ContentType="{kind}"/>' for ext, kind in defaults)
    body += "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in overrides.items())
    return f'{XML}<Types xmlns="{TYPES}">{body}</Types>'


def relations(*targets: tuple[str, str, bool]) -> str:
    """(type, target, external) each; a bare type is one of the office ones."""
    body = "".join(
        f'<Relationship Id="rId{number}" Type="{kind if "://" in kind else f"{OFFICE}/{kind}"}" '
        f'Target="{escape(target)}"{" TargetMode=" + chr(34) + "External" + chr(34) if external else ""}/>'
        for number, (kind, target, external) in enumerate(targets, 1)
    )
    return f'{XML}<Relationships xmlns="{RELATIONS}">{body}</Relationships>'


def word(
    paragraphs: list[str],
    *,
    main_type: str = DOCUMENT,
    extra: Mapping[str, bytes | str] | None = None,
    extra_types: Mapping[str, str] | None = None,
    links: tuple[tuple[str, str, bool], ...] = (),
) -> bytes:
    """A .docx; the keyword arguments are what the hostile ones change."""
    text = "".join(f'<w:p><w:r><w:t xml:space="preserve">{escape(line)}</w:t></w:r></w:p>' for line in paragraphs)
    return package(
        {
            "[Content_Types].xml": content_types({"/word/document.xml": main_type, **(extra_types or {})}),
            "_rels/.rels": relations(("officeDocument", "word/document.xml", False)),
            "word/document.xml": f'{XML}<w:document xmlns:w="{WORD_ML}"><w:body>{text}</w:body></w:document>',
            "word/_rels/document.xml.rels": relations(*links),
            **(extra or {}),
        }
    )


def excel(rows: list[list[int]]) -> bytes:
    """An .xlsx with one sheet of numbers."""
    cells = "".join(
        f'<row r="{at}">' + "".join(f'<c r="{chr(65 + col)}{at}"><v>{value}</v></c>' for col, value in enumerate(row))
        + "</row>"
        for at, row in enumerate(rows, 1)
    )  # fmt: skip
    sheet = f'{XML}<worksheet xmlns="{SHEET_ML}"><sheetData>{cells}</sheetData></worksheet>'
    workbook = (
        f'{XML}<workbook xmlns="{SHEET_ML}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    types = {
        "/xl/workbook.xml": f"{OOXML}.spreadsheetml.sheet.main+xml",
        "/xl/worksheets/sheet1.xml": f"{OOXML}.spreadsheetml.worksheet+xml",
    }
    return package(
        {
            "[Content_Types].xml": content_types(types),
            "_rels/.rels": relations(("officeDocument", "xl/workbook.xml", False)),
            "xl/workbook.xml": workbook,
            "xl/_rels/workbook.xml.rels": relations(("worksheet", "worksheets/sheet1.xml", False)),
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def word_97(text: str) -> bytes:
    """A .doc: a Word 97 file information block, its text as one piece, and the table stream that says so."""
    content = text.encode("cp1252")
    start = 1024
    table = b"\x02" + struct.pack("<I", 16) + struct.pack("<II", 0, len(content))  # one piece: its characters,
    table += struct.pack("<HIH", 0, (start * 2) | 0x4000_0000, 0)  # and where they are, one byte each
    fib = bytearray(start)
    struct.pack_into("<HHHHH", fib, 0, 0xA5EC, 0x00C1, 0, 0x0409, 0)
    struct.pack_into("<H", fib, 10, 0x1200)  # not encrypted; the table stream is 1Table
    struct.pack_into("<II", fib, 24, start, start + len(content))
    struct.pack_into("<H", fib, 32, 14)  # counts of the three arrays that follow
    struct.pack_into("<H", fib, 62, 22)
    struct.pack_into("<I", fib, 64 + 3 * 4, len(content))  # ccpText
    struct.pack_into("<H", fib, 152, 93)
    struct.pack_into("<II", fib, 154 + 33 * 8, 0, len(table))  # fcClx, lcbClx
    return compound({"WordDocument": bytes(fib) + content, "1Table": table}, WORD_CLASS)


WORD_CLASS = bytes.fromhex("0609020000000000c000000000000046")


def encrypted(payload: bytes) -> bytes:
    """What a password makes of a .docx: a compound file that holds the package as ciphertext."""
    info = struct.pack("<HHI", 4, 4, 0x40) + (
        b'<?xml version="1.0"?><encryption xmlns="http://schemas.microsoft.com/office/2006/encryption">'
        b'<keyData saltSize="16" blockSize="16" keyBits="256" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC"/>'
        b"</encryption>"
    )
    return compound({"EncryptionInfo": info, "EncryptedPackage": struct.pack("<Q", len(payload)) + payload}, bytes(16))


def compound(streams: Mapping[str, bytes], root_class: bytes) -> bytes:
    """An OLE compound file, version 3: header, table of sectors, streams, directory."""
    bodies = {name: _to_sectors(body.ljust(SMALL_STREAM, b"\0")) for name, body in streams.items()}
    directory_sectors = -(-(len(streams) + 1) * 128 // SECTOR)
    used = sum(len(body) // SECTOR for body in bodies.values()) + directory_sectors
    table_sectors = 1
    while table_sectors * (SECTOR // 4) < used + table_sectors:
        table_sectors += 1
    assert table_sectors <= 109, "longer files need a table of tables"

    table = [FAT_SECTOR] * table_sectors
    starts = {}
    for name, body in bodies.items():
        starts[name] = len(table)
        table += _chain(len(table), len(body) // SECTOR)
    directory_start = len(table)
    table += _chain(directory_start, directory_sectors)
    table += [FREE] * (table_sectors * (SECTOR // 4) - len(table))

    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack(
        "<IIIIIIIII", 0, table_sectors, directory_start, 0, SMALL_STREAM, END_OF_CHAIN, 0, END_OF_CHAIN, 0
    )
    header += struct.pack("<109I", *range(table_sectors), *[FREE] * (109 - table_sectors))
    directory = _directory({name: (starts[name], len(body)) for name, body in bodies.items()}, root_class)
    return header + struct.pack(f"<{len(table)}I", *table) + b"".join(bodies.values()) + directory


def _to_sectors(body: bytes) -> bytes:
    return body + bytes(-len(body) % SECTOR)


def _chain(start: int, sectors: int) -> list[int]:
    return [*range(start + 1, start + sectors), END_OF_CHAIN]


def _directory(streams: Mapping[str, tuple[int, int]], root_class: bytes) -> bytes:
    """Root entry, then the streams, each the right neighbour of the one before, in the order that readers search by."""
    ordered = sorted(streams, key=lambda name: (len(name), name.upper()))
    entries = [_entry("Root Entry", 5, NO_STREAM, 1, root_class, END_OF_CHAIN, 0)]
    for number, name in enumerate(ordered, 1):
        following = number + 1 if number < len(ordered) else NO_STREAM
        entries.append(_entry(name, 2, following, NO_STREAM, bytes(16), *streams[name]))
    empty = _entry("", 0, NO_STREAM, NO_STREAM, bytes(16), 0, 0)
    return b"".join(entries + [empty] * (-len(entries) % 4))


def _entry(name: str, kind: int, right: int, child: int, clsid: bytes, start: int, size: int) -> bytes:
    encoded = (name + "\0").encode("utf-16-le") if name else b""
    head = encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded), kind, 1, NO_STREAM, right, child)
    return head + clsid + bytes(20) + struct.pack("<IQ", start, size)
