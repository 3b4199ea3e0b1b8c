"""Programs that a PDF carries: by their first bytes, however they are packed, and by the name that they are given."""

import base64
import zlib
from collections.abc import Callable

import pytest

from consumer.inspection.readers import flate
from consumer.inspection.readers.media import lzw as lengths
from consumer.inspection.readers.pdf import filters, syntax
from consumer.inspection.readers.pdf.syntax import Name, Reference
from consumer.inspection.readers.seen import TooMuch, Work
from consumer.model import Reason
from tests.inspection.files import pdf, program
from tests.inspection.test_pdf import judged, stream


def ascii85(content: bytes) -> bytes:
    return base64.a85encode(content, wrapcol=70) + b"~>"


def runs(content: bytes) -> bytes:
    return b"".join(b"\0" + bytes([byte]) for byte in content) + b"\x80"


def lzw(content: bytes) -> bytes:
    """Every byte as a code of its own, and the table cleared before codes get longer."""
    codes = [code for at in range(0, len(content), 200) for code in (256, *content[at : at + 200])] + [257]
    bits = "".join(f"{code:09b}" for code in codes)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


PACKED: dict[bytes, Callable[[bytes], bytes]] = {
    b"": lambda content: content,
    b"/Filter /FlateDecode": zlib.compress,
    b"/Filter/Fl": zlib.compress,
    b"/Filter%x\n[ /FlateDecode ]": zlib.compress,
    b"/F#69lter /Flate#44ecode": zlib.compress,
    b"/Filter 8 0 R": zlib.compress,
    b"/Filter /ASCII85Decode": ascii85,
    b"/Filter [/ASCII85Decode /FlateDecode]": lambda content: ascii85(zlib.compress(content)),
    b"/Filter /ASCIIHexDecode": lambda content: content.hex().encode() + b">",
    b"/Filter [/AHx /Fl]": lambda content: zlib.compress(content).hex().encode() + b">",
    b"/Filter /RunLengthDecode": runs,
    b"/Filter [/Crypt /FlateDecode]": zlib.compress,
    b"/Filter /LZWDecode": lzw,
    b"/A (1 0 obj << /B) /Filter /FlateDecode": zlib.compress,
    b"/A << /Filter /ASCIIHexDecode >> /Filter /FlateDecode": zlib.compress,
    b"/A (" + b"x" * 5000 + b") /Filter /FlateDecode": zlib.compress,
}
NAMES = b"8 0 obj\n/FlateDecode\nendobj\n"


@pytest.mark.parametrize("said", PACKED)
def test_a_program_is_found_however_it_is_packed_and_without_a_word_that_it_is_a_file(said: bytes) -> None:
    content = PACKED[said](program())
    assert judged(pdf(NAMES + stream(content, said))) is Reason.EMBEDDED_EXECUTABLE
    fine = PACKED[said](b"BT (some words) Tj ET " * 9)
    assert judged(pdf(NAMES + stream(fine, said))) is None


def described(name: bytes) -> bytes:
    return b"8 0 obj\n<< /Type /Filespec %s /EF << /F 9 0 R >> >>\nendobj\n" % name + stream(b"hello")


@pytest.mark.parametrize(
    "name",
    [
        b"/F (invoice.exe)",
        b"/UF (invoice.lnk)",
        b"/F (a.pdf) /UF <feff" + "a.hta".encode("utf-16-be").hex().encode() + b">",
        b"/F (a.\\145xe)",
        b"/F%x\n(a.exe)",
        b"/#46 (a.exe)",
        b"/F 7 0 R",
    ],
)
def test_an_attached_file_that_is_named_as_a_program_is_one(name: bytes) -> None:
    assert judged(pdf(b"7 0 obj\n(a.exe)\nendobj\n" + described(name))) is Reason.EMBEDDED_EXECUTABLE


def test_a_name_in_an_object_stream_counts_as_well() -> None:
    inside = zlib.compress(b"8 0 << /F (a.exe) /EF << /F 9 0 R >> >>")
    assert judged(pdf(stream(inside, b"/N 1 /First 4 /Filter /FlateDecode"))) is Reason.EMBEDDED_EXECUTABLE


