"""What is really in a file that was rejected, read in another way than the service reads it.

A rejection that has a witness is what the policy asks for, whatever a label says; one without may be our mistake. No
name and no hash counts, only what stands in the bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator

from consumer.model import Reason

MOST = 32 * 1024 * 1024  # bytes that are read of an archive's parts
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_LOADED = re.compile(
    rb"<[\w:]*Relationship\b(?=[^>]*TargetMode=.External)(?=[^>]*/(?:attachedTemplate|oleObject|frame|aFChunk|control)\b)",
    re.I,
)
_PROGRAM = re.compile(
    rb"MZ.{0,1000}?(?:This program (?:cannot|must) be run|PE\0\0)|\x7fELF[\x01\x02][\x01\x02]\x01", re.S
)


def witness(data: bytes, reason: Reason, detected: str | None, expected: str, libmagic: str) -> str | None:
    """In words; None where nothing was seen that explains it."""
    if reason in (Reason.CONTENT_NOT_ALLOWED, Reason.TYPE_MISMATCH):
        agree = libmagic == detected != expected
        return f"libmagic too sees {libmagic}" if agree else None
    seen = SEEN.get(reason)
    return seen(data) if seen else None


def _encrypted(data: bytes) -> str | None:
    if data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            return "a stream EncryptedPackage"
        word = data.find(b"\xec\xa5")
        return "Word's own flag of encryption is set" if word >= 0 and data[word + 11] & 1 else None
    return "its trailer names an encryption" if b"/Encrypt" in data else None


def _macros(data: bytes) -> str | None:
    if data.startswith(OLE):
        return "a stream _VBA_PROJECT" if "_VBA_PROJECT".encode("utf-16-le") in data else None
    for name, content in _parts(data):
        if name.lower().endswith("vbaproject.bin"):
            return "a part vbaProject.bin"
        if name == "[Content_Types].xml" and b"macroenabled" in content.lower():
            return "a content type that enables macros"
    return None


def _template(data: bytes) -> str | None:
    listing = next((content for name, content in _parts(data) if name == "[Content_Types].xml"), b"")
    return "the content type of a template" if b"template.main+xml" in listing.lower() else None


def _external(data: bytes) -> str | None:
    loads = any(name.endswith(".rels") and _LOADED.search(content) for name, content in _parts(data))
    return "an external template or object among its relationships" if loads else None


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
    Reason.ENCRYPTED: _encrypted,
    Reason.MACROS: _macros,
    Reason.TEMPLATE: _template,
    Reason.EXTERNAL_REFERENCE: _external,
    Reason.EMBEDDED_EXECUTABLE: _program,
}
