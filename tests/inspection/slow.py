"""Files of the largest size that are made to be looked at in very many places: a short motif again and again."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable

from tests.inspection.files import chunk, gif, jpeg, pdf, png

MIB = 1024 * 1024
LARGEST = 10 * MIB - 4096

Maker = Callable[[int], bytes]


def again(motif: bytes, size: int) -> bytes:
    return motif * (size // len(motif))


def in_png(motif: bytes) -> Maker:
    return lambda size: png(extra=chunk(b"zzZz", again(motif, size)))


def in_pdf(motif: bytes) -> Maker:
    return lambda size: pdf(again(motif, size))


def in_stream(dictionary: bytes, motif: bytes) -> Maker:
    return lambda size: pdf(b"9 0 obj\n<< %s >>\nstream\n" % dictionary + again(motif, size) + b"\nendstream\nendobj\n")


def again_as(motif: bytes) -> Maker:
    return lambda size: again(motif, size)


def in_rtf(motif: bytes) -> Maker:
    return lambda size: b"{\\rtf1 " + again(motif, size) + b"}"


def failing_chain(size: int) -> bytes:
    """Each stream inflates to much, and what it inflates to is no further stream as its filters say."""
    packed = zlib.compress(bytes(8 * MIB), 9)
    return in_pdf(b"9 0 obj<</Filter[/Fl/Fl]>>stream\n" + packed + b"\nendstream\nendobj\n")(size)


def long_codes(size: int) -> bytes:
    """An LZW stream of nine-bit codes: all literals, and the table cleared before it grows."""
    bits = 0
    for code in (256, *range(239)):
        bits = bits << 9 | code
    return in_stream(b"/Filter /LZW", bits.to_bytes(270, "big"))(size)


SLOW: dict[str, Maker] = {
    "7-Zip signatures in a PNG": in_png(b"7z\xbc\xaf\x27\x1c"),
    "ARJ signatures in a PNG": in_png(b"\x60\xea\x28\x0a"),
    "program signatures in a PNG": in_png(b"MZ"),
    "PDF headers in a PNG": in_png(b"%PDF-"),
    "PDF headers and objects in a PNG": in_png(b"0 obj %PDF-1.4 "),
    "tags in a PNG": in_png(b"<"),
    "server marks in a PNG": in_png(b"#!/<?="),
    "ends of archives behind a PNG": lambda size: png() + again(b"PK\x05\x06", size),
    "text behind a PNG": lambda size: png() + b"x" + again(b"some words, \n", size),
    "comment ends behind a GIF": lambda size: gif(width=0x2A2F) + again(b"*/", size),
    "quotes behind a GIF": lambda size: gif(width=0x60) + again(b"`'\"", size),
    "sub-blocks of a GIF": lambda size: gif()[:19] + b"\x21\xfe" + again(b"\x01a", size) + b"\0" + gif()[19:],
    "chains of filters in a PDF": in_pdf(
        b"3 0 obj<</Filter[/AHx/A85/Fl/LZW/RL]/Length 4>>stream\n3c7e>\nendstream endobj "
    ),
    "one element of XML with very many attributes": lambda size: (
        b"<a " + b" ".join(b'a%d="&#65;"' % number for number in range(size // 14)) + b"/>"
    ),
    "scripts in a string of a PDF": lambda size: pdf(
        b"9 0 obj\n<< /A (" + again(b"<script>", size) + b") >>\nendobj\n"
    ),
    "scans of a JPEG": lambda size: jpeg()[:-2] + again(b"\xff\xda\0\x02", size) + b"\xff\xd9",
    "fill bytes of a JPEG": lambda size: jpeg()[:-2] + again(b"\xff", size) + b"\xff\xd9",
    "fill bytes between segments": lambda size: jpeg(again(b"\xff", size) + b"\0"),
    "stuffed bytes of a JPEG": lambda size: jpeg()[:-2] + again(b"\xff\0", size) + b"\xff\xd9",
    "pictures behind a picture": lambda size: again(gif(), size),
    "ARJ signatures in a PDF": in_pdf(b"\x60\xea\x28\x0a"),
    "streams": in_pdf(b"stream\n"),
    "empty streams": in_pdf(b"9 0 obj<<>>stream\nendstream endobj\n"),
    "object streams": in_pdf(b"9 0 obj<</Type/ObjStm>>stream\nendstream\n"),
    "object streams that hold a little": in_pdf(b"9 0 obj<</N 1/First 0/Filter/AHx>>stream\n2f41>endstream\n"),
    "dictionaries without an end": in_pdf(b"9 0 obj<<stream\n"),
    "chains of filters that fail": failing_chain,
    "names in a PDF": in_pdf(b"/A"),
    "names in escapes": in_pdf(b"/#41#42 "),
    "pages": in_pdf(b"/Contents 1 0 R "),
    "attachments": in_pdf(b"9 0 obj<</EF<</F 1 0 R>>>>endobj\n"),
    "attachments without an object": in_pdf(b"/EF "),
    "indirect names": in_pdf(b"9 0 obj<</EF 1 0 R/F 2 0 R>>endobj\n"),
    "digits": in_pdf(b"0"),
    "numbers": in_pdf(b"1 0 "),
    "comments": in_pdf(b"%\n"),
    "gaps": in_pdf(b"endobj\n"),
    "trailers": in_pdf(b"trailer<<>>"),
    "ends": in_pdf(b"startxref 1 "),
    "encryptions": in_pdf(b"/Encrypt 1 0 R "),
    "identities": in_pdf(b"/ID [<00>"),
    "tags in a page": in_stream(b"", b"BT(<script>"),
    "one string": lambda size: pdf(b"9 0 obj<</EF" + again(b"(\\a", size)),
    "one list": lambda size: pdf(b"9 0 obj<</EF[" + again(b"1 ", size)),
    "characters of ASCII85": lambda size: in_stream(b"/Filter /A85", base64.a85encode(bytes(range(1, 255))))(size),
    "zeros of ASCII85": in_stream(b"/Filter /A85", b"z"),
    "runs": in_stream(b"/Filter /RL", b"\x81\0"),
    "codes of LZW": long_codes,
    "tiny portraits": again_as(
        b"BEGIN:VCARD\r\nPHOTO;ENCODING=b;TYPE=PNG:" + base64.b64encode(png()[:70]) + b"\r\nEND:VCARD\r\n"
    ),
    "fields of RTF before others": in_rtf(b"\\fldinst{\\pict " + b"a" * 8_200 + b"}"),
    "fields of RTF that do not end": in_rtf(b"\\fldinst{\\pict {\\\\"),
}
