"""Fields of Word that load something, in each of its formats."""

from __future__ import annotations

import pytest

from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import compound
from tests.inspection.test_ooxml import field, with_part

REFUSED = [
    r'INCLUDEPICTURE "\\\\files.example.com\\share\\x.png" \d',
    r"  includepicture \\\\203.0.113.9\\share\\x.png  \* MERGEFORMAT \d",
    r'INCLUDEPICTURE "file://files.example.com/share/x.png" \d',
    r'INCLUDETEXT "\\files.example.com\\share\\x.docx"',
    r'LINK htmlfile "http://example.com/x.html" \a \t',
    r'LINK Word.Document.8 "mhtml:http://example.com/x.html!x" "a b" \a \r',
]
TOLD = [
    'INCLUDETEXT "http://example.com/x.docx"',
    'LINK Word.Document "https://example.com/x.docx"',
    r'INCLUDEPICTURE "\\\\server\\share\\logo.png" \* MERGEFORMATINET',
    r'INCLUDEPICTURE "http://example.com/x.png" \* MERGEFORMATINET',
    r'INCLUDEPICTURE "cid:image001.png@01D00000.00000000/x" \* MERGEFORMATINET',
    r'LINK Excel.Sheet.12 "\\\\server\\share\\a b.xlsx" "Sheet1!R1C1:R9C9" \a \f 5 \h',
]
ORDINARY = [
    r'INCLUDEPICTURE "C:\\Pictures\\a b.png" \d',
    "INCLUDEPICTURE pictures/a.png",
    r'LINK Excel.Sheet.8 "C:\\a.xls" Z1S1:Z9S9 \a',
    "INCLUDETEXT",
    r'HYPERLINK "\\\\files.example.com\\share"',
]


def in_docx(instruction: str) -> bytes:
    escaped = instruction.replace('"', "&quot;")
    return with_part(field(escaped[:4], escaped[4:]), "word/document2.xml")


def in_doc(instruction: str, encoding: str = "cp1252") -> bytes:
    text = f"\x13 {instruction} \x14shown\x15".encode(encoding)
    head = b"\xec\xa5\xc1\0" + bytes(28)
    return compound({"WordDocument": (head + text).ljust(4096, b"\0"), "1Table": b""})


@pytest.mark.parametrize("instruction", REFUSED)
def test_a_field_that_loads_something_from_the_network_rejects(instruction: str) -> None:
    assert wide.codes(in_docx(instruction), "a.docx") == {Reason.EXTERNAL_REFERENCE}
    for encoding in ("cp1252", "utf-16-le"):
        assert wide.codes(in_doc(instruction, encoding), "a.doc") == {Reason.EXTERNAL_REFERENCE}


@pytest.mark.parametrize(("instructions", "flags"), [(TOLD, ["external_references"]), (ORDINARY, [])])
def test_a_picture_of_the_web_and_a_linked_workbook_are_told_and_what_is_here_is_ordinary(
    instructions: list[str], flags: list[str]
) -> None:
    for instruction in instructions:
        for data, name in ((in_docx(instruction), "a.docx"), (in_doc(instruction), "a.doc")):
            found = wide.seen(data, name)
            assert (instruction, found.findings, found.flags) == (instruction, [], flags)
