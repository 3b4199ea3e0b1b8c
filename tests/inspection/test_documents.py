"""Office files: what they are by structure, and what they carry."""

import struct

import pytest

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.policy import Policy
from consumer.inspection.seen import Seen
from consumer.inspection.vba import decompress
from consumer.model import Facts, Reason
from tests.inspection.files import (
    MAIN_TYPES,
    OFFICE,
    SHEET,
    WORD,
    archive,
    attachment,
    compound,
    doc,
    ooxml,
    program,
    relationships,
)

POLICY = Policy.load()
EXTERNAL = '<Relationship Id="x" Type="{office}/{kind}" Target="{target}" TargetMode="External"/>'


def seen(data: bytes) -> Seen:
    return examine(data, Detector())


def codes(data: bytes) -> set[Reason]:
    return {finding.code for finding in seen(data).findings}


def reason(data: bytes, name: str = "a.docx") -> Reason | None:
    found = seen(data)
    facts = Facts(size=len(data), detected_type=found.detected_type, findings=tuple(found.findings))
    return POLICY.decide(attachment(name), facts)


def external(kind: str, target: str) -> bytes:
    row = EXTERNAL.format(office=OFFICE, kind=kind, target=target)
    return ooxml("docx", {"word/_rels/settings.xml.rels": relationships(row)})


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
    "target", ["http://example.com/a.dotm", "https://e/a", "\\\\host\\share\\a.dotm", "file://h/a"]
)
@pytest.mark.parametrize("kind", ["attachedTemplate", "oleObject", "frame"])
def test_what_is_loaded_from_the_network_on_opening_rejects(kind: str, target: str) -> None:
    assert reason(external(kind, target)) is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("hyperlink", "https://example.com/"),
        ("attachedTemplate", "file:///C:/Templates/Normal.dotm"),
        ("image", "https://example.com/logo.png"),
    ],
)
def test_links_local_templates_and_linked_pictures_are_ordinary(kind: str, target: str) -> None:
    assert reason(external(kind, target)) is None


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
        (compound({"Workbook": b"x"}), Reason.CONTENT_NOT_ALLOWED),
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


def packed(text: bytes) -> bytes:
    """A compressed container that holds its text in literal tokens."""
    out = b"\x01"
    for begin in range(0, len(text), 3600):
        piece = text[begin : begin + 3600]
        tokens = b"".join(b"\0" + piece[i : i + 8] for i in range(0, len(piece), 8))
        out += struct.pack("<H", 0xB000 | len(tokens) - 1) + tokens
    return out


def record(kind: int, value: bytes) -> bytes:
    return struct.pack("<HL", kind, len(value)) + value


def project(source: bytes, compiled: int = 700, **more: bytes) -> bytes:
    directory = record(0x1A, b"ThisDocument") + record(0x31, struct.pack("<L", compiled))
    streams = {"dir": packed(directory), "_VBA_PROJECT": b"x", "ThisDocument": bytes(compiled) + packed(source), **more}
    return doc(storages={"VBA": streams})


EMPTY = b'Attribute VB_Name = "ThisDocument"\r\nAttribute VB_Exposed = True\r\n'


def test_a_project_without_a_line_of_code_is_no_macro() -> None:
    found = seen(project(EMPTY))
    assert (found.findings, found.flags) == ([], ["empty_macro_project"])


@pytest.mark.parametrize(
    "data",
    [
        project(EMPTY + b"Sub AutoOpen()\r\nShell 1\r\nEnd Sub\r\n"),
        project(EMPTY, compiled=3_000),
        project(EMPTY, Module2=b"code"),
        project(b""),
    ],
    ids=["source", "compiled code whose source was removed", "a module that is not listed", "no source at all"],
)
def test_any_code_in_a_project_is_a_macro(data: bytes) -> None:
    assert reason(data, "a.doc") is Reason.MACROS


def test_compressed_source_is_read_with_its_copies() -> None:
    container = bytes.fromhex("0119b000616162636465668221700861696a6b6c08613806616d6e6f703806617103700410726361a802a6")
    assert decompress(b"") == b""
    assert decompress(packed(b"Sub x" * 2_000)) == b"Sub x" * 2_000
    example = bytes.fromhex("0103b002614500")
    assert decompress(example) == b"a" * 73
    assert len(decompress(container)) <= 4096
