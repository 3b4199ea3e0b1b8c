"""PDF: whether it is one, whether it needs a password, what it runs or carries, and what else is in the file."""

from __future__ import annotations

import re

from consumer.inspection.readers import flate
from consumer.inspection.readers.formats import PICTURES, executable, format_at
from consumer.inspection.readers.pdf import password, places, streams
from consumer.inspection.readers.pdf.files import Referred
from consumer.inspection.readers.pdf.streams import Stream
from consumer.inspection.readers.pdf.syntax import SIGN, Name, Value, name, unescaped
from consumer.inspection.readers.programs import is_program
from consumer.inspection.readers.seen import PLACE, Limits, Seen
from consumer.model import Reason

MOST_HEADER = 1024  # readers accept the header anywhere in the first 1024 bytes
OBJECT_STREAM = 8 * 1024 * 1024  # bytes that one may inflate to
HEAD, PROGRAM_HEAD = 4096, 64 * 1024  # bytes of a stream that tell what it is
RIGHTFUL = PICTURES | {"PostScript", "a JPEG 2000", "a PDF", "markup or a script", "media"}  # in any stream

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
    forms = _streams(data, seen, limits)
    places.examine(data, start, forms, seen)
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
    seen.find(Reason.EMBEDDED_FILES, "files are attached to the document")
    seen.flag("embedded_files")


def _streams(data: bytes, seen: Seen, limits: Limits) -> list[tuple[int, int]]:
    """Looks into every stream, and returns the extents of dynamic forms. Object streams tell what the others are."""
    readable = unescaped(data, seen.work)
    if _ENCRYPTED.search(readable) and not _ENCRYPTED.search(data):
        seen.find(Reason.ENCRYPTED, "the document hides that it is encrypted")
    _active(readable, seen)
    referred, left = Referred(), limits.inflation(len(data))
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
    for stream in (stream for stream in found if not stream.holds_objects):
        if left >= 0:
            left -= _look(data, stream, named, referred, left, seen, limits)
    if left < 0:
        seen.find(Reason.ARCHIVE_LIMITS, "its streams expand beyond the limits")
    _files(referred, seen)
    forms = (stream for stream in found if stream.number in referred.forms)
    return [(stream.start, streams.end(data, stream, seen.work)) for stream in forms]


def _files(referred: Referred, seen: Seen) -> None:
    if referred.names or referred.files:
        _carries_files(seen)
    if is_program(b"", *referred.names):
        seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached to the document")


def _look(
    data: bytes,
    stream: Stream,
    named: dict[int, Value],
    referred: Referred,
    most: int,
    seen: Seen,
    limits: Limits,
) -> int:
    """Bytes that the stream inflates to, counted until they are above `most`. Of a picture only the head is seen."""
    seen.work.spend(PLACE)
    head, counted = b"", 0
    whole = bool(streams.filters(stream, named)) and not _is_picture(stream, referred, seen, limits)
    for piece in streams.content(data, stream, named, seen.work):
        counted += len(piece)
        if len(head) < (PROGRAM_HEAD if head[:2] == b"MZ" else HEAD):
            head += piece[:PROGRAM_HEAD]
        elif not whole or counted > most:
            break
    _told_by_head(head, stream, referred, seen)
    return counted if whole else 0


def _told_by_head(head: bytes, stream: Stream, referred: Referred, seen: Seen) -> None:
    """A stream that begins as a file is an attached one, or it hides. Fonts, pictures and forms are what they are."""
    attached = stream.number in referred.files or stream.dictionary.get(b"Type") == b"EmbeddedFile"
    found = format_at(head)
    if executable(head) or (attached and is_program(head)):
        seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached to the document")
    elif found and not attached and found not in RIGHTFUL and stream.dictionary.get(b"Subtype") != b"Image":
        seen.find(Reason.SECOND_FORMAT, f"{found} in a stream of the document")


def _is_picture(stream: Stream, referred: Referred, seen: Seen, limits: Limits) -> bool:
    """Whether nothing reads more of it than its size asks for. What a page is drawn from is none, whatever it says."""
    dictionary = stream.dictionary
    if dictionary.get(b"Subtype") != Name(b"Image") or stream.number in referred.pages | referred.files:
        return False
    width, height, depth = (dictionary.get(key) for key in (b"Width", b"Height", b"BitsPerComponent"))
    if not isinstance(width, int) or not isinstance(height, int):
        return False
    if width * height * (depth if isinstance(depth, int) else 1) // 8 > limits.picture:  # as if it had one color
        seen.find(Reason.IMAGE_TOO_LARGE, f"a picture of {width} × {height} pixels")
    return True
