"""PDF: whether it is one, whether it needs a password, what it runs or carries, and what else is in the file."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from consumer.inspection import formats, pdf_password, scripts, text
from consumer.inspection.formats import PADDING
from consumer.inspection.seen import Seen, Unreadable
from consumer.inspection.zip_reader import inflate_raw
from consumer.model import Reason

MOST_HEADER = 1024  # readers accept the header anywhere in the first 1024 bytes
ALL_STREAMS = 64 * 1024 * 1024  # bytes that a document's objects may inflate to
ONE_STREAM = 8 * 1024 * 1024
STREAM_HEAD = 64 * 1024  # of an attached file
MOST_FILTERS = 4
MOST_ESCAPES = 200_000
MOST_MARKUP = 20  # places that are looked at before it is taken for a page
END = b"%%EOF"
OPENINGS = (b"#!", b"%!", b"/*", b"//", b"<!--")  # of comments, scripts and PostScript

_HEADER = re.compile(rb"%PDF-[0-9A-Za-z.]")
_OBJECT = re.compile(rb"\b\d{1,10}\s+\d{1,10}\s+obj\b")
_OPENED = re.compile(rb"[({\[<\"'`=*][^\r\n]{0,64}\Z|(?:\"\"\"|'''|`|<<-?[\"']?\w{1,40}[\"']?|[({\[=])\s*\Z")
"""Something that swallows the document: what programs write before one ends with its line, and opens nothing."""
_SHOWN = re.compile(rb"\)\s*(?:Tj|'|\")|\]\s*TJ")
_STREAM = re.compile(rb"\bstream\r?\n")
_NAME_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_STOP = rb"(?=[\s/<>\[\](){}%]|$)"
_JAVASCRIPT = re.compile(rb"/(?:JavaScript|JS)" + _STOP)
_LAUNCH = re.compile(rb"/S\s*/Launch" + _STOP)
_FLASH = re.compile(rb"/(?:RichMedia|Flash)" + _STOP)
_FORM = re.compile(rb"/(?:AcroForm|XFA)" + _STOP)
_FILES = re.compile(rb"/EmbeddedFiles?" + _STOP)
_FLATE = re.compile(rb"/(?:FlateDecode|Fl)" + _STOP)
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm" + _STOP)
_EMBEDDED_STREAM = re.compile(rb"/Type\s*/EmbeddedFile" + _STOP)


def find_header(data: bytes) -> int | None:
    """Where the document begins; None if these bytes are no PDF to any reader."""
    match = _HEADER.search(data, 0, MOST_HEADER + 8)
    return match.start() if match else None


def is_pdf(data: bytes) -> bool:
    """A header that a reader would find, and an object behind it: the header alone is a word."""
    start = find_header(data)
    return start is not None and _OBJECT.search(data, start) is not None


def examine(data: bytes, seen: Seen) -> None:
    start = find_header(data)
    seen.detected_type = "application/pdf"
    if start is None or _OBJECT.search(data, start) is None:
        seen.find(Reason.MALFORMED, "it begins as a PDF and has no objects")
        return
    _before(data, start, seen)
    _behind(data, seen)
    _inside(data, seen)
    _markup(data, seen)
    encryption = pdf_password.encryption(data)
    if encryption is pdf_password.Encryption.NEEDS_PASSWORD:
        seen.find(Reason.ENCRYPTED, "the document needs a password to be opened")
    elif encryption is pdf_password.Encryption.OPENS_FREELY:
        seen.flag("restricted")
    _active(data, seen)
    for dictionary, content in _inflated_streams(data, seen):
        if _OBJECT_STREAM.search(dictionary):
            _active(content, seen)
        elif formats.executable(content):
            seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached to the document")


def _active(content: bytes, seen: Seen) -> None:
    """What the names of dictionaries tell. Names may be written with escapes; streams are not read as names."""
    if b"#" in content:
        content = _NAME_ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), content, count=MOST_ESCAPES)
    if _LAUNCH.search(content):
        seen.find(Reason.ACTIVE_CONTENT, "it starts a program on an action")
    if _JAVASCRIPT.search(content):
        seen.find(Reason.ACTIVE_CONTENT, "it contains JavaScript")
    if _FLASH.search(content):
        seen.find(Reason.ACTIVE_CONTENT, "it contains Flash or rich media")
    if _FORM.search(content):
        seen.flag("form")
    if _FILES.search(content):
        seen.flag("embedded_files")


def _inflated_streams(data: bytes, seen: Seen) -> Iterator[tuple[bytes, bytes]]:
    """Object streams, and the heads of attached files, with their dictionaries. The rest is pictures and text."""
    budget = ALL_STREAMS
    for match in _STREAM.finditer(data):
        opened = data.rfind(b"obj", max(0, match.start() - 2048), match.start())
        opened = max(0, match.start() - 2048) if opened < 0 else opened
        dictionary = _NAME_ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), data[opened : match.start()])
        objects = _OBJECT_STREAM.search(dictionary)
        if not objects and not _EMBEDDED_STREAM.search(dictionary):
            continue
        stop = data.find(b"endstream", match.end())
        raw = memoryview(data)[match.end() : stop if stop >= 0 else len(data)]
        content = _decoded(raw, dictionary, min(budget, ONE_STREAM) if objects else STREAM_HEAD)
        budget -= len(content)
        if budget <= 0 or (objects and len(content) >= ONE_STREAM):
            seen.find(Reason.ARCHIVE_LIMITS, "its objects expand beyond the limits")
            return
        yield dictionary, content


def _decoded(raw: memoryview, dictionary: bytes, most: int) -> bytes:
    content = raw
    for _ in _FLATE.findall(dictionary)[:MOST_FILTERS]:
        content = memoryview(_inflated(content, most))
    return bytes(content[:most])


def _inflated(packed: memoryview, most: int) -> bytes:
    content = bytearray()
    try:
        for piece in inflate_raw(packed, zlib.MAX_WBITS):
            content += piece
            if len(content) >= most:
                break
    except Unreadable:
        pass  # a damaged stream tells what it told so far: readers recover in the same way
    return bytes(content[:most])


def _before(data: bytes, start: int, seen: Seen) -> None:
    before = data[:start]
    if not before.strip(PADDING + b"\xef\xbb\xbf"):
        return
    found = formats.format_at(before) or formats.format_at(before.lstrip(PADDING))
    if found:
        seen.find(Reason.SECOND_FORMAT, f"{found} before the document")
    elif (
        scripts.markup_in(before, seen.work) is not None
        or scripts.script_in(before, seen.work)
        or before.lstrip(PADDING).startswith(OPENINGS)
        or _OPENED.search(before)
    ):
        seen.find(Reason.SECOND_FORMAT, "a script before the document")
    elif text.decode(before) is None and not _is_mac_binary(before):
        seen.find(Reason.SECOND_FORMAT, "binary data of another format before the document")
    else:
        seen.find(Reason.TRAILING_DATA, "bytes before the document's header")


def _is_mac_binary(before: bytes) -> bool:
    """The 128 bytes that old Macs sent before a file, and which name its kind."""
    return len(before) == 128 and before[65:69] == b"PDF "


def _behind(data: bytes, seen: Seen) -> None:
    end = data.rfind(END)
    if end < 0:
        seen.flag("incomplete")
        return
    content = data[end + len(END) :].lstrip(PADDING)
    if not content:
        return
    found = formats.format_at(content)
    if found:
        seen.find(Reason.SECOND_FORMAT, f"{found} behind the document")
    elif scripts.markup_in(content, seen.work) is not None:
        seen.find(Reason.SECOND_FORMAT, "markup or a script behind the document")
    else:
        seen.find(Reason.TRAILING_DATA, "bytes behind the document")


def _inside(data: bytes, seen: Seen) -> None:
    for name in formats.formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the file is {name} as well")
    for at, name in formats.formats_in(data, seen.work):
        program = name.endswith("program")
        if program and _is_attached(data, at):
            seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached to the document")
        elif not _is_attached(data, at):
            seen.find(Reason.SECOND_FORMAT, f"{name} inside the document")


def _markup(data: bytes, seen: Seen) -> None:
    """A page that a browser or a web server would run. Dynamic forms (XFA) and attached files hold pages rightly."""
    if b"/XFA" in data:
        return
    at = scripts.markup_in(data, seen.work)
    for _ in range(MOST_MARKUP):
        if at is None:
            return
        if not _is_attached(data, at) and not _is_page_text(data, at):
            break
        at = scripts.markup_in(data, seen.work, at + 1)
    seen.find(Reason.SECOND_FORMAT, "markup or a script inside the document")


def _is_page_text(data: bytes, at: int) -> bool:
    """Whether these bytes are words of a page that is not compressed: a string, and behind it what shows strings."""
    begin = data.rfind(b"stream", 0, at)
    if begin < 0 or data[begin - 3 : begin] == b"end" or data[at : at + 2] == b"<?":
        return False
    return data.rfind(b"BT", begin, at) >= 0 and _SHOWN.search(data, at, at + 4096) is not None


def _is_attached(data: bytes, at: int) -> bool:
    """Whether these bytes are those of a file that the document itself attaches, not compressed."""
    begin = data.rfind(b"stream", 0, at + 1)
    if begin < 0 or data[begin - 3 : begin] == b"end":
        return False
    opened = data.rfind(b"obj", max(0, begin - 2048), begin)
    return opened >= 0 and _EMBEDDED_STREAM.search(data, opened, begin) is not None
