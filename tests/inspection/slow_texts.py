"""Texts and documents that are made to cost: a long part of them that is looked at for each of many short ones."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.inspection.files import archive, ooxml
from tests.inspection.media import box
from tests.inspection.slow import again

HEAD = b"From: a@a.example\r\nTo: b@b.example\r\nMIME-Version: 1.0\r\n"
CARD, END = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:a\r\n", b"\r\nEND:VCARD\r\n"
DRAWING, XML = b"<svg xmlns='http://www.w3.org/2000/svg'>", b"<?xml version='1.0'?>"
LONGEST_HEADER = 250_000
INFLATED = 16_000_000
OVERLAPPING = 4_000


def in_header(before: bytes, motif: bytes, behind: bytes = b"") -> Callable[[int], bytes]:
    """In as many parts as there have to be."""

    def made(size: int) -> bytes:
        field = b"Content-Type: " + before + again(motif, min(size, LONGEST_HEADER)) + behind
        part = b"--b\r\n" + field + b"\r\n\r\na\r\n"
        parts = again(part, max(size, len(part)))
        return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n"

    return made


def of_a_namespace(element: bytes) -> Callable[[int], bytes]:
    """Whose name takes half of the file."""
    return lambda size: b"<b xmlns:a='%s'>" % (b"u" * (size // 2)) + again(element, size // 2) + b"</b>"


def odf(tag: bytes) -> Callable[[int], bytes]:
    """As much of it as may be inflated, in whatever file."""
    parts = {
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "META-INF/manifest.xml": b"<manifest/>",
        "content.xml": b"<a>" + again(tag, INFLATED) + b"</a>",
    }
    return lambda size: archive(parts)


def overlapping(size: int) -> bytes:
    """A picture whose pixels are all of the file, again and again."""
    numbers = [struct.pack(f">{len(some)}H", *some) for some in ((1, 0), (1,), (1, 0, OVERLAPPING))]
    kind = box(b"infe", b"\2\0\0\0", numbers[0], b"hvc1\0")
    shape = box(b"ispe", bytes(4), struct.pack(">2L", 64, 64)), box(b"hvcC", bytes(21), b"\3\0")
    meta = box(
        b"meta",
        bytes(4),
        box(b"hdlr", bytes(8), b"pict", bytes(13)),
        box(b"pitm", bytes(4), numbers[1]),
        box(b"iinf", bytes(4), numbers[1], kind),
        box(b"iprp", box(b"ipco", *shape), box(b"ipma", bytes(4), b"\0\0\0\1", numbers[1], b"\2\1\2")),
        box(b"iloc", bytes(6), numbers[1], numbers[2]),
    )
    return box(b"ftyp", b"heic", bytes(4), b"heic") + meta + box(b"mdat", bytes(size))


LOADING = b"".join(b"{link" + b"".join(b" %c/" % letter for letter in b"abcdefghijkl") + b"}" for _ in range(16))
RELATION = b"<Relationship " + b" ".join(b"a%04d=''" % number for number in range(3_000)) + b"/>"
OF_ALL_WORDS = b"<x event-listener='' instance='' datasource='' x:dde-='' formula='' encryption-data='' href='' "

SLOW_TEXTS: dict[str, Callable[[int], bytes]] = {
    "eml, comments in a header": in_header(b"", b"()"),
    "eml, encoded words in a header": in_header(b'text/plain; name="', b"=?a?q?x?=", b'"'),
    "eml, escapes in a header": in_header(b'text/plain; name="', b"\\x", b'"'),
    "eml, parameters before a long one": in_header(b"text/plain; " + b"a=b;" * 250, b"x", "😀".encode()),
    "eml, headers of one name": lambda size: (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + again(b"--b\r\n" + b"a:\r\n" * 1_990 + b"\r\na\r\n", size)
        + b"--b--\r\n"
    ),
    "vcf, marks on a long line": lambda size: (
        CARD + b"NOTE " + b"a" * (size * 9 // 10) + again(b";ENCODING=B;", size // 10) + END
    ),
    "vcf, marks behind colons": lambda size: CARD + b'NOTE "' + b":" * 2_000 + again(b";ENCODING=B;", size) + END,
    "xml, attributes of a long namespace": lambda size: XML + of_a_namespace(b"<c a:d=''/>")(size),
    "svg, elements of a long namespace": lambda size: DRAWING + of_a_namespace(b"<a:c/>")(size) + b"</svg>",
    "svg, attributes of its root": lambda size: (
        b"<svg xmlns='http://www.w3.org/2000/svg' xmlns:a='%s' " % (b"u" * min(size // 2, 30_000))
        + b" ".join(b"a:b%d=''" % number for number in range(2_500))
        + b"/>"
    ),
    "svg, foreign elements inside each other": lambda size: (
        DRAWING + b"<style>" + again(b"<a:b xmlns:a='b'>", min(size, 100)) + again(b"<a:b>", size)
    ),
    "odt, attributes of tags with each word": odf(OF_ALL_WORDS + b"b='' " * 6_000 + b">"),
    "odt, long addresses of pictures": odf(b"<draw:image xlink:href='" + b"%41" * 10_000 + b"'>"),
    "docx, attributes of relationships": lambda size: ooxml(
        "docx", {"word/_rels/document.xml.rels": b"<a>" + again(RELATION, INFLATED) + b"</a>"}
    ),
    "rtf, words of fields that load": lambda size: (
        b"{\\rtf1\\uc2\\uc3\\uc4\\uc5 "
        + again(b"{\\*\\fldinst " + LOADING + b"\\u65 abcdefg" + LOADING + b"}", size)
        + b"}"
    ),
    "heic, pixels that overlap": overlapping,
    "svg, escapes in styles": lambda size: (
        DRAWING
        + b"".join(b"<g style='a%d:%s'/>" % (n, b"\\a" * 9_000) for n in range(max(1, size // 18_020)))
        + b"</svg>"
    ),
    "vcf, lines of a file": lambda size: CARD + b"X;ENCODING=B:" + again(b"QQ\r\n", size) + END,
    "vcf, files of a byte": lambda size: CARD + again(b"X;ENCODING=B:QQ\r\n", size) + END,
    "heic, properties of items": lambda size: (
        box(b"ftyp", b"heic", bytes(4), b"heic")
        + box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"iprp", *[box(b"ipma", bytes(4), b"\0\0\x24\0", b"\0\1\xff" + bytes(255)) * 9] * (size // 2_500)),
        )
    ),
}
"""By the extension that they come with."""
