"""Two laws over all files: words never reject one, and a second file that a program opens always does."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.model import Reason
from tests.inspection import anywhere, document_polyglots, wide
from tests.inspection.files import BENIGN, archive, chunk, doc, gif, jpeg, ooxml, pdf, png, program, segment
from tests.inspection.media import PLACES, SAMPLES, TEXTS, XMP, box, svg
from tests.inspection.old_office import xls
from tests.inspection.polyglots import HTML, RAR, ZIP, ace, arj, film, seven_zip
from tests.inspection.test_words_in_documents import PLACES as WRITTEN

NAMES = st.sampled_from(
    ("DSC_0012(1).jpg", "Anna Berg", "+49 (171) 123-45", "Größe 12", "report(final).pdf", "setup.exe", "a\\b\\c.bat")
)
MARKUP = st.sampled_from(
    (
        "<html><body onload=a()>", "<script>alert(1)</script>", '<img src=x onerror="a()">', "<!-- a remark -->",
        '<order online="true"/>', "<iframe src=javascript:a()>", "<svg onload=x>", "<% response.write(1) %>", "<b>",
        '<a href="javascript:void(0)">x</a>', "<!DOCTYPE html>", "<?xml version='1.0'?>", "<hta:application>",
    )
)  # fmt: skip
CODE = st.sampled_from(
    (
        "plt.plot(x)", "#!/bin/sh", "@echo off", "import os", "rm -rf ~", 'CreateObject("WScript.Shell").Run "calc"',
        "var a = function () {};", "SELECT * FROM t;", "powershell -enc AAAA", "def f(): pass", "`id`",
        "eval(x)", "*/=1;",
        "%PDF-1.7", "GIF89a", "PK", "MZ", "Rar!", "BM", "{\\rtf1", "%!PS-Adobe", "**ACE**",
        "This program cannot be run",
    )
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc<>(){}'\"", max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=6,
).map(json.dumps)
CONTROLS = st.text("\x01\x02\x07\x08\x1b\x7f\t\r\n ", max_size=8)
WORDS = (
    st.lists(st.one_of(NAMES, MARKUP, CODE, JSON, CONTROLS, st.text(max_size=20)), min_size=1, max_size=8)
    .map(" ".join)
    .map(lambda text: text.replace("\0", "").replace("<?", "< ").encode("utf-8", "ignore"))
)
"""Whatever people and programs write, without a tag of PHP."""


def in_string(words: bytes) -> bytes:
    return b"(" + words.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") + b")"


def in_object(entry: bytes) -> Callable[[bytes], bytes]:
    return lambda words: pdf(b"9 0 obj\n<< " + entry + b" " + in_string(words) + b" >>\nendobj\n")


def in_stream(words: bytes, dictionary: bytes) -> bytes:
    return pdf(b"9 0 obj\n<< %s /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (dictionary, len(words), words))


def escaped(words: bytes) -> bytes:
    text = words.decode().translate(dict.fromkeys(range(32)))
    text = "".join(c for c in text if c.isprintable() or c == " ")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()


FIELDS: dict[str, Callable[[bytes], bytes]] = {
    "jpg, a comment": lambda words: jpeg(segment(0xFE, words)),
    "jpg, EXIF": lambda words: jpeg(segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08" + words)),
    "jpg, IPTC": lambda words: jpeg(segment(0xED, b"Photoshop 3.0\0" + words)),
    "png, tEXt": lambda words: png(extra=chunk(b"tEXt", b"Title\0" + words)),
    "png, zTXt": lambda words: png(extra=chunk(b"zTXt", b"Title\0\0" + zlib.compress(words))),
    "png, iTXt": lambda words: png(extra=chunk(b"iTXt", b"Title\0\0\0en\0\0" + words)),
    "gif, a comment": lambda words: gif(words),
    "pdf, a title": in_object(b"/Title"),
    "pdf, a bookmark": in_object(b"/Parent 8 0 R /Title"),
    "pdf, a note": in_object(b"/Type /Annot /Subtype /Text /Contents"),
    "pdf, a note's rich text": in_object(b"/Type /Annot /Subtype /FreeText /RC"),
    "pdf, a form's value": in_object(b"/FT /Tx /T (name) /V"),
    "pdf, its metadata": lambda words: in_stream(words.replace(b"stream", b""), b"/Type /Metadata /Subtype /XML"),
    "pdf, a page": lambda words: in_stream(b"BT " + in_string(words.replace(b"stream", b"")) + b" Tj ET", b""),
    "docx, its title": lambda words: ooxml("docx", {"docProps/core.xml": b"<a>" + escaped(words) + b"</a>"}),
    "docx, its words": lambda words: ooxml("docx", {"word/notes.xml": b"<a>" + escaped(words) + b"</a>"}),
    "xlsx, its words": lambda words: ooxml("xlsx", {"xl/sharedStrings.xml": b"<a>" + escaped(words) + b"</a>"}),
    "doc, its words": lambda words: doc(Data=words.decode("utf-8", "replace").encode("utf-16-le")),
    "svg, a description": lambda words: svg(f"<title>a</title><desc>{escaped(words).decode()}</desc>"),
    "heic, XMP": lambda words: SAMPLES["heifenc.heic"] + box(b"uuid", XMP, words),
    "txt": lambda words: b"Dear Sir,\nplease find what you asked for below.\n" * 9 + words,
    **TEXTS,
}
"""Where words stand in a file, by its extension and the field."""


@pytest.mark.parametrize("field", FIELDS)
@given(words=WORDS)
def test_no_word_in_a_field_for_words_rejects_a_file(field: str, words: bytes) -> None:
    name = f"a.{field.partition(',')[0]}"
    if field in TEXTS:  # their makers write text without controls
        words = b" ".join(words.translate(None, bytes([*range(32), 127])).split())[:60] or b"x"
    assert wide.reason(FIELDS[field](words), name) is None


SECONDS: dict[str, bytes] = {
    "an archive": ZIP,
    "a document": pdf(),
    "a RAR archive": RAR,
    "a 7-Zip archive": seven_zip(),
    "an ARJ archive": arj(),
    "an ACE archive": ace(),
    "a program": program(),
    "a page": HTML,
    "PHP": b"<?php system($_GET['c']); ?>",
}
WHOLE = ("png", "jpg", "gif", "pdf", "doc", "docx", "xlsx")
DOCUMENTS = {
    **{called.partition(".")[2]: made("words that people write") for called, made in WRITTEN.items()},
    "svg": svg(),
}
HIDING: dict[str, Callable[[bytes], bytes]] = {
    **{f"{kind}, behind": lambda hidden, kind=kind: BENIGN[kind] + hidden for kind in WHOLE},  # type: ignore[misc]
    "jpg, behind its film": lambda hidden: jpeg() + film(bytes(40)) + hidden,
    "jpg, in its film": lambda hidden: jpeg() + film(hidden),
    "png, a private chunk": lambda hidden: png(extra=chunk(b"prVt", hidden)),
    "pdf, before": lambda hidden: hidden + b"\n" + pdf(),
    "pdf, between its objects": lambda hidden: pdf(b"% " + hidden + b"\n"),
    "pdf, a stream": lambda hidden: in_stream(hidden, b""),
    "pdf, a packed stream": lambda hidden: in_stream(zlib.compress(hidden), b"/Filter /FlateDecode"),
    "pdf, an attached file": lambda hidden: in_stream(hidden, b"/Type /EmbeddedFile"),
    "docx, a program's part": lambda hidden: ooxml("docx", {"word/embeddings/a.zip": archive({"a.exe": hidden})}),
    **{f"{kind}, behind": lambda hidden, made=made: made + hidden for kind, made in DOCUMENTS.items()},  # type: ignore[misc]
    **{f"{kind}, before": lambda hidden, made=made: hidden + b"\n" + made for kind, made in DOCUMENTS.items()},  # type: ignore[misc]
    **PLACES,
}
"""Where a second file may stand in a file, by its extension and the place."""

NOT_OPENED = {
    ("pdf, an attached file", "a document"),  # a document that is attached is a document
    ("pdf, a packed stream", "a document"),
    ("pdf, a stream", "a document"),
    ("pdf, behind", "a document"),  # revisions and joined documents: viewers show the last
    ("pdf, before", "a document"),
    ("pdf, between its objects", "a document"),
    ("pdf, a packed stream", "a page"),  # nothing undoes a filter but a viewer of PDF
    ("pdf, a packed stream", "PHP"),
    ("csv, behind", "a page"),  # a text that does not begin as a page is none
    ("eml, behind", "a page"),
}
"""No program takes the file for the second one there."""

MISSED: set[tuple[str, str]] = set()
"""Known misses. The list only shrinks."""


def test_drawings_that_are_packed_as_office_and_illustrator_do_and_a_camera_s_note_are_no_second_file() -> None:
    drawing, note = gzip.compress(b"drawn " * 90, mtime=0), b"afDebug\x30\x0a\1\0\0"
    assert wide.reason(document_polyglots.stored_odt(drawing), "a.odt") is None
    assert wide.reason(xls(More=drawing), "a.xls") is None
    assert wide.reason(in_stream(b"%AI24_ZStandard_Data" + anywhere.zstd(), b""), "a.pdf") is None
    assert wide.reason(jpeg(segment(0xE9, note + drawing)), "a.jpg") is None
    for hidden in (drawing, anywhere.zstd()):
        assert wide.reason(jpeg(segment(0xE9, hidden)), "a.jpg") is Reason.SECOND_FORMAT


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("place", HIDING)
def test_a_second_file_that_a_program_opens_rejects_wherever_it_stands(place: str, second: str) -> None:
    name = f"a.{place.partition(',')[0]}"
    rejected = wide.reason(HIDING[place](SECONDS[second]), name) is not None
    if (place, second) in MISSED:
        assert not rejected, "found by now: take it off the list"
    elif (place, second) not in NOT_OPENED:
        assert rejected


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("kind", WHOLE)
@given(junk=st.binary(max_size=80), behind=st.binary(max_size=40))
def test_no_junk_around_it_hides_a_second_file_behind_a_whole_one(
    kind: str, second: str, junk: bytes, behind: bytes
) -> None:
    if (kind, second) == ("pdf", "a document"):
        return
    assert wide.reason(BENIGN[kind] + junk + SECONDS[second] + behind, f"a.{kind}") is not None


def test_a_grey_picture_that_is_written_in_digits_is_a_picture() -> None:
    lines = b"\n".join([b"70" * 39] * 8_000)
    assert wide.reason(rb"{\rtf1 words{\pict\dibitmap0 " + lines + b"}}", "a.rtf") is None
