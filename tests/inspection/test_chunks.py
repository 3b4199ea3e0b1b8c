"""Files that Word takes into a document when it opens it: what they load is loaded then."""

from __future__ import annotations

import base64

import pytest

from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import OFFICE, ooxml, relationships
from tests.inspection.test_ooxml import external

MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TEMPLATE = external("attachedTemplate", "http://a.example/t.dotm")
OBJECT = external("oleObject", "http://a.example/x.html!")
LETTERS = base64.encodebytes(b"<html><img src='file://a.example/share/x.png'></html>")
PICTURE = external("image", r"\\a.example\share\x.png")


def taking_in(content: bytes, name: str = "word/chunk.html", kind: str = "text/html", target: str = "") -> bytes:
    row = f'<Relationship Id="c" Type="{OFFICE}/aFChunk" Target="{target or "/" + name}"/>'
    override = f'<Override PartName="/{name}" ContentType="{kind}"/>'
    return ooxml("docx", {name: content, "word/_rels/document.xml.rels": relationships(row)}, override)


@pytest.mark.parametrize("content", [TEMPLATE, OBJECT, PICTURE])
@pytest.mark.parametrize("target", ["", "chunk.docx", "../word/Chunk.docx", "/word/chunk%2Edocx"])
def test_what_a_document_loads_is_loaded_with_the_one_that_takes_it_in(content: bytes, target: str) -> None:
    data = taking_in(content, "word/chunk.docx", MAIN, target)
    assert wide.reason(data, "a.docx") is Reason.EXTERNAL_REFERENCE
    assert wide.reason(ooxml("docx", {"word/embeddings/a.docx": content}), "a.docx") is None


@pytest.mark.parametrize(
    "page",
    [
        rb"<img src='file://a.example/share/x.png'>",
        rb'<img src="\\a.example\share\x.png">',
        rb"<IMG SRC = FILE:////a.example/share/x.png>",
        rb"<img src='&#92;&#92;a.example&#92;x.png'>",
        rb"<link rel=stylesheet href='file://203.0.113.9/x.css'>",
        rb"<p style='background:url(\\a.example\x.png)'>",
        b"MIME-Version: 1.0\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b'<img src=3D"fi=\r\nle://a.example/x.png">',
        "<img src='file://a.example/x.png'>".encode("utf-16"),
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n"
        b"Content-Transfer-Encoding: base64\r\nContent-Type: text/html\r\n\r\n"
        + LETTERS
        + b"\r\n--x\r\nContent-Type: text/css\r\n\r\np{}\r\n--x--\r\n",
        b"Content-Type: text/html\nContent-Transfer-Encoding: BASE64\n\n" + LETTERS,
    ],
)
def test_a_page_that_loads_something_from_a_share_rejects(page: bytes) -> None:
    assert wide.reason(taking_in(page), "a.docx") is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize(
    "page",
    [
        rb"<img src='http://a.example/x.png'><img src='file:///C:/Users/me/x.png'><img src='cid:x'><img src='x.png'>",
        rb"<p>\\a.example\share is where it stands</p><a href='file://a.example/share/x.docx'>here</a>",
        rb"<img src='\\server\share\x.png'>",
        rb"<script>var path = '\\\\a.example\\share';</script>",
    ],
)
def test_a_page_with_links_and_pictures_of_the_web_is_ordinary(page: bytes) -> None:
    assert wide.reason(taking_in(page), "a.docx") is None


def test_a_document_that_takes_in_a_plain_one_is_ordinary() -> None:
    found = wide.seen(taking_in(ooxml("docx"), "word/chunk.docx", MAIN), "a.docx")
    assert (found.findings, found.flags) == ([], [])
