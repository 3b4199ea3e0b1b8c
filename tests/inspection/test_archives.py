"""ZIP archives that tell two stories, and what stands in one and belongs to no entry."""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

import pytest

from consumer.inspection.readers.seen import Work
from consumer.inspection.readers.zip_reader import read_archive
from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import archive, compound, gif, jpeg, ooxml, pdf, png, program
from tests.inspection.judging import codes, reason, seen
from tests.inspection.media import SAMPLES

MIB = 1024 * 1024
RAR = b"Rar!\x1a\x07\x00" + bytes(40)
PAGE = b"<html><script>alert(1)</script></html>"
SECONDS = {
    "rar": RAR,
    "7z": b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<L", zlib.crc32(bytes(20))) + bytes(40),
    "program": program(),
    "page": PAGE,
    "php": b"<?php system($_GET[0]); __HALT_COMPILER(); ?>",
    "asp": b'<%@ language="vbscript" %><% execute(request("c")) %>',
    "compound file": compound({"a": b"b"}),
    "pdf": pdf(),
    "shell": b"#!/bin/sh\nid\n",
}


def deflated(content: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(content) + engine.flush()


@dataclass(frozen=True)
class Header:
    name: bytes = b"word/x.xml"
    crc: int = zlib.crc32(b"<a/>")
    size: int = 4
    extra: bytes = b""
    comment: bytes = b""
    made_by: int = 20
    attributes: int = 0


def bent(local: Header | None = None, listed: Header | None = None, packed: bytes | None = None) -> bytes:
    """A document with one more entry, whose two headers say what they are told to say."""
    document, local, packed = ooxml("docx"), local or Header(), packed or deflated(b"<a/>")
    listed = listed or local
    end = document.rindex(b"PK\x05\x06")
    count, size, offset = struct.unpack_from("<H2L", document, end + 10)
    fields = (20, 0, 8, 0, 33, local.crc, len(packed), local.size, len(local.name), len(local.extra))
    entry = b"PK\x03\x04" + struct.pack("<5H3L2H", *fields) + local.name + local.extra + packed
    row = b"PK\x01\x02" + struct.pack("<6H3L", listed.made_by, 20, 0, 8, 0, 33, listed.crc, len(packed), listed.size)
    row += struct.pack("<5H2L", *map(len, (listed.name, listed.extra, listed.comment)), 0, 0, listed.attributes, offset)
    row += listed.name + listed.extra + listed.comment
    tail = struct.pack("<4H2LH", 0, 0, count + 1, count + 1, size + len(row), offset + len(entry), 0)
    return document[:offset] + entry + document[offset:end] + row + b"PK\x05\x06" + tail


def extra(content: bytes, kind: int = 0x9999) -> bytes:
    return struct.pack("<2H", kind, len(content)) + content


def commented(document: bytes, comment: bytes) -> bytes:
    out = io.BytesIO(document)
    with zipfile.ZipFile(out, "a") as made:
        made.comment = comment
    return out.getvalue()


def test_a_further_entry_with_honest_headers_is_ordinary() -> None:
    times = extra(b"\x03" + bytes(8), 0x5455) + extra(bytes(24), 0x000A)
    hint = extra(bytes(200), 0xA220)
    assert codes(bent()) == set()
    assert codes(bent(Header(extra=times + hint, comment=b"made by a report generator"))) == set()


@pytest.mark.parametrize("name", SECONDS)
def test_another_format_beside_an_entry_is_found(name: str) -> None:
    second = SECONDS[name]
    assert reason(bent(Header(extra=extra(second)), Header())) is Reason.SECOND_FORMAT
    assert reason(bent(Header(), Header(extra=extra(second)))) is Reason.SECOND_FORMAT
    assert reason(bent(Header(), Header(comment=second))) is Reason.SECOND_FORMAT
    assert reason(bent(Header(extra=second))) is Reason.SECOND_FORMAT


def test_no_format_hides_among_times() -> None:
    assert reason(bent(Header(extra=extra(bytes(8), 0x5455) + extra(program(), 0x5455)))) is Reason.SECOND_FORMAT


@pytest.mark.parametrize("junk", [b"", b"junk ", bytes(64)])
@pytest.mark.parametrize("name", SECONDS)
def test_another_format_between_and_behind_the_entries_is_found_behind_junk_as_well(name: str, junk: bytes) -> None:
    document, second = ooxml("docx"), junk + SECONDS[name]
    end = document.rindex(b"PK\x05\x06")
    (offset,) = struct.unpack_from("<L", document, end + 16)
    moved = document[end : end + 16] + struct.pack("<L", offset + len(second)) + document[end + 20 :]
    if (name, junk) == ("shell", b"junk "):
        return  # a shell reads from the beginning
    assert reason(document[:offset] + second + document[offset:end] + moved) is Reason.SECOND_FORMAT
    assert reason(document + second) is Reason.SECOND_FORMAT
    assert reason(commented(document, second)) is Reason.SECOND_FORMAT


def test_junk_behind_the_entries_is_told() -> None:
    assert codes(ooxml("docx") + b"\x01\x17 leftover words") == {Reason.TRAILING_DATA}
    assert codes(commented(ooxml("docx"), b"made by a report generator")) == {Reason.TRAILING_DATA}
    assert codes(ooxml("docx") + bytes(700)) == set()


@pytest.mark.parametrize("hidden", [b"x", RAR, PAGE])
def test_bytes_behind_the_end_of_compressed_content_reject(hidden: bytes) -> None:
    assert reason(bent(packed=deflated(b"<a/>") + hidden)) is Reason.MALFORMED


LIE = Header(crc=0xDEADBEEF)


@pytest.mark.parametrize(("local", "listed"), [(LIE, Header()), (Header(), LIE), (LIE, LIE)])
def test_a_checksum_that_is_not_the_contents_rejects(local: Header, listed: Header) -> None:
    assert reason(bent(local, listed)) is Reason.ARCHIVE_LIMITS


@pytest.mark.parametrize(
    "name",
    [
        "word/./document.xml",
        "word//document.xml",
        "./word/document.xml",
        "word/x/../document.xml",
        "word/document%2Exml",
        "WORD/document.xml",
        "word\\document.xml",
    ],
)
def test_one_part_by_two_names_rejects(name: str) -> None:
    assert reason(bent(Header(name.encode()))) is Reason.ARCHIVE_LIMITS


def called(name: bytes, second: str) -> Header:
    """With a name for programs that know Unicode."""
    return Header(name, extra=extra(b"\x01" + struct.pack("<L", zlib.crc32(name)) + second.encode(), 0x7075))


def test_a_second_name_for_the_same_entry_is_the_same_or_rejects() -> None:
    name, umlaut = b"word/a.txt", "word/Grüße.txt"
    assert reason(bent(called(name, "word/evil.exe"))) is Reason.ARCHIVE_LIMITS
    assert reason(bent(called(name, "word/b.txt"), Header(name))) is Reason.ARCHIVE_LIMITS
    assert reason(bent(Header(name), called(name, "word/b.txt"))) is Reason.ARCHIVE_LIMITS
    assert reason(bent(called(name, "word/a.txt"))) is None
    assert reason(bent(called(umlaut.encode("cp850"), umlaut))) is None
    assert reason(bent(called(umlaut.encode("cp850"), "word/Grüße.exe"))) is Reason.ARCHIVE_LIMITS


def test_an_entry_that_is_a_link_rejects() -> None:
    unix = 3 << 8 | 20
    assert reason(bent(Header(made_by=unix, attributes=0o120777 << 16))) is Reason.ARCHIVE_LIMITS
    assert reason(bent(Header(made_by=unix, attributes=0o100644 << 16))) is None


def test_one_part_of_several_is_no_archive() -> None:
    document = ooxml("docx")
    end = document.rindex(b"PK\x05\x06")
    assert reason(document[: end + 4] + struct.pack("<2H", 1, 1) + document[end + 8 :]) is not None


@pytest.mark.parametrize("name", ["rar", "7z"])
def test_an_archive_by_the_name_of_a_picture_is_found(name: str) -> None:
    assert reason(ooxml("docx", {"word/media/image1.png": SECONDS[name]})) is Reason.SECOND_FORMAT


NO_PICTURES = {
    "heic": SAMPLES["heifenc.heic"],
    "avif": SAMPLES["avifenc.avif"],
    "webp": SAMPLES["cwebp.webp"],
    "film": SAMPLES["ffmpeg_plain.mp4"],
    "drawing": SAMPLES["inkscape.svg"],
    "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(60),
    "answer of a server": b"<!DOCTYPE html><html><head><script>var a = 1;</script></head><body>404</body></html>",
    "refusal": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "pdf": pdf(),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\nshowpage\n",
    "nothing": b"",
}
"""What programs put in a picture's place: nothing opens it there, and it is no picture by its name."""


@pytest.mark.parametrize("what", NO_PICTURES)
@pytest.mark.parametrize("kind, place", [("docx", "word"), ("xlsx", "xl"), ("pptx", "ppt")])
def test_what_else_stands_by_a_pictures_name_is_ordinary(kind: str, place: str, what: str) -> None:
    document = ooxml(kind, {f"{place}/media/image1.png": NO_PICTURES[what]})
    assert wide.reason(document, f"a.{kind}") is None


def test_pictures_by_each_others_names_are_ordinary() -> None:
    metafile = b"\xd7\xcd\xc6\x9a" + bytes(200)
    more = {"1.png": jpeg(), "2.jpeg": png(), "3.gif": png(), "4.bmp": gif(), "5.wmf": metafile, "6.emf": b"\x01\0\0\0"}
    assert codes(ooxml("docx", {f"word/media/image{name}": data for name, data in more.items()})) == set()


@pytest.mark.parametrize(
    "name", ["setup.msc", "a.iso", "a.vhdx", "a.one", "a.xll", "a.chm", "a.py", "a.rdp", "a.class"]
)
def test_what_would_run_is_found_by_its_name(name: str) -> None:
    assert reason(ooxml("docx", {f"word/embeddings/{name}": b"hello"})) is Reason.EMBEDDED_EXECUTABLE


def test_an_archive_inside_is_looked_into_behind_something_else_as_well() -> None:
    inner = archive({"evil.exe": b"hello"})
    assert reason(ooxml("docx", {"word/embeddings/a.zip": b"junk" + inner})) is Reason.EMBEDDED_EXECUTABLE
    assert reason(ooxml("docx", {"word/embeddings/a.dat": inner})) is Reason.EMBEDDED_EXECUTABLE


def in_drops(content: bytes, first: int) -> bytes:
    """Compressed so that a reader gets a few bytes, then for long none, and then the rest."""
    stored = b"\0" + struct.pack("<HH", first, first ^ 0xFFFF) + content[:first]
    return stored + b"\0\0\0\xff\xff" * 60_000 + deflated(content[first:])


@pytest.mark.parametrize("first", [1, 3, 7])
def test_what_begins_in_drops_is_known_all_the_same(first: int) -> None:
    entity = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha">]><d>&a;</d>'
    dropped = compound({"\x01Ole10Native": b"\0\0\0\0\2\0a.exe\0"})
    for content, expected in (
        (archive({"evil.exe": b"hello"}), Reason.EMBEDDED_EXECUTABLE),
        (dropped, Reason.EMBEDDED_EXECUTABLE),
        (program(), Reason.EMBEDDED_EXECUTABLE),
        (entity, Reason.ARCHIVE_LIMITS),
    ):
        header = Header(b"word/a.dat", crc=zlib.crc32(content), size=len(content))
        assert reason(bent(header, packed=in_drops(content, first))) is expected


def test_an_archive_inside_that_is_too_large_to_look_into_rejects() -> None:
    inner = archive({"a": bytes(9 * MIB), "evil.exe": b"hello"}, zipfile.ZIP_STORED)
    assert reason(ooxml("docx", {"word/embeddings/a.dat": inner})) is Reason.ARCHIVE_LIMITS


def test_fields_beside_an_entry_are_read_as_far_as_any_writer_has_them() -> None:
    fields = b"".join(extra(bytes([n]), 0x9000 + n) for n in range(60))
    entry = read_archive(bent(Header(extra=fields)), 10).entries[-1]
    assert len(entry.remarks) < 40
    assert fields[-20:] in entry.remarks[16]


def test_the_room_that_office_keeps_says_nothing_and_what_stands_in_it_is_looked_at() -> None:
    room = b"\x28\xa0\0\1" + bytes(256)
    assert not any(read_archive(bent(Header(extra=extra(room, 0xA220))), 10).entries[-1].remarks)
    assert reason(bent(Header(extra=extra(room + program(), 0xA220)))) is Reason.SECOND_FORMAT
    assert reason(bent(Header(extra=extra(program() + room, 0xA220)))) is Reason.SECOND_FORMAT


def test_every_entry_is_paid_for() -> None:
    work = seen(archive({f"{n}": b"" for n in range(1_000)})).work
    assert work.left < Work().left - 1_000 * 4096


def stored(content: bytes, name: str = "word/media/image9.png") -> bytes:
    """A document that begins with a part that is not compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made, zipfile.ZipFile(io.BytesIO(ooxml("docx"))) as document:
        made.writestr(name, content, zipfile.ZIP_STORED)
        for entry in document.infolist():
            made.writestr(entry.filename, document.read(entry), zipfile.ZIP_DEFLATED)
    return out.getvalue()


@pytest.mark.parametrize("second", ["rar", "7z", "program", "pdf"])
@pytest.mark.parametrize("before", [b"", png()])
def test_what_a_search_of_the_file_finds_in_a_part_is_a_second_format(before: bytes, second: str) -> None:
    assert reason(stored(before + SECONDS[second])) is not None


@pytest.mark.parametrize("content", [png(), jpeg(), png() + b"Camera 7 (C) Acme", bytes(range(256)) * 20])
def test_pictures_and_data_that_are_not_compressed_are_ordinary(content: bytes) -> None:
    assert codes(stored(content)) == set()


def test_a_page_with_a_script_that_is_not_compressed_is_one_for_who_reads_any_file_as_a_page() -> None:
    assert reason(stored(PAGE, "word/afchunk.htm")) is Reason.SECOND_FORMAT
    assert reason(stored(b"<html><p>words</p></html>", "word/afchunk.htm")) is None


def with_large_end(document: bytes, count: int = 0, small: tuple[int, int] | None = None) -> bytes:
    """With an end record of ZIP64 before the usual one, as Info-ZIP writes it into a pipe."""
    end = document.rindex(b"PK\x05\x06")
    entries, size, offset = struct.unpack_from("<H2L", document, end + 10)
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, count or entries, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    usual = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, entries, entries, *(small or (size, offset)), 0)
    return document[:end] + large + locator + usual


def test_an_archive_with_two_end_records_that_agree_is_ordinary() -> None:
    document = ooxml("docx")
    end = document.rindex(b"PK\x05\x06")
    size = struct.unpack_from("<L", document, end + 12)[0]
    assert codes(with_large_end(document)) == set()
    assert codes(with_large_end(document, small=(size, 0xFFFFFFFF))) == set()


def test_an_archive_whose_end_records_contradict_each_other_is_refused() -> None:
    assert reason(with_large_end(ooxml("docx"), count=1)) is not None
    assert reason(with_large_end(ooxml("docx"), small=(46, 0))) is not None
    assert reason(png() + with_large_end(archive({"a.js": b"x"}))) is not None


@pytest.mark.parametrize(
    "before",
    [
        program()[:64],
        b"%!\n",
        b"#!/bin/sh\n",
        b"\n%!PS\nshowpage\n",
        b"\r\n#!perl\nprint 1;\n__END__\n",
        bytes(128) + b"DICM\2\0\0\0UL\4\0",
        bytes(16) + b"\2\x40\0\0mntrRGB XYZ " + bytes(8) + b"acsp" + bytes(80),
    ],
)
def test_what_a_program_takes_for_its_own_before_an_archive_is_a_second_format(before: bytes) -> None:
    assert wide.reason(before + archive({"a.txt": b"words"}), "a.zip") is Reason.SECOND_FORMAT


@pytest.mark.parametrize("before", [b"\r\n", b"Notice: Undefined index: a in /b.php on line 3\n"])
def test_words_before_an_archive_are_rubbish_of_an_upload(before: bytes) -> None:
    assert wide.reason(before + archive({"a.txt": b"words"}), "a.zip") is None


def test_an_entry_without_a_name_is_one_that_no_program_writes() -> None:
    assert reason(bent(Header(name=b""))) is Reason.ARCHIVE_LIMITS
