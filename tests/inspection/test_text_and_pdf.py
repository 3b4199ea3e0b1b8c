import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.detection import Detector, squeezed
from consumer.inspection.examination import examine
from consumer.inspection.policy.policy import Policy
from consumer.inspection.readers.pdf.password import Encryption, encryption
from consumer.inspection.readers.seen import Work
from consumer.inspection.readers.table import ALIASES
from consumer.model import Facts, Reason
from tests.inspection.files import attachment, pdf, program

POLICY = Policy.load()
DETECTOR = Detector()


def reason(data: bytes, name: str) -> Reason | None:
    seen = examine(data, DETECTOR)
    facts = Facts(size=len(data), detected_type=seen.detected_type, findings=tuple(seen.findings))
    return POLICY.decide(attachment(name), facts)


README = b"""My tool
=======

Install it:

    $ curl https://example.com/install.sh | sh
    $x = New-Object Net.WebClient

Then write some JavaScript, for example `eval("1")`:

    function f(a) { return require("b").c(a); }

and run it. `#!/bin/sh` stands at the beginning of scripts. <html> is the beginning of pages.
Use CreateObject("WScript.Shell") in VBScript only if you must, and @echo off in batch files.
"""


@pytest.mark.parametrize(
    "data",
    [
        README,
        b"k",
        b"ok\n",
        b"name,amount\na,1\nb,2\nc,3\n",
        b"Hello, world\n" * 12,
        b'{"a": [1, 2, 3]}',
        b"From: a@example.com\nTo: b@example.com\nSubject: hello\n\nHi\n",
        b"BEGIN:VCARD\nVERSION:3.0\nN:Doe\nEND:VCARD\n",
        b"2026-01-01 12:00:00,123 INFO started, ok\n" * 30,
        b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        "Grüße aus Köln, 12 €".encode(),
        "Grüße aus Köln".encode("latin-1"),
        "Привет, как дела? Посмотрите на файл.".encode("cp1251"),
        "これはテストの文章です。".encode("shift-jis") * 4,
        "Grüße".encode("utf-16"),
        "\ufeffGrüße".encode("utf-16-be"),
        "Plain notes written by an old tool.\r\n".encode("utf-16-le"),
        b"page one\x0cpage two\n\x1a",
        b"\x1b[31mred\x1b[0m\n" * 3,
        b"<?xml version='1.0'?>\n<note>hi</note>\n",
        b"x\n" + b"\n" * 100_000,
    ],
)
def test_what_people_write_is_text(data: bytes) -> None:
    assert reason(data, "a.txt") is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<?php phpinfo();\n", Reason.SCRIPT),
        (b"<!DOCTYPE html><title>x</title>", Reason.CONTENT_NOT_ALLOWED),
        (b"<html><script>alert(1)</script></html>", Reason.CONTENT_NOT_ALLOWED),
        (
            b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            Reason.SCRIPT,
        ),
        (b"{\\rtf1 hello}", Reason.CONTENT_NOT_ALLOWED),
        (program(), Reason.CONTENT_NOT_ALLOWED),
        (b"text\x00with\x01binary\x02in\x03it" * 9, Reason.CONTENT_NOT_ALLOWED),
        (b"\0<" * 4096, Reason.UNDETECTABLE),
        (b"", Reason.EMPTY),
        (b" \r\n\t" * 50_000, Reason.EMPTY),
        (b"\0" * 9, Reason.EMPTY),
    ],
)
def test_what_is_no_plain_text_is_rejected_under_a_text_name(data: bytes, expected: Reason) -> None:
    assert reason(data, "a.txt") is expected


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1))
def test_any_printable_text_is_told_at_most(text: str) -> None:
    seen = examine(text.encode(), DETECTOR)
    assert {finding.code for finding in seen.findings} <= {Reason.LOOKS_LIKE_CODE, Reason.EMPTY}


@given(st.binary())
def test_squeezing_keeps_all_but_white_space(data: bytes) -> None:
    assert squeezed(data).split() == data.split()


def test_libmagics_names_are_those_of_every_version() -> None:
    assert set(ALIASES.values()).isdisjoint(set(ALIASES))


def test_a_form_is_a_remark() -> None:
    seen = examine(pdf(catalog=b"/AcroForm << /Fields [] >>"), DETECTOR)
    assert (seen.findings, seen.flags) == ([], ["form"])


def test_a_program_that_is_attached_to_a_pdf_rejects_packed_or_not() -> None:
    import zlib

    part = b"9 0 obj\n<< /Type /EmbeddedFile %s /Length %d >>\nstream\n%s\nendstream\nendobj\n"
    plain, packed = program(), zlib.compress(program())
    assert reason(pdf(part % (b"", len(plain), plain)), "a.pdf") is Reason.EMBEDDED_EXECUTABLE
    assert reason(pdf(part % (b"/Filter /FlateDecode", len(packed), packed)), "a.pdf") is Reason.EMBEDDED_EXECUTABLE


