"""PDF: whether it is one, whether it needs a password, what it runs or carries, and what else is in the file."""

from __future__ import annotations

from itertools import compress

from consumer.inspection.readers import flate, runs
from consumer.inspection.readers.pdf import password, places, root, streams, unasked
from consumer.inspection.readers.pdf.files import Referred
from consumer.inspection.readers.pdf.looks import Looks
from consumer.inspection.readers.pdf.places import Extents
from consumer.inspection.readers.pdf.syntax import past, unescaped
from consumer.inspection.readers.pdf.texts import Texts
from consumer.inspection.readers.pdf.words import OBJECT, WHITE
from consumer.inspection.readers.programs import is_program
from consumer.inspection.readers.seen import Limits, Seen
from consumer.model import Reason

MOST_HEADER = 1024  # readers accept the header anywhere in the first 1024 bytes
OBJECT_STREAM = 16 * 1024 * 1024  # bytes that one may inflate to

MOST_OBJECTS = 10_000  # that begin without a dictionary; a text about them has fewer

HEADER, DICTIONARY = b"%PDF-", b"<<"
LAUNCH, PAGE = b"/Launch", b"/Page"
JAVASCRIPT, SCRIPT, RENDITION = b"/JavaScript", b"/JS", b"/Rendition"
FLASH, FORM = (b"/RichMedia", b"/Flash"), (b"/AcroForm", b"/XFA")
FILES = (b"/EmbeddedFile", b"/EmbeddedFiles")


def find_header(data: bytes) -> int | None:
    """Where the document begins; None if these bytes are no PDF to any reader."""
    head = data[: MOST_HEADER + 8]
    found = (at for at in runs.places(head, HEADER) if head[at + 5 : at + 6].isalnum() or head[at + 5 : at + 6] == b".")
    return next(found, None)


def is_pdf(data: bytes) -> bool:
    """A header that a reader would find, and an object with a dictionary behind it. The words alone are a text."""
    start = find_header(data)
    if start is None:
        return False
    return _has_object(data, start)


def _has_object(data: bytes, at: int) -> bool:
    """Whether a dictionary is behind the word that begins an object, comments apart, of which the word is no part."""
    before, comment = at, False
    for tried, word in enumerate(runs.places(data, OBJECT, at)):
        if tried >= MOST_OBJECTS or data.startswith(DICTIONARY, runs.behind(data, word + len(OBJECT), WHITE)):
            return True
        line = max(data.rfind(b"\n", before, word), data.rfind(b"\r", before, word))
        comment = data.find(b"%", max(before, line), word) >= 0 or (comment and line < 0)
        if not comment and data.startswith(DICTIONARY, past(data, word + len(OBJECT))):
            return True
        before = word
    return False


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    start = find_header(data)
    assert start is not None, "only a PDF is examined as one"
    seen.detected_type = "application/pdf"
    seen.enter_document(limits)
    places.examine(data, start, _streams(data, seen, limits), seen)
    encryption = password.encryption(data, seen.work)
    if encryption is password.Encryption.NEEDS_PASSWORD:
        at = seen.work.words(data).first(password.ENCRYPT)
        seen.find(Reason.ENCRYPTED, "the document needs a password to be opened", at=at)
    elif encryption is password.Encryption.OPENS_FREELY:
        seen.flag("restricted")


def _active(texts: Texts, seen: Seen, whole: bool) -> None:
    """What the names of dictionaries tell, wherever they stand. `whole`: places in it are places in the file."""
    work = seen.work
    work.spend(4 * len(texts.data))
    words = work.words(texts.data)

    if (launch := texts.first_beside(LAUNCH, work=work)) is not None:
        seen.find(Reason.LAUNCH_ACTION, "it starts a program on an action", at=launch if whole else None)
    script = texts.first_beside(JAVASCRIPT, work=work)
    if script is None and texts.first_beside(RENDITION, work=work) is not None:
        script = words.first(SCRIPT)
    if script is not None:
        seen.find(Reason.JAVASCRIPT, "it contains JavaScript", at=script if whole else None)
    if (flash := texts.first_beside(*FLASH, work=work)) is not None:
        seen.find(Reason.ACTIVE_CONTENT, "it contains Flash or rich media", at=flash if whole else None)
    if texts.first_beside(*FORM, work=work) is not None:
        seen.flag("form")
    seen.pages += sum(1 for _ in words.names(PAGE))
    if (file := texts.first_beside(*FILES, work=work)) is not None:
        _carries_files(seen, file if whole else None)


def _from_share(content: bytes, data: bytes, seen: Seen, whole: bool) -> None:
    if (at := unasked.from_share(content, data, seen.work)) is not None:
        said = "it opens a file on a share when it is opened"
        seen.find(Reason.EXTERNAL_REFERENCE, said, opener="viewer", at=at if whole else None)


def _carries_files(seen: Seen, at: int | None = None) -> None:
    seen.find(Reason.EMBEDDED_FILES, "files are attached", at=at)
    seen.flag("embedded_files")


def _streams(data: bytes, seen: Seen, limits: Limits) -> Extents:
    """Looks into every stream, and tells which of them are for whom. Object streams tell what the others are."""
    readable = unescaped(data, seen.work)
    encrypted = seen.work.words(readable).first(password.ENCRYPT) is not None
    if encrypted and seen.work.words(data).first(password.ENCRYPT) is None:
        seen.find(Reason.ENCRYPTED, "the document hides that it is encrypted")
    found = list(streams.streams(data, seen.work))
    as_written, all_read = len(readable) == len(data), all(stream.dictionary for stream in found)
    _active(Texts.of_file(readable, as_written and all_read), seen, whole=as_written)
    _from_share(readable, data, seen, whole=as_written)
    begins = root.Root.of(readable, seen.work)
    referred, left = Referred(), seen.budget_for(len(data), limits).inflated
    referred.add(readable, None, seen.work, data)
    named = streams.names(data, seen.work)
    holding = [stream.holds_objects for stream in found]
    for stream in compress(found, holding):
        seen.enter(stream.start)
        content = flate.head(streams.content(data, stream, named, seen.work), OBJECT_STREAM)
        left -= len(content)
        if len(content) == OBJECT_STREAM:
            seen.find(Reason.ARCHIVE_LIMITS, "its objects expand beyond the limits")
        begins.add(content, stream, seen.work)
        written, content = content, unescaped(content, seen.work)
        _active(Texts.of_objects(content, written, stream, data, seen.work), seen, whole=False)
        _from_share(content, data, seen, whole=False)
        referred.add(content, stream.first, seen.work, data)
    unread = encrypted or not all_read
    if not begins.is_found and not (begins.may_be_packed and unread):
        seen.find(Reason.MALFORMED, "the object is missing that it begins with, or what names it")
    looks = Looks(data, named, referred, seen, limits)
    for stream in (stream for stream, holds_objects in zip(found, holding, strict=True) if not holds_objects):
        if left >= 0:
            seen.enter(stream.start)
            left -= looks.look(stream, left)
    seen.enter(None)
    if left < 0:
        seen.find(Reason.ARCHIVE_LIMITS, "its streams expand beyond the limits")
    _files(referred, seen)
    return Extents.of(data, found, referred, seen.work)


def _files(referred: Referred, seen: Seen) -> None:
    if referred.names or referred.files:
        _carries_files(seen)
    if is_program(b"", *referred.names):
        seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached")
