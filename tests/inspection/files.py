"""Small real files of each kind, made here, for tests to join, bend and break."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from consumer.download.body import Body
from consumer.model import Attachment

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TYPES_BY_EXTENSION = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "doc": "application/msword",
    "docx": WORD,
    "xlsx": SHEET,
}


class MemoryBody:
    """A body as the service hands it to the workers: a size, a hash, and a descriptor of a sealed file."""

    def __init__(self, data: bytes) -> None:
        self._body = Body.of(data)
        self.size, self.sha256 = self._body.size, self._body.sha256
        self.has_waited, self.kept = False, True

    def fileno(self) -> int:
        return self._body.fileno()

    def takes_long(self) -> None:
        self.kept = False
        self._body.takes_long()

    def waits(self) -> None:
        self.has_waited = True

    def __enter__(self) -> MemoryBody:
        return self

    def __exit__(self, *exc: object) -> None:
        self._body.close()


def attachment(name: str | None = "file.txt", declared_type: str | None = None, **more: object) -> Attachment:
    return Attachment("conversation", "message", "a1", "id:a1", name=name, declared_type=declared_type, **more)  # type: ignore[arg-type] # any field of it


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def png(width: int = 8, height: int = 8, extra: bytes = b"", pixels: bytes | None = None) -> bytes:
    header = struct.pack(">2L5B", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x7f" * width) * height) if pixels is None else pixels
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def segment(kind: int, content: bytes) -> bytes:
    return bytes([0xFF, kind]) + struct.pack(">H", len(content) + 2) + content


def jpeg(extra: bytes = b"", width: int = 16, height: int = 16) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + bytes([1, 0x11, 0])
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        + extra
        + segment(0xDB, bytes(65))
        + segment(0xC0, frame)
        + segment(0xC4, b"\0\1" + bytes(16) + b"\x10\1" + bytes(16))
        + segment(0xDA, bytes([1, 1, 0, 0, 63, 0]))
        + b"\x12\x34\xff\x00\x56"
        + b"\xff\xd9"
    )


def gif(comment: bytes = b"", width: int = 1, height: int = 1) -> bytes:
    blocks = b"".join(bytes([len(comment[i : i + 255])]) + comment[i : i + 255] for i in range(0, len(comment), 255))
    remark = b"\x21\xfe" + blocks + b"\0" if comment else b""
    size = struct.pack("<2H", width, height)
    return (
        b"GIF89a"
        + size
        + b"\x80\0\0"
        + b"\0\0\0\xff\xff\xff"
        + remark
        + b"\x2c\0\0\0\0"
        + size
        + b"\0"
        + b"\x02\x02\x44\x01\0"
        + b"\x3b"
    )


def pdf(body: bytes = b"", catalog: bytes = b"", trailer: bytes = b"") -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R " + catalog + b">>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
        b"3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>\nendobj\n"
        + body
        + b"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 4 /Root 1 0 R "
        + trailer
        + b">>\nstartxref\n9\n%%EOF\n"
    )


def archive(entries: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in entries.items():
            made.writestr(zipfile.ZipInfo(name), content, method)  # of a fixed time: the same bytes every time
    return out.getvalue()


MAIN_TYPES = {
    "docx": ("word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"),
    "dotx": ("word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"),
    "docm": ("word/document.xml", "application/vnd.ms-word.document.macroEnabled.main+xml"),
    "dotm": ("word/document.xml", "application/vnd.ms-word.template.macroEnabledTemplate.main+xml"),
    "xlsx": ("xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"),
    "xltx": ("xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml"),
    "xlsm": ("xl/workbook.xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
    "xltm": ("xl/workbook.xml", "application/vnd.ms-excel.template.macroEnabled.main+xml"),
    "xlam": ("xl/workbook.xml", "application/vnd.ms-excel.addin.macroEnabled.main+xml"),
    "xlsb": ("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroEnabled.main"),
    "pptx": (
        "ppt/presentation.xml",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    ),
    "potx": ("ppt/presentation.xml", "application/vnd.openxmlformats-officedocument.presentationml.template.main+xml"),
    "pptm": ("ppt/presentation.xml", "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"),
    "potm": ("ppt/presentation.xml", "application/vnd.ms-powerpoint.template.macroEnabled.main+xml"),
    "ppsm": ("ppt/presentation.xml", "application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml"),
    "ppam": ("ppt/presentation.xml", "application/vnd.ms-powerpoint.addin.macroEnabled.main+xml"),
}
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def relationships(*rows: str) -> str:
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{"".join(rows)}</Relationships>'


def ooxml(
    kind: str = "docx",
    more: Mapping[str, bytes | str] | None = None,
    types: str = "",
    method: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A document of the given kind, with further parts and further content types."""
    part, main = MAIN_TYPES[kind]
    listing = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{part}" ContentType="{main}"/>{types}</Types>'
    )
    root = relationships(f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="{part}"/>')
    parts = {"[Content_Types].xml": listing, "_rels/.rels": root, part: "<document/>", **(more or {})}
    return archive(parts, method)


def compound(streams: Mapping[str, bytes], storages: Mapping[str, Mapping[str, bytes]] | None = None) -> bytes:
    """An OLE file with streams at its root and in storages; every stream is padded to 4 KiB, so none is a mini one."""
    rows: list[list[object]] = [["Root Entry", 5, -1, -1, b""]]
    rows += [[name, 2, -1, -1, content] for name, content in streams.items()]
    inner_names: list[tuple[int, Mapping[str, bytes]]] = []
    for name, inner in (storages or {}).items():
        inner_names.append((len(rows), inner))
        rows.append([name, 1, -1, -1, b""])
    _chain(rows, 0, range(1, len(rows)))
    for place, inner in inner_names:
        first = len(rows)
        rows += [[name, 2, -1, -1, content] for name, content in inner.items()]
        _chain(rows, place, range(first, len(rows)))
    sectors: list[bytes] = []
    fat: list[int] = []
    nodes = b""
    for label, kind, child, following, content in rows:
        assert isinstance(content, bytes) and isinstance(label, str)
        padded = content.ljust(max(4096, -(-len(content) // 512) * 512), b"\0") if kind == 2 else b""
        start = _place(padded, sectors, fat)
        nodes += _node(label, kind, child, following, start, len(padded))  # type: ignore[arg-type] # rows hold them so
    directory = _place(nodes.ljust(-(-len(nodes) // 512) * 512, b"\0"), sectors, fat)
    return _joined(sectors, fat, directory)


def _chain(rows: list[list[object]], parent: int, children: range) -> None:
    rows[parent][2] = children[0] if children else -1
    for child in children[:-1]:
        rows[child][3] = child + 1


def _place(content: bytes, sectors: list[bytes], fat: list[int]) -> int:
    pieces = [content[i : i + 512] for i in range(0, len(content), 512)]
    if not pieces:
        return 0xFFFFFFFE
    start = len(sectors)
    fat += [start + i + 1 for i in range(len(pieces) - 1)] + [0xFFFFFFFE]
    sectors += pieces
    return start


def _joined(sectors: list[bytes], fat: list[int], directory: int) -> bytes:
    count = 1
    while len(fat) + count > 128 * count:
        count += 1
    places = range(len(sectors), len(sectors) + count)
    words = [*fat, *([0xFFFFFFFD] * count)]
    table = struct.pack(f"<{len(words)}L", *words).ljust(512 * count, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<9L", 0, count, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack(f"<{count}L", *places)
    return header.ljust(512, b"\xff") + b"".join(sectors) + table


def _node(name: str, kind: int, child: int, following: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    row = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
    row += struct.pack("<3l", -1, following, child) + bytes(36) + struct.pack("<2L", start, size) + bytes(4)
    assert len(row) == 128
    return row


def doc(flags: int = 0, storages: Mapping[str, Mapping[str, bytes]] | None = None, **streams: bytes) -> bytes:
    head = b"\xec\xa5\xc1\0" + bytes(6) + struct.pack("<H", flags) + b"A Word document, in short."
    return compound({"WordDocument": head.ljust(4096, b"\0"), "1Table": b"", **streams}, storages)


def program() -> bytes:
    """The beginning of a Windows program, as far as anybody looks."""
    stub = b"MZ" + bytes(58) + struct.pack("<L", 128) + b"This program cannot be run in DOS mode."
    return stub.ljust(128, b"\0") + b"PE\0\0" + b"\x4c\x01" * 32


BENIGN: dict[str, bytes] = {
    "png": png(),
    "jpg": jpeg(),
    "gif": gif(),
    "pdf": pdf(),
    "txt": b"Dear Sir or Madam,\nplease find my claim below.\n",
    "doc": doc(),
    "docx": ooxml("docx"),
    "xlsx": ooxml("xlsx"),
}
