"""What is really in a file that was rejected, read in another way than the service reads it.

A rejection that has a witness is what the policy asks for, whatever a label says; one without may be our mistake. No
name and no hash counts, only what stands in the bytes: code and not the place for code, a target and not its type.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator

from consumer.model import Reason

MOST = 32 * 1024 * 1024  # bytes that are read of an archive's parts
MOST_SOURCE = 256 * 1024
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SEES_NOTHING = ("application/octet-stream", "text/plain", "application/zip", "application/x-ole-storage")

_LOADED = re.compile(
    rb"<[\w:]*Relationship\b(?=[^>]*TargetMode=.External)"
    rb"(?=[^>]*/(?:attachedTemplate|oleObject|frame|aFChunk|control|subDocument|image)\b)"
    rb"(?=[^>]*\bTarget=.(?!file:/{0,4}[A-Za-z]:)[^>\"']*(?:/|\\|%5C){2})",
    re.I,
)
_TAG = re.compile(rb"<[^>]*>")
_DDE_LINK = re.compile(rb"<(?:\w+:)?ddeLink\b[^>]*\bddeService=")
_DDE_FIELD = re.compile(rb"\bDDE(?:AUTO)?\s+\S")
_PROGRAM = re.compile(
    rb"MZ.{0,1000}?(?:This program (?:cannot|must) be run|PE\0\0)|\x7fELF[\x01\x02][\x01\x02]\x01"
    rb"|L\0\0\0\x01\x14\x02\0{5}\xc0\0{6}F",
    re.S,
)
_SOURCE = re.compile(rb"\x01..\0Attribut", re.S)  # the beginning of every module's source, packed
_COMPILED = re.compile(rb"\xfe\xca\x01\0(..)", re.S)  # the table of compiled lines, and how many it has
_ENCRYPTION = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")


def witness(data: bytes, reason: Reason, detected: str | None, expected: str, libmagic: str) -> str | None:
    """In words; None where nothing was seen that explains it."""
    if reason in (Reason.CONTENT_NOT_ALLOWED, Reason.TYPE_MISMATCH):
        agree = libmagic == detected != expected and libmagic not in SEES_NOTHING
        return f"libmagic too sees {libmagic}" if agree else None
    seen = SEEN.get(reason)
    return seen(data) if seen else None


def _encrypted(data: bytes) -> str | None:
    if data.startswith(OLE):
        if all(name.encode("utf-16-le") in data for name in ("EncryptedPackage", "EncryptionInfo")):
            return "streams EncryptedPackage and EncryptionInfo"
        starts = (at for at in range(512, len(data) - 12, 512) if data[at : at + 2] == b"\xec\xa5")
        return "Word's own flag of encryption is set" if any(data[at + 11] & 1 for at in starts) else None
    return "its trailer names an encryption" if _ENCRYPTION.search(data) else None


def _broken(data: bytes) -> str | None:
    if data.startswith(b"%PDF-"):
        named = re.search(rb"/Root\s+\d+\s+\d+\s+R", data)
        return None if named else "a PDF that names no first object: its end is missing"
    return None


def _macros(data: bytes) -> str | None:
    if data.startswith(OLE):
        return _code(data)
    for name, content in _parts(data):
        if content.startswith(OLE) and (seen := _code(content)):
            return seen
        if name == "[Content_Types].xml" and b"macroenabled" in content.lower():
            return "a content type that enables macros"
    return None


def _code(data: bytes) -> str | None:
    for match in _SOURCE.finditer(data):
        lines = _unpacked(data[match.start() :]).splitlines()
        if code := next((line for line in lines if line.strip(b" \0") and not line.startswith(b"Attribute ")), None):
            return f"a line of VBA, {code[:40].decode('ascii', 'replace')!r}"
    for match in _COMPILED.finditer(data):
        begin, count = match.end(), int.from_bytes(match[1], "little")
        if any(data[at + 4 : at + 6].strip(b"\0") for at in range(begin, begin + 12 * count, 12)):
            return "a compiled line of VBA"
    return None


def _unpacked(container: bytes) -> bytes:
    """As MS-OVBA describes it, token by token."""
    out, at = bytearray(), 1
    while len(out) < MOST_SOURCE and (header := int.from_bytes(container[at : at + 2], "little")) >> 12 == 0xB:
        chunk, begin = container[at + 2 : at + 3 + (header & 0xFFF)], len(out)
        at += 3 + (header & 0xFFF)
        place = 0
        while place < len(chunk):
            flags, place = chunk[place], place + 1
            for bit in range(8):
                if place < len(chunk) and not flags & 1 << bit:
                    out.append(chunk[place])
                    place += 1
                elif place < len(chunk):
                    token = int.from_bytes(chunk[place : place + 2], "little")
                    width = next(n for n in range(4, 13) if 1 << n >= len(out) - begin or n == 12)
                    for _ in range((token & (1 << 16 - width) - 1) + 3):
                        out += out[-(token >> 16 - width) - 1 :][:1]
                    place += 2
    return bytes(out)


def _template(data: bytes) -> str | None:
    listing = next((content for name, content in _parts(data) if name == "[Content_Types].xml"), b"")
    return "the content type of a template" if b"template.main+xml" in listing.lower() else None


def _external(data: bytes) -> str | None:
    if data.startswith(OLE):
        return "a field that asks another program for data" if _DDE_FIELD.search(data) else None
    for name, content in _parts(data):
        if name.endswith(".rels") and _LOADED.search(content):
            return "an external template or object among its relationships"
        if _DDE_LINK.search(content) or (name.startswith("word/") and _DDE_FIELD.search(_TAG.sub(b"", content))):
            return "a field or link that asks another program for data"
    return None


def _program(data: bytes) -> str | None:
    for name, content in (("the file itself", data), *_parts(data)):
        if _PROGRAM.search(content):
            return f"a program's header in {name if name.isprintable() else 'a part'}"
    return None


def _parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    """An archive's parts as the standard library reads them, as far as it can."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            left = MOST
            for entry in archive.infolist():
                with archive.open(entry) as part:
                    content = part.read(left)
                left -= len(content)
                yield entry.filename, content
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError):
        return


SEEN: dict[Reason, Callable[[bytes], str | None]] = {
    Reason.MALFORMED: _broken,
    Reason.ENCRYPTED: _encrypted,
    Reason.MACROS: _macros,
    Reason.TEMPLATE: _template,
    Reason.EXTERNAL_REFERENCE: _external,
    Reason.EMBEDDED_EXECUTABLE: _program,
}
