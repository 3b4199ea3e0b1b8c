"""Documents, texts, mails and archives that are something else as well, made by joining formats as mitra does."""

from __future__ import annotations

import base64
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO

from tests.inspection import anywhere
from tests.inspection.files import archive, compound, ooxml
from tests.inspection.media_polyglots import opened_anywhere
from tests.inspection.office_openers import odt
from tests.inspection.old_office import ppt, workbook, xls
from tests.inspection.polyglots import further_files, second_files
from tests.inspection.test_document_samples import SAMPLES, sample

FIRST = {called.partition(".")[2]: data for called, data in map(sample, SAMPLES)}
PADDING = bytes(64)


def with_comment(data: bytes, comment: bytes) -> bytes:
    """An archive with words of its maker behind its directory."""
    assert data[-22:-18] == b"PK\5\6"
    return data[:-2] + struct.pack("<H", len(comment)) + comment


def with_field(hidden: bytes) -> bytes:
    """An archive with a field of a kind that nobody knows beside an entry."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        entry = zipfile.ZipInfo("a.txt")
        entry.extra = struct.pack("<2H", 0x4141, len(hidden)) + hidden
        made.writestr(entry, b"words")
    return out.getvalue()


def with_gap(data: bytes, hidden: bytes) -> bytes:
    """An archive with bytes between its last entry and its directory."""
    at = data.index(b"PK\1\2")
    end = bytearray(data[-22:])
    end[16:20] = struct.pack("<L", at + len(hidden))
    return data[:at] + hidden + data[at:-22] + bytes(end)


def mail(part: str, hidden: bytes) -> bytes:
    head = (
        b'From: a@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    )
    named = b'--b\r\nContent-Type: application/octet-stream; name="a.bin"\r\nContent-Transfer-Encoding: '
    body = {
        "preamble": hidden + b"\r\n--b\r\n\r\nwords\r\n--b--\r\n",
        "epilogue": b"--b\r\n\r\nwords\r\n--b--\r\n" + hidden,
        "attached": named + b"base64\r\n\r\n" + base64.encodebytes(hidden) + b"\r\n--b--\r\n",
        "attached as it is": named + b"8bit\r\n\r\n" + hidden + b"\r\n--b--\r\n",
    }
    return head + body[part]


def stored(data: Mapping[str, bytes | str]) -> bytes:
    return archive(data, zipfile.ZIP_STORED)


def stored_odt(hidden: bytes) -> bytes:
    out = BytesIO(odt("<text:p>words</text:p>"))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_STORED) as made:
        made.writestr("Thumbnails/a.bin", hidden)
    return out.getvalue()


def card(line: str, hidden: bytes) -> bytes:
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n{line}".encode() + hidden + b"\r\nEND:VCARD\r\n"


def event(line: str, hidden: bytes) -> bytes:
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//a//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n{line}".encode()
        + hidden
        + b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


SEARCHED = frozenset({"zip", "jar", "rar", "rar5", "7z", "arj", "exe", "elf", "php", *anywhere.SAMPLED})
"""Found by programs that search a file. Streams of Office hold documents and words as well, and no viewer looks for a
PDF so far behind the beginning."""
IN_STREAMS = SEARCHED - {"gzip"}  # Office packs drawings so
STORED = SEARCHED | {"html"}
ANYWHERE = STORED | {"docx", "pdf", "hta"}  # where nobody has anything to write
IN_WORDS = SEARCHED  # markup is words there
ATTACHED = frozenset({"zip", "jar", "exe", "elf", "html"})  # opened by whoever takes it out
PARTS = ATTACHED - {"html"}  # of a document, which no person takes out
WORDS = frozenset({"html", "hta", "page", "picture of a page", "asp", "rtf", "shell", "postscript", "cpio"})
AT_THE_BEGINNING = frozenset({"onenote", "squashfs"})  # alone they are opened
TEXTS = frozenset({"csv", "vcf", "ics", "xml", "json", "eml"})

PLACES: Mapping[str, tuple[frozenset[str], Callable[[bytes], bytes]]] = {
    "xls, a stream": (IN_STREAMS, lambda hidden: xls(More=hidden)),
    "xls, a record": (IN_STREAMS, lambda hidden: xls(workbook(struct.pack("<2H", 0x1234, len(hidden)) + hidden))),
    "xls, a storage": (IN_STREAMS, lambda hidden: xls(storages={"A": {"b": hidden}})),
    "ppt, a stream": (IN_STREAMS, lambda hidden: ppt(More=hidden)),
    "doc, a stream": (IN_STREAMS, lambda hidden: compound(
        {"WordDocument": (b"\xec\xa5\xc1\0" + bytes(8) + b"words").ljust(4096, b"\0"), "1Table": b"", "More": hidden}
    )),
    "pptx, a part": (PARTS, lambda hidden: ooxml("pptx", {"ppt/media/a.bin": hidden})),
    "xlsx, a part": (PARTS, lambda hidden: ooxml("xlsx", {"xl/media/a.bin": hidden})),
    "docx, a comment": (ANYWHERE, lambda hidden: with_comment(ooxml("docx"), hidden)),
    "docx, a gap": (ANYWHERE, lambda hidden: with_gap(ooxml("docx"), hidden)),
    "odt, a part": (STORED - {"gzip"}, stored_odt),
    "odt, a comment": (ANYWHERE, lambda hidden: with_comment(odt("<text:p>words</text:p>"), hidden)),
    "odt, a gap": (ANYWHERE, lambda hidden: with_gap(odt("<text:p>words</text:p>"), hidden)),
    "zip, a file": (ATTACHED, lambda hidden: archive({"a.txt": b"words", "b.txt": hidden})),
    "zip, a stored file": (STORED, lambda hidden: stored({"a.txt": b"words", "b.txt": hidden})),
    "zip, a comment": (ANYWHERE, lambda hidden: with_comment(archive({"a.txt": b"words"}), hidden)),
    "zip, a field": (ANYWHERE, with_field),
    "zip, a gap": (ANYWHERE, lambda hidden: with_gap(archive({"a.txt": b"words"}), hidden)),
    "eml, a preamble": (IN_WORDS, lambda hidden: mail("preamble", hidden)),
    "eml, an epilogue": (IN_WORDS, lambda hidden: mail("epilogue", hidden)),
    "eml, attached": (ATTACHED, lambda hidden: mail("attached", hidden)),
    "eml, attached as it is": (ATTACHED, lambda hidden: mail("attached as it is", hidden)),
    "rtf, binary data": (ANYWHERE, lambda hidden: rb"{\rtf1 words{\*\junk\bin%d " % len(hidden) + hidden + b"}}"),
    "rtf, a picture": (ANYWHERE, lambda hidden: rb"{\rtf1 words{\pict\pngblip\bin%d " % len(hidden) + hidden + b"}}"),
    "vcf, a photo": (ATTACHED, lambda hidden: card("PHOTO;ENCODING=b;TYPE=PNG:", base64.b64encode(hidden))),
    "vcf, a key": (ATTACHED, lambda hidden: card("KEY;ENCODING=b:", base64.b64encode(hidden))),
    "vcf, a note": (IN_WORDS, lambda hidden: card("NOTE:", hidden)),
    "ics, a file": (ATTACHED, lambda hidden: event("ATTACH;ENCODING=BASE64;VALUE=BINARY:", base64.b64encode(hidden))),
    "ics, a remark": (IN_WORDS, lambda hidden: event("DESCRIPTION:", hidden)),
    "csv, a cell": (IN_WORDS, lambda hidden: b'name,note\r\nAnna,"' + hidden + b'"\r\n'),
    "json, a string": (IN_WORDS, lambda hidden: b'{"a": "' + hidden + b'"}'),
    "xml, a comment": (IN_WORDS, lambda hidden: b'<?xml version="1.0"?><a><!-- ' + hidden + b" --></a>"),
    "xml, a text": (IN_WORDS, lambda hidden: b'<?xml version="1.0"?><a><![CDATA[' + hidden + b"]]></a>"),
}  # fmt: skip
"""Where bytes may stand that nobody is shown, or that are for others: what is opened there, and a file with it."""


def polyglots() -> dict[str, bytes]:
    """By the extension of the first format and what it is joined with."""
    return dict([*_joined(), *_inside()])


def _joined() -> Iterator[tuple[str, bytes]]:
    yield "a.zip: in a string of PostScript", b"/{(" + FIRST["zip"] + b")}%!PS\nshowpage\n"
    seconds = second_files() | further_files() | opened_anywhere()
    for kind, data in FIRST.items():
        words = WORDS if kind in TEXTS else frozenset[str]()
        for second in seconds.keys() - words - (AT_THE_BEGINNING if words else set()):
            yield f"a.{kind} + {second}", data + seconds[second]
            yield f"a.{kind} + padding + {second}", data + PADDING + seconds[second]
        for second in seconds.keys() - words:
            yield f"a.{kind}: {second} before", seconds[second] + data


def _inside() -> Iterator[tuple[str, bytes]]:
    for place, (opened, made) in PLACES.items():
        for second in sorted(opened):
            yield f"a.{place.replace(',', ' of')}: {second}", made(opened_anywhere()[second])
