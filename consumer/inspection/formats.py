"""Other formats by their signatures: at one place, or anywhere in the bytes where chance can't put them."""

from __future__ import annotations

import re
import struct
import zlib

from consumer.inspection import zip_reader
from consumer.inspection.seen import Unreadable

PADDING = b"\0\xff \t\r\n\x1a\x0c"

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x1f\x8b\x08", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\0", "xz data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"\x04\x22\x4d\x18", "LZ4 data"),
    (b"MSCF\0\0\0\0", "a cabinet"),
    (b"ISc(", "an InstallShield cabinet"),
    (b"\x7fELF", "an ELF program"),
    (b"\xca\xfe\xba\xbe", "a Java class or Mach-O program"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O program"),
    (b"\xce\xfa\xed\xfe", "a Mach-O program"),
    (b"\0asm", "a WebAssembly module"),
    (b"dex\n03", "an Android program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an OLE document"),
    (b"%PDF-", "a PDF"),
    (b"%!PS", "PostScript"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG\r\n\x1a\n", "a PNG"),
    (b"GIF87a", "a GIF"),
    (b"GIF89a", "a GIF"),
    (b"FWS", "Flash"),
    (b"CWS", "Flash"),
    (b"ZWS", "Flash"),
    (b"xar!", "a XAR archive"),
    (b"!<arch>\n", "an ar archive"),
    (b"070701", "a cpio archive"),
    (b"070707", "a cpio archive"),
    (b"\xed\xab\xee\xdb", "an RPM package"),
    (b"ITSF", "compiled help"),
    (b"L\0\0\0\x01\x14\x02\0", "a shortcut"),
    (b"SQLite format 3\0", "a database"),
    (b"OggS", "Ogg media"),
    (b"fLaC", "FLAC audio"),
    (b"ID3\x03", "MP3 audio"),
    (b"ID3\x04", "MP3 audio"),
    (b"\x1aE\xdf\xa3", "Matroska media"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"8BPS\0\x01", "a Photoshop file"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"\0\0\x01\0\x01\0", "an icon"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"qoif", "a QOI picture"),
    (b"FLV\x01", "Flash video"),
    (b"BPG\xfb", "a BPG picture"),
    (b"#!/", "a script"),
    (b"**ACE**", "an ACE archive"),
    (b"\xd4\xc3\xb2\xa1", "captured network traffic"),
    (b"\xa1\xb2\xc3\xd4", "captured network traffic"),
    (b"\x0a\x0d\x0d\x0a", "captured network traffic"),
    (b"IWAD", "a game's data"),
    (b"PWAD", "a game's data"),
    (b"NES\x1a", "a game's data"),
    (b"ILDA\0\0\0", "a laser show"),
    (b"\x89HDF\r\n", "scientific data"),
    (b"SIMPLE  = ", "scientific data"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000"),
)
_SIGNATURES = tuple(signature for signature, _ in _STARTS)

_MARKUP_WORDS = (b"<?php", b"<script", b"<html", b"<!doctype html", b"<svg", b"<iframe")
_MARKUP = re.compile(
    rb"(?:<\?xml[^>]{0,200}>\s*)?(?:<\?php|<(?:script|html|svg|iframe)[\s>]|<!doctype\s+(?:html|svg))", re.I
)
_CODE = re.compile(
    rb"^\s*(?:\*/)?\s*[=;,)]+\s*[\w$.]+\s*[(=]|\b(?:eval|alert|require|import|document\.\w+|WScript\.\w+)\s*\("
)
_PDF_OBJECT = re.compile(rb"\b\d{1,10}\s+\d{1,5}\s+obj\b")
_ELF = re.compile(rb"\x7fELF[\x01\x02][\x01\x02]\x01[\x00-\x12]")
_LHA = re.compile(rb"-l[hz][0-7sd]-")
_ARJ = b"\x60\xea"
_DOS_STUB = re.compile(rb"This program (?:cannot|must|can't) be run (?:in|under)", re.I)


def format_at(data: bytes) -> str | None:
    """What begins with the first byte of `data`, in words; None if it is nothing that is known."""
    if data.startswith(_SIGNATURES):
        return next(name for signature, name in _STARTS if data.startswith(signature))
    if data[:2] == b"MZ" and len(data) > 64:
        return "a Windows or DOS program"
    if b"ftyp" in (data[4:8], data[1:5]) or (data[:4] == b"RIFF" and len(data) > 12):
        return "media"
    if data[257:262] == b"ustar" or _is_tar(data[:512]):
        return "a tar archive"
    if data[128:132] == b"DICM":
        return "a DICOM picture"
    if data[2:3] == b"-" and _LHA.match(data, 2):
        return "an LHA archive"
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0" and 14 < int.from_bytes(data[10:14], "little") < 4096:
        return "a BMP picture"
    if data[:2] == _ARJ and _arj_header(data, 0):
        return "an ARJ archive"
    if _MARKUP.match(data.lstrip()[:300]):
        return "markup or a script"
    return None


def formats_in(data: bytes, start: int = 0) -> list[tuple[int, str]]:
    """Formats that begin anywhere from `start` on, with their places: only what chance can't put there."""
    found: list[tuple[int, str]] = []
    for signature, name in ((b"Rar!\x1a\x07\x00", "a RAR archive"), (b"Rar!\x1a\x07\x01\x00", "a RAR archive")):
        if (at := data.find(signature, start)) >= 0:
            found.append((at, name))
    at = start - 1
    while (at := data.find(b"7z\xbc\xaf\x27\x1c", at + 1)) >= 0:
        if len(data) >= at + 32 and zlib.crc32(data[at + 12 : at + 32]) == int.from_bytes(
            data[at + 8 : at + 12], "little"
        ):
            found.append((at, "a 7-Zip archive"))
            break
    if (archive := zip_at(data)) is not None and archive >= start:
        found.append((archive, "a ZIP archive"))
    for pattern, name in ((_ELF, "an ELF program"), (_DOS_STUB, "a Windows program")):
        if match := pattern.search(data, start):
            found.append((match.start(), name))
    if (arj := _find_arj(data, start)) is not None:
        found.append((arj, "an ARJ archive"))
    if (at := data.find(b"**ACE**", start)) >= 0:
        found.append((at, "an ACE archive"))
    if (at := data.find(b"MSCF\0\0\0\0", start)) >= 0 and data[at + 12 : at + 16] == b"\0\0\0\0":
        found.append((at, "a cabinet"))
    return found


def formats_at_fixed_places(data: bytes) -> list[str]:
    """Formats whose signature has its place far into the file, so that any other may stand before it."""
    found = []
    if data[257:262] == b"ustar" or _is_tar(data[:512]):
        found.append("a tar archive")
    if data[128:132] == b"DICM":
        found.append("a DICOM picture")
    if any(data[at : at + 5] in (b"CD001", b"NSR02", b"NSR03", b"BEA01") for at in (0x8001, 0x8801, 0x9001, 0x9801)):
        found.append("a disc image")
    if data[510:512] == b"\x55\xaa" and data[3:11] in (b"MSDOS5.0", b"MSWIN4.1", b"NTFS    ", b"mkfs.fat"):
        found.append("a disk image")
    return found


def zip_at(data: bytes) -> int | None:
    """Where an archive begins that a reader would open, as readers look from the end; None if there is none."""
    end = zip_reader.find_end(data)
    if end is None:
        return None
    try:
        archive = zip_reader.read_archive(data, 0xFFFF)
    except Unreadable:
        return end if data.find(zip_reader.CENTRAL, max(0, end - (1 << 20)), end) >= 0 else None
    return min((entry.start for entry in archive.entries), default=None)


def pdf_in(data: bytes, start: int = 0) -> int | None:
    """Where a PDF begins: the header alone is a word, with an object behind it it is a document."""
    at = start - 1
    while (at := data.find(b"%PDF-", at + 1)) >= 0:
        if _PDF_OBJECT.search(data, at, at + 4096):
            return at
    return None


def markup_in(data: bytes, start: int = 0, end: int | None = None) -> int | None:
    """Where a browser or a web server would begin to run something."""
    low = data[start:end].lower()
    for word in _MARKUP_WORDS:
        at = -1
        while (at := low.find(word, at + 1)) >= 0:
            if _MARKUP.match(low, at):
                return start + at
    return None


def looks_like_code(data: bytes) -> bool:
    """Whether bytes behind a picture read as the rest of a script that the picture's header begins."""
    return _CODE.search(data[:4096]) is not None


def executable(data: bytes | bytearray) -> bool:
    """Whether `data` begins as a program for Windows, Linux or macOS."""
    if data[:2] == b"MZ" and len(data) >= 64:
        header = struct.unpack_from("<L", data, 60)[0]
        return bytes(data[header : header + 4]) == b"PE\0\0" or _DOS_STUB.search(data[:1024]) is not None
    return bytes(data[:4]) in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe") or _ELF.match(data) is not None


def _is_tar(block: bytes) -> bool:
    """By the header's checksum: old archives have no signature."""
    if len(block) < 512 or not block[:1].strip(b"\0"):
        return False
    stored = block[148:156].strip(b"\0 ")
    if not stored or not all(48 <= c <= 55 for c in stored):
        return False
    return int(stored, 8) == sum(block) - sum(block[148:156]) + 8 * 32


def _find_arj(data: bytes, start: int) -> int | None:
    at = start - 1
    while (at := data.find(_ARJ, at + 1)) >= 0:
        if _arj_header(data, at):
            return at
    return None


def _arj_header(data: bytes, at: int) -> bool:
    size = int.from_bytes(data[at + 2 : at + 4], "little")
    if not 30 <= size <= 2600 or len(data) < at + 8 + size:
        return False
    return zlib.crc32(data[at + 4 : at + 4 + size]) == int.from_bytes(data[at + 4 + size : at + 8 + size], "little")
