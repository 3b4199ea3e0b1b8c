"""Office files: what they are by structure, and what they carry."""

import pytest

from consumer.model import Reason
from tests.inspection.files import MAIN_TYPES, SHEET, WORD, archive, compound, doc, ooxml, program
from tests.inspection.judging import codes, reason, seen
from tests.inspection.old_office import xls


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx"])
@pytest.mark.parametrize("kind", sorted(set(MAIN_TYPES) - {"docx", "xlsx"}))
def test_no_macro_or_template_document_passes_for_a_plain_one(kind: str, name: str) -> None:
    assert reason(ooxml(kind), name) in (Reason.MACROS, Reason.TEMPLATE, Reason.CONTENT_NOT_ALLOWED)


@pytest.mark.parametrize(
    ("more", "types"),
    [
        ({"word/vbaProject.bin": b"x"}, ""),
        ({"word/VBAPROJECT.BIN": b"x"}, ""),
        (
            {"word/stuff.dat": b"x"},
            '<Override PartName="/word/stuff.dat" ContentType="application/vnd.ms-office.vbaProject"/>',
        ),
        ({"word/x.dat": b"x"}, '<Default Extension="dat" ContentType="application/vnd.ms-office.vbaProject"/>'),
        ({"xl/macrosheets/sheet1.xml": b"<a/>"}, ""),
    ],
)
def test_macros_are_found_however_their_part_is_called(more: dict[str, bytes], types: str) -> None:
    assert Reason.MACROS in codes(ooxml("docx", more, types))


def test_the_main_part_tells_the_type_wherever_it_lies_in_the_archive() -> None:
    assert seen(ooxml("docx")).detected_type == WORD
    assert seen(ooxml("xlsx", {"word/document.xml": "<a/>"})).detected_type == SHEET
    assert seen(archive({"word/document.xml": "<a/>"})).detected_type == "application/zip"
    assert reason(archive({"word/document.xml": "<a/>"})) is Reason.CONTENT_NOT_ALLOWED


@pytest.mark.parametrize(
    "more",
    [
        {"word/evil.exe": b"anything"},
        {"word/media/image1.png": program()},
        {"word/run.vbs": b"MsgBox 1"},
        {"word/embeddings/o.bin": compound({"\x01Ole10Native": b"\x00\x01\x00\x00\x02\x00setup.bat\0C:\\setup.bat\0"})},
        {"word/embeddings/o.bin": compound({"\x01Ole10Native": b"\x00\x01\x00\x00\x02\x00x\0\0" + program()})},
        {"word/embeddings/a.zip": archive({"b.exe": program()})},
    ],
)
def test_a_program_in_a_document_rejects(more: dict[str, bytes]) -> None:
    assert reason(ooxml("docx", more)) is Reason.EMBEDDED_EXECUTABLE


SIGNED_BY = "package/services/digital-signature/certificate/5A16836A12348DA540F53396B3398B42.cer"
CERTIFICATE = b"\x30\x82\x01\x04\x30\x81" + bytes(258)


def test_the_certificate_in_a_document_that_dotnet_signed_is_no_program() -> None:
    """`PackageDigitalSignatureManager` keeps it as a part of its own, unless it is told otherwise."""
    assert reason(ooxml("docx", {SIGNED_BY: CERTIFICATE}), "a.docx") is None
    for name, content in (
        (SIGNED_BY, b"MZ" + CERTIFICATE),
        ("word/a.cer", CERTIFICATE),
        (f"{SIGNED_BY}.exe", CERTIFICATE),
    ):
        assert reason(ooxml("docx", {name: content}), "a.docx") is Reason.EMBEDDED_EXECUTABLE


def test_a_document_in_a_document_is_ordinary() -> None:
    more = {"word/embeddings/sheet.xlsx": ooxml("xlsx"), "word/embeddings/o.bin": compound({"CONTENTS": b"%PDF-1.4"})}
    found = seen(ooxml("docx", more))
    assert (found.findings, found.flags) == ([], ["embedded_files"])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (doc(0x0100), Reason.ENCRYPTED),
        (doc(0x0001), Reason.TEMPLATE),
        (compound({"EncryptedPackage": b"x", "EncryptionInfo": b"y"}), Reason.ENCRYPTED),
        (xls(), Reason.CONTENT_NOT_ALLOWED),
        (compound({"Workbook": b"x"}), Reason.MALFORMED),
        (compound({"Workbook": b"x", "WordDocument": b"no text"}), Reason.MALFORMED),
        (doc(storages={"VBA": {"dir": b"x", "Module1": b"y"}}), Reason.MACROS),
        (doc(storages={"VBA": {"_VBA_PROJECT": b"x"}}), Reason.MACROS),
        (doc(storages={"ObjectPool": {"\x01Ole10Native": b"\0\0\0\0\2\0run.js\0"}}), Reason.EMBEDDED_EXECUTABLE),
        (doc()[:600], Reason.MALFORMED),
        (doc(), None),
        (doc(storages={"ObjectPool": {"Workbook": b"x"}}), None),
    ],
)
def test_an_old_document_is_what_its_root_streams_say(data: bytes, expected: Reason | None) -> None:
    assert reason(data, "a.doc") is expected
