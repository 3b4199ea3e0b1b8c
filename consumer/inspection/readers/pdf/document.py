"""PDF: whether it is one, whether it needs a password, what it runs or carries, and what else is in the file."""

from __future__ import annotations

import re

from consumer.inspection.readers import flate
from consumer.inspection.readers.pdf import password, places, streams
from consumer.inspection.readers.pdf.files import Referred
from consumer.inspection.readers.pdf.looks import Looks
from consumer.inspection.readers.pdf.places import Extents
from consumer.inspection.readers.pdf.syntax import SIGN, name, unescaped
from consumer.inspection.readers.programs import is_program
from consumer.inspection.readers.seen import Limits, Seen
from consumer.model import Reason

MOST_HEADER = 1024  # readers accept the header anywhere in the first 1024 bytes
OBJECT_STREAM = 8 * 1024 * 1024  # bytes that one may inflate to

_HEADER = re.compile(rb"%PDF-[0-9A-Za-z.]")
_OBJECT = re.compile(rb"obj[\0\t\n\x0c\r ]*+<<")
_COMMENT = re.compile(rb"%[^\r\n]*+")
_LAUNCH = name(b"Launch")
_JAVASCRIPT, _SCRIPT, _RENDITION = name(b"JavaScript"), name(b"JS"), name(b"Rendition")
_ENCRYPTED = name(b"Encrypt")
_PAGE = name(b"Page")
_FLASH = name(b"RichMedia", b"Flash")
_FORM = name(b"AcroForm", b"XFA")
_FILES = name(b"EmbeddedFile", b"EmbeddedFiles")


def find_header(data: bytes) -> int | None:
    """Where the document begins; None if these bytes are no PDF to any reader."""
    match = _HEADER.search(data, 0, MOST_HEADER + 8)
    return match.start() if match else None


def is_pdf(data: bytes) -> bool:
    """A header that a reader would find, and an object with a dictionary behind it. The words alone are a text."""
    start = find_header(data)
    if start is None:
        return False
    return _OBJECT.search(data, start) is not None or _OBJECT.search(_COMMENT.sub(b"", data[start:])) is not None


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    start = find_header(data)
    assert start is not None, "only a PDF is examined as one"
    seen.detected_type = "application/pdf"
    seen.enter_document(limits)
    places.examine(data, start, _streams(data, seen, limits), seen)
    encryption = password.encryption(data, seen.work)
    if encryption is password.Encryption.NEEDS_PASSWORD:
        seen.find(Reason.ENCRYPTED, "the document needs a password to be opened")
    elif encryption is password.Encryption.OPENS_FREELY:
        seen.flag("restricted")


def _active(content: bytes, seen: Seen) -> None:
    """What the names of dictionaries tell, wherever they stand."""
    seen.work.spend(4 * len(content) + SIGN * content.count(b"/"))
    if _LAUNCH.search(content):
        seen.find(Reason.LAUNCH_ACTION, "it starts a program on an action")
    if _JAVASCRIPT.search(content) or (_SCRIPT.search(content) and _RENDITION.search(content)):
        seen.find(Reason.JAVASCRIPT, "it contains JavaScript")
    if _FLASH.search(content):
        seen.find(Reason.ACTIVE_CONTENT, "it contains Flash or rich media")
    if _FORM.search(content):
        seen.flag("form")
    seen.pages += sum(1 for _ in _PAGE.finditer(content))
    if _FILES.search(content):
        _carries_files(seen)


def _carries_files(seen: Seen) -> None:
    seen.find(Reason.EMBEDDED_FILES, "files are attached")
    seen.flag("embedded_files")


def _streams(data: bytes, seen: Seen, limits: Limits) -> Extents:
    """Looks into every stream, and tells which of them are for whom. Object streams tell what the others are."""
    readable = unescaped(data, seen.work)
    if _ENCRYPTED.search(readable) and not _ENCRYPTED.search(data):
        seen.find(Reason.ENCRYPTED, "the document hides that it is encrypted")
    _active(readable, seen)
    referred, left = Referred(), seen.budget_for(len(data), limits).inflated
    referred.add(readable, None, seen.work, data)
    found = list(streams.streams(data, seen.work))
    named = streams.names(data, seen.work)
    for stream in (stream for stream in found if stream.holds_objects):
        content = flate.head(streams.content(data, stream, named, seen.work), OBJECT_STREAM)
        left -= len(content)
        if len(content) == OBJECT_STREAM:
            seen.find(Reason.ARCHIVE_LIMITS, "its objects expand beyond the limits")
        content = unescaped(content, seen.work)
        _active(content, seen)
        referred.add(content, stream.first, seen.work, data)
    looks = Looks(data, named, referred, seen, limits)
    for stream in (stream for stream in found if not stream.holds_objects):
        if left >= 0:
            left -= looks.look(stream, left)
    if left < 0:
        seen.find(Reason.ARCHIVE_LIMITS, "its streams expand beyond the limits")
    _files(referred, seen)
    return Extents.of(data, found, referred, seen.work)


def _files(referred: Referred, seen: Seen) -> None:
    if referred.names or referred.files:
        _carries_files(seen)
    if is_program(b"", *referred.names):
        seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached")