@pytest.mark.parametrize("before", [b"\r\n", b"\xef\xbb\xbf", b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", b"junk " * 30])
def test_a_header_may_stand_a_little_late(before: bytes) -> None:
    assert reason(before + pdf(), "a.pdf") is None


@pytest.mark.parametrize(
    "before",
    [b"/{(", b'x = "', b"x = `\n", b"cat <<EOF\n", b"$x = <<'END'\r\n", b'"""\n', b"run(\n", b"(*", b"--[["],
)
def test_what_opens_a_string_that_swallows_the_document_is_a_script(before: bytes) -> None:
    assert reason(before + pdf(), "a.pdf") is Reason.SECOND_FORMAT


def test_the_header_of_an_old_mac_is_no_second_format() -> None:
    header = b"\0\x05a.pdf".ljust(65, b"\0") + b"PDF CARO"
    assert reason(header.ljust(128, b"\0") + pdf(), "a.pdf") is None
    assert reason(header.ljust(127, b"\1") + pdf(), "a.pdf") is Reason.SECOND_FORMAT


def test_what_a_mac_wraps_a_document_in_is_no_second_format() -> None:
    """AppleSingle (RFC 1740), as mailers and servers of old Macs left it: a table of places, the file last."""

    def wrapped(place: int) -> bytes:
        table = struct.pack(">6L", 9, 50, 32, 1, place, len(pdf()))
        return b"\0\5\x16\0\0\2\0\0".ljust(24, b"\0") + b"\0\2" + table + b"PDF CARO\1\2".ljust(32, b"\x90") + pdf()

    assert reason(wrapped(82), "a.pdf") is None
    for place in (0, 81, 83):
        assert reason(wrapped(place), "a.pdf") is Reason.SECOND_FORMAT


def test_words_of_a_page_may_speak_of_markup() -> None:
    shown = b"9 0 obj\n<< /Length 60 >>\nstream\nBT (the <html> tag and <script>) Tj ET\nendstream\nendobj\n"
    assert reason(pdf(shown), "a.pdf") is None
    for hidden in (
        shown.replace(b"Tj", b"--"),
        shown.replace(b"BT", b"--"),
        shown.replace(b"<script>", b"<?php eval();"),
    ):
        assert reason(pdf(hidden), "a.pdf") is Reason.SECOND_FORMAT
    assert reason(pdf(shown + b"<script>alert(1)</script>"), "a.pdf") is Reason.SECOND_FORMAT


def test_a_text_may_end_with_the_end_of_its_string_and_have_gaps_that_a_crash_left() -> None:
    assert reason(b"a text that a program wrote\n\0", "a.txt") is None
    assert reason(b"one line\n" + bytes(4096) + b"the next line, after the crash\n" * 99, "a.txt") is None
    assert examine(b"one line\n" + bytes(9) + b"the next line\n", DETECTOR).has(Reason.CONTROL_CHARACTERS)
    assert reason(b"ab\0c\0\0def\0" * 20, "a.txt") is not None


def test_a_list_of_things_to_do_is_a_text_like_a_list_of_commands() -> None:
    assert reason(b"Call Bob\nSet the table\nStart the oven\nGo home\nCopy the keys\nExit at nine\n", "a.txt") is None
    assert reason(b"copy a b\nstart evil.exe\nexit\n", "a.txt") is None


def test_binary_data_before_the_header_is_another_file() -> None:
    assert reason(bytes(range(1, 100)) + bytes(20) + pdf(), "a.pdf") is Reason.SECOND_FORMAT


def protected(user: bytes, salt: bytes = b"12345678") -> bytes:
    """AES-256 of the first kind (revision 5), which needs no cipher to be tried."""
    digest = hashlib.sha256(user + salt).digest() + salt + bytes(8)
    entry = (
        b"9 0 obj\n<< /Filter /Standard /V 5 /R 5 /StmF /StdCF /StrF /StdCF /U <%s> >>\nendobj\n"
        % digest.hex().encode()
    )
    return pdf(entry, trailer=b"/Encrypt 9 0 R /ID [<00> <00>] ")


def test_a_pdf_that_opens_without_a_password_is_only_restricted() -> None:
    assert encryption(pdf(), Work()) is Encryption.NONE
    assert encryption(protected(b""), Work()) is Encryption.OPENS_FREELY
    assert reason(protected(b""), "a.pdf") is None
    assert encryption(protected(b"secret"), Work()) is Encryption.NEEDS_PASSWORD
    assert reason(protected(b"secret"), "a.pdf") is Reason.ENCRYPTED


def test_an_encryption_that_nobody_knows_counts_as_a_password() -> None:
    strange = pdf(b"9 0 obj\n<< /Filter /Own /V 4 /StmF /X >>\nendobj\n", trailer=b"/Encrypt 9 0 R ")
    assert reason(strange, "a.pdf") is Reason.ENCRYPTED