@pytest.mark.parametrize("name", [b"/F (invoice.pdf)", b"/F (notes.txt) /UF (notes.txt)", b"/Desc (a.exe)"])
def test_other_attached_files_are_told(name: bytes) -> None:
    assert judged(pdf(described(name))) is None


def test_an_address_is_no_name_of_a_file() -> None:
    assert (
        judged(pdf(described(b"/F (a.pdf)"), catalog=b"/A << /S /SubmitForm /F (http://www.example.com) >> ")) is None
    )


def undone(packed: bytes, *names: bytes) -> bytes:
    return b"".join(filters.undone(flate.cut(packed), names, Work()))


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 5, 255, 70_000])
def test_what_the_filters_undo_is_what_was_packed(length: int) -> None:
    content = bytes(n * n % 251 for n in range(length))
    assert undone(zlib.compress(content), b"FlateDecode") == content
    assert undone(ascii85(content), b"ASCII85Decode") == content
    assert undone(ascii85(bytes(length)), b"A85") == bytes(length)
    assert undone(content.hex().encode() + b">x", b"ASCIIHexDecode") == content
    assert undone(runs(content) + b"x", b"RunLengthDecode") == content
    assert undone(lzw(content), b"LZWDecode") == content


def test_a_stream_that_is_packed_without_end_is_refused() -> None:
    with pytest.raises(TooMuch):
        undone(b"", *[b"Fl"] * 9)


@pytest.mark.parametrize("said", [b"/Filter /LZWDecode", b"/Filter [/ASCII85Decode /LZWDecode]"])
def test_drawings_that_are_packed_by_lzw_are_read_to_the_end(said: bytes) -> None:
    """As Acrobat packed pages until 1996, in letters unless it was told otherwise: most of a megabyte of them."""
    packed = lzw(b"0 0 m 9 9 l S\n" * 50_000)
    assert judged(pdf(stream(ascii85(packed) if b"85" in said else packed, said))) is None


def test_what_lzw_makes_of_little_is_counted() -> None:
    """Each code stands for what the one before stood for, and for a byte more."""
    bits, sizes = 256, (9,) * 254 + (10,) * 512 + (11,) * 1024 + (12,) * 2048
    for code, size in enumerate(sizes, 257):
        bits = bits << size | (97 if code == 257 else code)
    block = bits << 12 | 256
    packed = (block << -(9 + sum(sizes) + 12) % 8).to_bytes((9 + sum(sizes) + 12 + 7) // 8, "big")
    assert lengths.count(packed, 1 << 30, Work()) == 3838 * 3839 // 2
    parts = [stream(packed, b"/Filter /LZWDecode", number) for number in (9, 10, 11)]
    assert judged(pdf(b"".join(parts[:2]))) is None
    assert judged(pdf(b"".join(parts))) is Reason.ARCHIVE_LIMITS


def test_objects_are_read_as_they_are_written() -> None:
    written = b"<</A%]\n[1 0 R(\\(a(b)\\051\\9\\n\\\r\n)<4 1>]/#42 true/C<</D -7>>/E null>> endobj"
    value, end = syntax.read(written, 0, Work())
    assert value == {b"A": [Reference(1), b"(a(b))9\n", b"A"], b"B": True, b"C": {b"D": -7}, b"E": None}
    assert written[end:] == b" endobj"
    assert syntax.read(b" /A#20B ", 0, Work())[0] == Name(b"A B")


def test_a_file_may_end_where_a_stream_begins() -> None:
    assert judged(b"%PDF-1.4\n1 0 obj\n<< /A 1 >>\nendobj\n2 0 obj\n>>stream\n") is Reason.MALFORMED


@pytest.mark.parametrize("broken", [b"", b"(", b"<<", b"[[[", b"<</A", b">>", b"]", b"<4", b"stream", b"<< /A (b \\"])
def test_what_is_broken_ends_where_it_breaks(broken: bytes) -> None:
    assert syntax.read(broken, 0, Work())[1] <= len(broken)
