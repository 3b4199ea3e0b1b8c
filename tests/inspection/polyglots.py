"""Files that are two things at once, made by joining formats. What stands first and what hides is in each name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zlib
from collections.abc import Iterator

from tests.inspection.files import archive, chunk, doc, gif, jpeg, ooxml, pdf, png, program, segment

ZIP = archive({"hello.txt": b"hello " * 20, "run.js": b"alert(1)"})
RAR = b"Rar!\x1a\x07\x00" + b"\xcf\x90\x73\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00" + bytes(40)
RAR5 = b"Rar!\x1a\x07\x01\x00" + b"\x33\x92\xb5\xe5\x0a\x01\x05\x06\x00\x05\x01\x01\x80\x80\x00" + bytes(40)
ELF = b"\x7fELF\x02\x01\x01\x00" + bytes(8) + struct.pack("<HHL", 2, 62, 1) + bytes(100)
HTML = b"<html><body><script>alert(document.cookie)</script></body></html>"
PHP = b"<?php system($_GET['c']); ?>"
JAVA = b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(100)


def seven_zip() -> bytes:
    start = struct.pack("<QQL", 0, 0, 0)
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<L", zlib.crc32(start)) + start


def arj() -> bytes:
    header = bytes([30, 6, 1, 2, 0, 0, 2, 0]) + bytes(22) + b"a.arj\0\0"
    return b"\x60\xea" + struct.pack("<H", len(header)) + header + struct.pack("<L", zlib.crc32(header)) + bytes(4)


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        entry = tarfile.TarInfo("hello.txt")
        entry.size = 5
        made.addfile(entry, io.BytesIO(b"hello"))
    return out.getvalue()


def second_files() -> dict[str, bytes]:
    return {
        "zip": ZIP,
        "jar": archive({"META-INF/MANIFEST.MF": b"Main-Class: Evil\n", "Evil.class": JAVA}),
        "docx": ooxml("docx"),
        "rar": RAR,
        "rar5": RAR5,
        "7z": seven_zip(),
        "arj": arj(),
        "tar": tar(),
        "gzip": gzip.compress(b"hello", mtime=0),
        "bzip2": bz2.compress(b"hello"),
        "xz": lzma.compress(b"hello"),
        "cab": b"MSCF" + bytes(4) + struct.pack("<L", 100) + bytes(90),
        "elf": ELF,
        "exe": program(),
        "class": JAVA,
        "ole": doc(),
        "html": HTML,
        "php": PHP,
        "rtf": b"{\\rtf1\\ansi hello}",
        "flash": b"FWS\x0a" + bytes(60),
        "shell": b"#!/bin/sh\nrm -rf ~\n",
    }


def appended() -> Iterator[tuple[str, bytes]]:
    """A second file behind a whole one: the oldest trick."""
    for first, data in {"png": png(), "jpg": jpeg(), "gif": gif(), "pdf": pdf()}.items():
        for second, payload in second_files().items():
            yield f"{first}+{second}", data + payload
            yield f"{first}+padding+{second}", data + bytes(64) + payload
    for first, data in {"png": png(), "jpg": jpeg(), "gif": gif()}.items():
        yield f"{first}+pdf", data + pdf()
    for second in ("zip", "rar", "7z", "elf", "exe", "html", "ole"):
        yield f"docx+{second}", ooxml("docx") + second_files()[second]
        yield f"doc+{second}", doc() + second_files()[second]


def hidden() -> Iterator[tuple[str, bytes]]:
    """A second file in a comment, in metadata or in a block that no viewer shows."""
    for second in ("zip", "jar", "rar", "rar5", "7z", "arj", "elf", "exe", "html", "php"):
        payload = second_files()[second]
        yield f"png[{second}]", png(extra=chunk(b"cOMm", payload))
        yield f"jpg[{second}]", jpeg(segment(0xFE, payload[:60_000]))
        yield f"gif[{second}]", gif(payload[:250])
        yield (
            f"pdf[{second}]",
            pdf(b"9 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(payload), payload)),
        )
    yield "png[pdf]", png(extra=chunk(b"cOMm", pdf()))
    yield "jpg[pdf]", jpeg(segment(0xFE, pdf()))
    yield "gif[pdf]", gif(pdf()[:250])


def placed() -> Iterator[tuple[str, bytes]]:
    """A second format whose signature stands at a fixed place, far into the file."""
    dicom = bytearray(png(extra=chunk(b"cOMm", bytes(200))))
    dicom[128:132] = b"DICM"
    yield "png+dicom", bytes(dicom)
    disc = jpeg(segment(0xFE, bytes(60_000))) + bytes(40_000)
    yield "jpg+iso", disc[:0x8001] + b"CD001" + disc[0x8006:]
    tape = bytearray(gif(bytes(600)))
    tape[257:262] = b"ustar"
    yield "gif+tar", bytes(tape)
    paper = bytearray(pdf(b"%" + bytes(40_000) + b"\n"))
    paper[0x8001:0x8006] = b"CD001"
    yield "pdf+iso", bytes(paper)


def scripts() -> Iterator[tuple[str, bytes]]:
    """Pictures that a browser runs when a page names them as its script, and documents that begin as one."""
    yield "gif+js header", b"GIF89a=1;alert(1)//"
    yield "gif+js behind", gif(width=0x2A2F) + b"*/=1;alert(1)"
    yield "gif+js comment", gif(b"*/=1;alert(document.domain)/*", width=0x2A2F)
    yield "jpg+js", b"\xff\xd8\xff\xe0/*" + jpeg()[6:20].ljust(0x2F2A - 2, b"\0") + jpeg()[20:] + b"*/=alert(1)/*"
    yield "html+pdf", HTML + b"\n" + pdf()
    yield "sh+pdf", b"#!/bin/sh\nexit\n" + pdf()
    yield "exe+pdf", program() + pdf()
    yield "js+pdf", b"/*" + pdf()[:30] + b"*/eval(atob('YWxlcnQoMSk='));/*\n" + pdf() + b"*/"
    yield "pdf without objects", b"%PDF-1.4\n<script>alert(1)</script>"
    yield "zip+docx", ZIP + ooxml("docx")
    yield "exe+docx", program() + ooxml("docx")


def polyglots() -> dict[str, bytes]:
    return dict([*appended(), *hidden(), *placed(), *scripts()])
