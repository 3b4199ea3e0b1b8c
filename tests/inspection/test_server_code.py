"""Code of a server's page between its marks, and what only looks like it: a PDF's pages that are written in letters."""

import base64
import random

import pytest

from consumer.inspection.readers import scripts, server_code
from consumer.inspection.readers.seen import Work
from consumer.model import Reason
from tests.inspection.files import pdf
from tests.inspection.judging import codes

OBJECT = b"\n9 0 obj\n<< /Length 3 >>\nstream\n"
RUNS = b'execute(request("c"))'


def written_in_letters(seed: int, line: int, end: bytes) -> bytes:
    """As ReportLab writes each page, and Distiller where it was asked for no binary bytes."""
    chosen, objects = random.Random(seed), b""
    for number in range(20, 50):
        letters = base64.a85encode(chosen.randbytes(chosen.choice((300, 1200, 2500))), wrapcol=line)
        begin = b"%d 0 obj%s<< /Filter [ /ASCII85Decode /FlateDecode ] /Length %d >>%sstream\n"
        letters = letters.replace(b"\n", end)
        objects += begin % (number, end, len(letters) + 2, end) + letters + b"~>endstream" + end + b"endobj" + end
    return pdf(objects)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("line", [0, 72])
def test_pages_that_are_written_in_letters_are_no_server_s(line: int, end: bytes) -> None:
    assert [codes(written_in_letters(seed, line, end)) for seed in range(12)] == [set()] * 12


@pytest.mark.parametrize(
    "letters",
    [
        b"<?=#*^bN3I>>]$_tE3" + b"a" * 5_000,
        b"<?=abc#" + b"$_" * 2_500,
        b"<?=#x\n~>endstream\nendobj\n10 0 obj\n<< /Length 9 >>\nstream\n$_ ?>",
    ],
)
def test_a_tag_of_php_among_letters_is_none_where_nothing_but_a_remark_or_an_object_follows(letters: bytes) -> None:
    assert codes(pdf(b"9 0 obj\n<< /Length 99 >>\nstream\n" + letters + b"\nendstream\nendobj\n")) == set()


@pytest.mark.parametrize(
    "code", [b"<?=system(#" + b"x" * 2_000 + b"\n$_GET[0])?>", b"<?=system(/*" + OBJECT + b"*/$_GET[0])?>"]
)
def test_a_remark_in_code_of_php_hides_nothing(code: bytes) -> None:
    assert codes(pdf(b"9 0 obj\n<< /Length 99 >>\nstream\n" + code + b"\nendstream\nendobj\n")) == {
        Reason.SECOND_FORMAT
    }


@pytest.mark.parametrize(
    "code",
    [
        RUNS,
        RUNS + b" /*" + OBJECT + b"*/ ",
        b'var a = "\\"; x = /[)"]/; /*' + OBJECT + b"*/ eval(a) ",
        b'var a = @"\\" + ")"; /*' + OBJECT + b"*/ eval(a) ",
        b"var a = ')'; // it's\n" + RUNS + b'; b = @"' + OBJECT + b'" ',
        b"char a = '\"'; /*" + OBJECT + b"*/ eval(a) ",
    ],
)
def test_code_runs_though_an_object_stands_in_its_remarks_and_strings(code: bytes) -> None:
    assert list(scripts.asp(b"%PDF-1.4 <% " + code + b"%>", Work())) == [9]


@pytest.mark.parametrize(
    "code",
    [
        OBJECT + RUNS,
        RUNS + OBJECT,
        b"a )" + b"(/*" + OBJECT + b"*/)",
        b"// /*" + OBJECT + b"*/",
        b"(/*" + OBJECT + b"*/",
    ],
)
def test_an_object_between_the_lines_is_no_code(code: bytes) -> None:
    assert not server_code.may_be(code)
