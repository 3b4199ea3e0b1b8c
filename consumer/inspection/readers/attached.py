"""A file inside another one: attached to a document, a message or a contact, or a member of an archive.

It is judged by what it is, in whatever way it is stored.
"""

from __future__ import annotations

from consumer.inspection.readers import flate, scripts, zip_reader
from consumer.inspection.readers.formats import HEAD, format_at, formats_at_fixed_places
from consumer.inspection.readers.names import extension_of
from consumer.inspection.readers.programs import is_program
from consumer.inspection.readers.seen import Seen, Work, most_kept
from consumer.inspection.readers.signatures import ZIP
from consumer.model import Reason

OF_OFFICE, XML = ("doc", "dot", "rtf", "xls", "xlt"), b"<?xml"  # in whatever form such a file is, Office opens it
OF_A_PAGE = (b"mime-version:", b"content-type:", b"content-location:")  # one that was saved with all its parts (MHTML)
ACTIVE, PACKED_FROM = b"ActiveMime", (0x32, 0x22A)  # what Office keeps macros in beside a page, and where they begin
ZIP_TYPE, ARCHIVES = "application/zip", ("zip", "zipx")
MARKUP = ("text/html", "image/svg+xml")
PAGES = ("html", "htm", "xhtml", "xht", "shtml", "mht", "mhtml", "svg", "svgz")
HARMFUL = (
    Reason.EMBEDDED_EXECUTABLE,
    Reason.MACROS,
    Reason.SCRIPT,
    Reason.EXTERNAL_REFERENCE,
    Reason.SECOND_FORMAT,
)
"""In an attached file, or in a member of it: whoever opens the attached file is hurt by it."""
CLOSED = (
    *("archive", "cabinet", "gzip", "bzip2", "xz data", "zstd", "disk image", "disc image", "compressed data"),
    *("lzip data", "LZ4 data", "LZMA data", "RPM package", "squashed file system"),
)
"""Words for what holds files that no reader here takes out."""


def judge(name: str, declared: str, content: bytes, seen: Seen) -> Seen:
    """What is seen in an attached file, with what it means for the file that carries it.

    A program, markup with a script, and a file with something harmful inside are `embedded_executable`. What can't be
    opened keeps its finding. All else is harmless, and the caller tells that a file is attached.
    """
    inner = judge_outside(name, declared, content, seen)
    for finding in inner.findings:
        if finding.code is Reason.ARCHIVE_LIMITS:
            seen.find(finding.code, finding.detail)
    return inner


def judge_outside(name: str, declared: str, content: bytes, seen: Seen) -> Seen:
    """The same, where an archive may hold others that nobody looks into."""
    if content.startswith(ACTIVE):
        content = _unpacked(content, seen.work)
    inner = seen.others.examine(content, name, declared)
    if extension_of(name) in OF_OFFICE:
        if content[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(XML):
            inner = seen.others.examine(content, "", "text/xml")
        elif (begin := _saved_page(content[:HEAD].lower())) >= 0:
            inner = seen.others.examine(content[begin:], "", "message/rfc822")
    if is_program(content[:HEAD], name):
        seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached", opener="desktop")
    elif runs(name, inner, content):
        seen.find(Reason.EMBEDDED_EXECUTABLE, "a page or a drawing with a script is attached", opener="browser")
    elif harm := next((finding for finding in inner.findings if finding.code in HARMFUL), None):
        seen.find(Reason.EMBEDDED_EXECUTABLE, f"an attached file is refused: {harm.detail}"[:200], opener="desktop")
    elif is_closed(inner, content):
        seen.find(Reason.ARCHIVE_LIMITS, "an attached archive can't be opened", opener="7-zip")
    elif extension_of(name) in ARCHIVES and content.startswith(zip_reader.LOCAL) and inner.detected_type != ZIP_TYPE:
        detail = "an attached archive is a document as well, whose other files nobody judged"
        seen.find(Reason.ARCHIVE_LIMITS, detail, opener="unzip")
    return inner


def _saved_page(head: bytes) -> int:
    """Where a page with all its parts begins, -1 if none does: Office passes over what stands before."""
    if b"multipart/" not in head:
        return -1
    return min((at for word in OF_A_PAGE if (at := head.find(word)) >= 0), default=-1)


def _unpacked(content: bytes, work: Work) -> bytes:
    """The document that is packed in it; the file itself where there is none."""
    for begin in PACKED_FROM:
        if made := flate.head(flate.inflate(flate.cut(content[begin:]), work), most_kept(len(content))):
            return made
    return content


def is_closed(inner: Seen, content: bytes) -> bool:
    """Whether it holds files that nobody here sees."""
    if inner.detected_type == ZIP_TYPE:
        return inner.has(Reason.MALFORMED) or inner.has(Reason.ENCRYPTED)
    found = (format_at(content[:HEAD]) or "", *formats_at_fixed_places(content))
    return any(word in name for name in found if name != ZIP for word in CLOSED)


def runs(name: str, inner: Seen, content: bytes) -> bool:
    """Whether a browser runs something in it: a page or a drawing by its beginning or its name, in any encoding."""
    plain = content.translate(None, b"\0") if b"\0" in content[:4] else content
    begins = scripts.sniffed(plain.lstrip(b"\xff\xfe"))
    if inner.detected_type in MARKUP or begins == "text/html" or extension_of(name) in PAGES:
        return next(scripts.live(plain, inner.work), None) is not None
    return plain.lstrip()[:1] == b"<" and scripts.page(b"<?xml?>" + plain, inner.work) is not None
