"""Texts that are made to cost: one long part of them that is looked at again for each of many short ones."""

from __future__ import annotations

from collections.abc import Callable

from tests.inspection.slow import again

HEAD = b"From: a@a.example\r\nTo: b@b.example\r\nMIME-Version: 1.0\r\n"
CARD, END = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:a\r\n", b"\r\nEND:VCARD\r\n"
DRAWING, XML = b"<svg xmlns='http://www.w3.org/2000/svg'>", b"<?xml version='1.0'?>"
LONGEST_HEADER = 250_000


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
}
"""By the extension that they come with."""
