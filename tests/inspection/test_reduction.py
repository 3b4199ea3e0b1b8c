"""A file that is sent in shows its fault, and nothing of whoever wrote it."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from functools import cache

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.examination import examine
from consumer.inspection.policy.extensions import extension_type
from consumer.inspection.readers.media import ogg
from consumer.inspection.reduction.neutral import neutral, words
from consumer.inspection.reduction.reduce import Reducer
from consumer.inspection.reduction.shapes import shape_of, views
from consumer.model import Finding
from tests.inspection.files import (
    OFFICE,
    archive,
    chunk,
    doc,
    gif,
    jpeg,
    ooxml,
    pdf,
    png,
    program,
    relationships,
    segment,
)
from tests.inspection.judging import DETECTOR
from tests.inspection.media import SAMPLES, box, gps, ogg_opus, ogg_page, svg
from tests.inspection.old_office import xls

SECRET = "Dear Rosalind Zweistein, the account DE4471 of Zweistein is 0815-4711."
SAID = SECRET.encode()
WIDE = SECRET.encode("utf-16-le")
LONG = b"\n".join(b"%d: %s" % (number, SAID) for number in range(40))
PACKED = zlib.compress(LONG)
LETTER = '<w:document xmlns:w="w"><w:body>' + f"<w:p><w:t>{SECRET}</w:t></w:p>" * 50 + "</w:body></w:document>"
TEMPLATE = relationships(
    f'<Relationship Id="r1" Type="{OFFICE}/attachedTemplate" Target="https://zweistein.example/Rosalind.dotx" '
    'TargetMode="External"/>'
)
MAIL = (
    b"From: rosalind@zweistein.example\r\nTo: you@example.com\r\nSubject: Zweistein\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n' + LONG + b"\r\n"
    b'--b\r\nContent-Type: application/octet-stream; name="Rosalind.exe"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    + base64.encodebytes(program() + SAID)
    + b"\r\n--b--\r\n"
)

REJECTED = {
    "a text with code": ("a.txt", LONG + b"<?php system($_GET['Zweistein']); ?>" + LONG),
    "a document with a page and a program": (
        "a.pdf",
        pdf(
            b"8 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream\nendobj\n" % (len(PACKED), PACKED)
            + b"9 0 obj\n<< /Title (%s) /S /Launch /F (Zweistein.exe) >>\nendobj\n" % SAID
        ),
    ),
    "a letter that loads a template": (
        "a.docx",
        ooxml(
            "docx",
            {
                "word/document.xml": LETTER,
                "word/_rels/settings.xml.rels": TEMPLATE,
                "docProps/core.xml": LETTER,
                "word/media/Rosalind.png": png(extra=chunk(b"tEXt", b"Title\0" + SAID)),
            },
        ),
    ),
    "an archive with a program": ("a.zip", archive({"Zweistein.txt": LONG, "of/Rosalind.exe": program() + SAID})),
    "a picture with an archive behind": (
        "a.png",
        png(
            64,
            64,
            chunk(b"tEXt", b"Title\0" + SAID) + chunk(b"zTXt", b"Title\0\0" + PACKED),
            zlib.compress((b"\0" + SAID[:64]) * 64),
        )
        + archive({"Rosalind.txt": LONG}),
    ),
    "a photo with a program behind": (
        "a.jpg",
        jpeg(segment(0xE1, gps(SAID)) + segment(0xFE, SAID)) + program() + SAID,
    ),
    "a moving picture with code": ("a.gif", gif(SAID) + b"<?php echo 'Zweistein'; ?>"),
    "an old letter with macros": (
        "a.doc",
        doc(storages={"VBA": {"dir": SAID, "Module1": LONG}}, Data=LONG, Text=WIDE * 20),
    ),
    "an old workbook with a program behind": ("a.xls", xls(Rosalind=LONG, Text=WIDE) + program() + SAID),
    "a mail with a program": ("a.eml", MAIL),
    "a recording with an archive in it": ("a.opus", ogg_opus(SAID) + ogg_page(archive({"Rosalind.txt": LONG}))),
    "a drawing with a script": (
        "a.svg",
        svg(f"<desc>{SECRET}</desc><script>call('{SECRET}')</script><text id='Rosalind'>{SECRET}</text>"),
    ),
    "a film with an archive in it": ("a.mov", SAMPLES["gstreamer.mov"] + box(b"free", SAID + archive({"a.txt": LONG}))),
}

Fault = tuple[str | None, frozenset[Finding]]


def fault(data: bytes, name: str) -> Fault:
    seen = examine(data, DETECTOR, claimed=extension_type(name) or "")
    return seen.detected_type, frozenset(seen.findings)


def reduced(data: bytes, name: str, most_tries: int = 20_000) -> Reducer:
    shown = fault(data, name)

    async def shows(content: bytes) -> bool:
        return fault(content, name) == shown

    reducer = Reducer(shows, most_tries, goes_on=lambda: True)
    anyio.run(reducer.reduce, data)
    return reducer


@cache
def sent_in(name: str) -> Reducer:
    sent_as, data = REJECTED[name]
    return reduced(data, sent_as)


def readings() -> Iterator[bytes]:
    for word in ("Rosalind", "Zweistein", "DE4471", "4711", "Dear"):
        yield word.encode()
        yield word.lower().encode()
        yield word.encode("utf-16-le")
        yield from (base64.b64encode(bytes(skip) + word.encode())[4 if skip else 0 : -4] for skip in range(3))


READINGS = [reading for reading in readings() if len(reading) >= 4]


@pytest.mark.parametrize("name", REJECTED)
def test_no_word_survives_and_the_fault_does(name: str) -> None:
    sent_as, data = REJECTED[name]
    assert fault(data, sent_as)[1], "it has to show something"
    assert any(reading in view for view in views(data) for reading in READINGS)
    reducer = sent_in(name)
    left = reducer.best
    assert reducer.finished
    assert fault(left, sent_as) == fault(data, sent_as)
    assert not [(view[:80], reading) for view in views(left) for reading in READINGS if reading in view]
    assert not [word for word in reducer.left if word in SAID]
    assert len(left) <= len(data)


@given(st.binary(max_size=300))
def test_neutral_bytes_hold_no_word_and_are_as_many(data: bytes) -> None:
    assert len(neutral(data)) == len(data)
    assert words(neutral(data)) == []
    assert neutral(neutral(data)) == neutral(data)


@pytest.mark.parametrize("name", REJECTED)
def test_a_file_that_is_taken_apart_and_put_together_is_the_same_to_the_service(name: str) -> None:
    sent_as, data = REJECTED[name]
    if shape := shape_of(data):
        assert fault(shape.join(shape.split(data)), sent_as) == fault(data, sent_as)


def test_checksums_are_made_anew() -> None:
    shape = shape_of(SAMPLES["xiph.opus"])
    assert shape is not None
    assert shape.join(shape.split(SAMPLES["xiph.opus"])) == SAMPLES["xiph.opus"]
    assert ogg.page_at(SAMPLES["xiph.opus"], 0) is not None


def test_when_the_tries_are_spent_the_best_so_far_is_there_and_says_so() -> None:
    sent_as, data = REJECTED["a text with code"]
    reducer = reduced(data, sent_as, most_tries=12)
    assert (reducer.tries, reducer.finished) == (12, False)
    assert fault(reducer.best, sent_as) == fault(data, sent_as)


def test_the_markup_around_what_matters_goes() -> None:
    name = "a letter that loads a template"
    assert len(sent_in(name).best) < len(REJECTED[name][1]) / 2
