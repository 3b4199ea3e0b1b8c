"""OLE files: what is dropped into them, macros with and without code, and what stands behind their last sector."""

import struct
from uuid import UUID

import pytest

from consumer.inspection.readers.office.compound import CompoundFile
from consumer.inspection.readers.office.vba import decompress
from consumer.inspection.readers.seen import TooMuch, Work
from consumer.model import Reason
from tests.inspection.files import archive, compound, doc, ooxml, pdf, program
from tests.inspection.judging import codes, reason, seen

NATIVE = "\x01Ole10Native"
SHORTCUT = b"L\0\0\0\x01\x14\x02\0".ljust(200, b"\x01")


def dropped(content: bytes, label: bytes = b"a.txt", second_name: str = "") -> bytes:
    """A file as the packager of Windows stores it."""
    path = b"C:\\" + label + b"\0"
    body = b"\x02\0" + label + b"\0" + path + b"\0\0\x03\0" + struct.pack("<L", len(path)) + path
    body += struct.pack("<L", len(content)) + content
    for name in (path.decode("latin-1"), second_name or label.decode("latin-1"), ""):
        body += struct.pack("<L", len(name)) + name.encode("utf-16-le")
    return struct.pack("<L", len(body)) + body


@pytest.mark.parametrize(
    "stream",
    [
        dropped(program()),
        dropped(SHORTCUT),
        dropped(b"hello", b"setup.bat"),
        dropped(b"hello", b"a.txt", "a.exe"),
        dropped(b"hello", b"manual.chm"),
        dropped(program(), b"A" * 5_000),
    ],
    ids=["program", "shortcut", "by its name", "by its second name", "compiled help", "behind a long name"],
)
def test_a_program_that_was_dropped_in_is_found_wherever_its_bytes_or_names_are(stream: bytes) -> None:
    assert reason(doc(storages={"ObjectPool": {NATIVE: stream}}), "a.doc") is Reason.EMBEDDED_EXECUTABLE


def test_a_letter_that_was_dropped_in_is_ordinary() -> None:
    found = seen(doc(storages={"ObjectPool": {NATIVE: dropped(b"Dear Sir, MZ is a label", b"letter.txt")}}))
    assert (found.findings, found.flags) == ([], ["embedded_files"])


@pytest.mark.parametrize("content", [program(), SHORTCUT])
def test_a_program_in_any_stream_is_found(content: bytes) -> None:
    assert reason(doc(storages={"ObjectPool": {"CONTENTS": content}}), "a.doc") is Reason.EMBEDDED_EXECUTABLE


def test_a_document_made_of_nothing_but_places_to_look_at_is_given_up() -> None:
    stream = b"\0\0\0\0\2\0a\0" + b"MZ" * 30_000
    data = doc(storages={"ObjectPool": {NATIVE: stream}, **{f"{n}": {NATIVE: stream} for n in range(9)}})
    assert reason(data, "a.doc") is Reason.ARCHIVE_LIMITS


@pytest.mark.parametrize(
    "behind",
    [
        b"Rar!\x1a\x07\x00" + bytes(40),
        b"junk " + b"Rar!\x1a\x07\x00" + bytes(40),
        b"junk " + archive({"a": b"b"}),
        b"junk " + program(),
        b"junk <script>alert(1)</script>",
        b"junk " + pdf(),
        bytes(700) + doc(),
        b"junk <% execute(request(1)) %>",
    ],
)
def test_another_format_behind_the_last_sector_is_found_behind_junk_as_well(behind: bytes) -> None:
    assert reason(doc() + behind, "a.doc") is Reason.SECOND_FORMAT


def with_unused(content: bytes) -> bytes:
    """A document with a stream that was deleted: its sectors are free, and hold what they held."""
    data = bytearray(doc(Data=content))
    (table,) = struct.unpack_from("<L", data, 76)
    first = data.index(content) // 512 - 1
    for sector in range(first, first + max(8, -(-len(content) // 512))):
        struct.pack_into("<L", data, (table + 1) * 512 + 4 * sector, 0xFFFFFFFF)
    return bytes(data)


def test_another_format_in_unused_sectors_is_found_and_leftovers_are_ordinary() -> None:
    assert reason(with_unused(b"Rar!\x1a\x07\x00".ljust(900, b"\1")), "a.doc") is Reason.SECOND_FORMAT
    assert reason(with_unused(b"junk " + archive({"a": b"b"})), "a.doc") is Reason.SECOND_FORMAT
    assert codes(with_unused(compound({"a": b"b"})[:3_000])) == set()
    assert codes(with_unused(b"some words about <script> and print('x') that were deleted")) == set()


def test_padding_and_junk_behind_the_last_sector_are_no_format() -> None:
    assert codes(doc() + bytes(900)) == set()
    assert codes(doc() + b"\x17\x03 some leftover words" * 30) == {Reason.TRAILING_DATA}


@pytest.mark.parametrize(
    "text",
    [
        b'\x13DDEAUTO c:\\\\windows\\\\cmd.exe "/k calc" \x14\x15',
        b'\x13 DDE excel "a.xls" r1c1\x15',
        '\x13 DDEAUTO "cmd" "/k calc"\x15'.encode("utf-16-le"),
    ],
)
def test_a_field_that_asks_another_program_for_data_rejects(text: bytes) -> None:
    word = b"\xec\xa5\xc1\0" + bytes(28)
    assert reason(compound({"WordDocument": word + text, "1Table": b""}), "a.doc") is Reason.EXTERNAL_REFERENCE
    assert reason(compound({"WordDocument": word + b"\x13 PAGE \x15 Dear DDE users", "1Table": b""}), "a.doc") is None


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


def compiled(lines: bytes = b"", before: int = 700) -> bytes:
    """A module's compiled part, with its table of lines: twelve bytes for each."""
    return bytes(before) + b"\xfe\xca\x01\0" + struct.pack("<H", len(lines) // 12) + lines + b"\xff" * 4 + bytes(20)


BLANK_LINE = bytes.fromhex("008009000000000000000000")
LINE = bytes.fromhex("228108000600000000000000")


def project(source: bytes, module: bytes | None = None, name: str = "ThisDocument", **more: bytes) -> bytes:
    module = compiled() if module is None else module
    names = record(0x1A, name.encode("cp1251")) + record(0x32, name.encode("utf-16-le"))
    directory = names + record(0x31, struct.pack("<L", len(module)))
    streams = {"dir": packed(directory), "_VBA_PROJECT": b"x", name: module + packed(source), **more}
    return doc(storages={"VBA": streams})


EMPTY = b'Attribute VB_Name = "ThisDocument"\r\nAttribute VB_Exposed = True\r\n'
CONTROLS = b'Attribute VB_Control = "CheckBox1, 0, 1, MSForms, CheckBox"\r\n' * 9


@pytest.mark.parametrize(
    "data",
    [
        project(EMPTY),
        project(EMPTY, compiled(BLANK_LINE)),
        project(EMPTY + CONTROLS, compiled(before=3_000)),
        project(EMPTY, name="ЭтотДокумент"),
    ],
    ids=["as Word makes it", "a blank line", "controls of a form", "named in Cyrillic letters"],
)
def test_a_project_without_a_line_of_code_is_no_macro(data: bytes) -> None:
    found = seen(data)
    assert (found.findings, found.flags) == ([], ["empty_macro_project"])


@pytest.mark.parametrize(
    "data",
    [
        project(EMPTY + b"Sub AutoOpen()\r\nShell 1\r\nEnd Sub\r\n"),
        project(EMPTY, compiled(LINE)),
        project(EMPTY + CONTROLS, compiled(LINE * 3)),
        project(EMPTY, compiled() + bytes(500)),
        project(EMPTY, compiled() + compiled()),
        project(EMPTY, bytes(700)),
        project(EMPTY, Module2=b"code"),
        project(b""),
        project(EMPTY * 1_500),
    ],
    ids=[
        "source",
        "a compiled line whose source was removed",
        "compiled lines behind a form",
        "compiled code behind the lines",
        "two tables of lines",
        "no table of lines",
        "a module that is not listed",
        "no source at all",
        "more than any module without code",
    ],
)
def test_any_code_in_a_project_is_a_macro(data: bytes) -> None:
    assert reason(data, "a.doc") is Reason.MACROS


def test_a_project_is_one_whatever_its_storage_is_called() -> None:
    streams = {"dir": packed(b""), "_VBA_PROJECT": b"x", "Module1": b"code"}
    assert reason(doc(storages={"VBB": streams}), "a.doc") is Reason.MACROS


def test_compressed_source_is_read_with_its_copies() -> None:
    container = bytes.fromhex("0119b000616162636465668221700861696a6b6c08613806616d6e6f703806617103700410726361a802a6")
    assert unpacked(b"") == b""
    assert unpacked(packed(b"Sub x" * 2_000)) == b"Sub x" * 2_000
    assert unpacked(bytes.fromhex("0103b002614500")) == b"a" * 73
    assert len(unpacked(container)) <= 4096


def unpacked(container: bytes) -> bytes:
    return decompress(container, 1 << 20, Work())


def test_unpacking_is_paid_for() -> None:
    with pytest.raises(TooMuch):
        decompress(packed(bytes(100_000)), 1 << 20, Work(1 << 20))


def test_the_controls_of_a_form_are_told() -> None:
    data = doc(storages={"ObjectPool": {"\x03OCXNAME": b"C\0h\0e\0c\0k\0"}})
    assert codes(data) == {Reason.ACTIVE_CONTENT}
    assert reason(data, "a.doc") is None


def test_reading_a_directory_is_paid_for() -> None:
    data = compound({f"{n}": b"" for n in range(40)})
    with pytest.raises(TooMuch):
        CompoundFile(data, Work(100_000))


def test_an_archive_that_opens_the_whole_document_is_judged_by_what_is_in_it() -> None:
    theme = ooxml("docx", {"theme/theme.xml": "<a/>"})
    for harmless in (archive({"a.txt": b"words"}), theme, archive({"a.txt": b"words"})[:-30]):
        assert codes(doc(More=harmless)) == set()
    assert codes(doc(More=archive({"run.js": b"alert(1)"}))) == {Reason.EMBEDDED_EXECUTABLE}
    macros = seen(doc(More=ooxml("docm", {"word/vbaProject.bin": b"x"})))
    assert (macros.findings, macros.flags) == ([], ["embedded_macros"])


def test_what_programs_find_that_search_a_document_is_another_format() -> None:
    assert Reason.SECOND_FORMAT in codes(doc(More=b"Rar!\x1a\x07\0" + bytes(60)))
    assert Reason.SECOND_FORMAT in codes(compound({"A": pdf(), "WordDocument": doc()[512:4608]}))
    assert codes(doc(More=pdf())) == set()


@pytest.mark.parametrize("kind", [0x000C1082, 0x000C1084, 0x000C1086])
def test_a_document_with_the_class_of_an_installer_is_one(kind: int) -> None:
    class_ = UUID(fields=(kind, 0, 0, 0xC0, 0, 0x46)).bytes_le
    made = doc()
    root = made.index("Root Entry".encode("utf-16-le"))
    assert reason(made, "a.doc") is None
    assert reason(made[: root + 80] + class_ + made[root + 96 :], "a.doc") is Reason.SECOND_FORMAT


PAGE = b"<html><body><script>alert(1)</script></body></html>"


@pytest.mark.parametrize(
    ("content", "label"),
    [
        (PAGE, b"invoice.html"),
        (PAGE, b"invoice.dat"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", b"a.svg"),
        (archive({"a.exe": b"x"}), b"a.zip"),
        (archive({"META-INF/MANIFEST.MF": "Main-Class: a\n", "a.class": bytes.fromhex("cafebabe00000034")}), b"a.zip"),
        (rb"{\rtf1{\object\objdata 0105}}", b"a.doc"),
    ],
)
def test_a_file_that_was_dropped_in_is_judged_like_one_that_is_attached(content: bytes, label: bytes) -> None:
    stream = dropped(content, label)
    assert reason(doc(storages={"ObjectPool": {NATIVE: stream}}), "a.doc") is Reason.EMBEDDED_EXECUTABLE
    packed_in = ooxml("docx", {"word/embeddings/oleObject1.bin": compound({NATIVE: stream})})
    assert reason(packed_in, "a.docx") is Reason.EMBEDDED_EXECUTABLE


def test_an_archive_that_was_dropped_in_has_to_open() -> None:
    for content in (b"Rar!\x1a\x07\x01\0" + bytes(40), b"7z\xbc\xaf\x27\x1c" + bytes(40)):
        data = doc(storages={"ObjectPool": {NATIVE: dropped(content, b"a.dat")}})
        assert Reason.ARCHIVE_LIMITS in codes(data)


@pytest.mark.parametrize(
    "content", [pdf(), archive({"a.zip": archive({"a.txt": b"a"})}), b"<a>b</a>", b"Dear Sir", ooxml("xlsx")]
)
def test_a_harmless_file_that_was_dropped_in_is_ordinary(content: bytes) -> None:
    packed_in = ooxml("docx", {"word/embeddings/a.bin": compound({NATIVE: dropped(content, b"a")})})
    assert (seen(packed_in).findings, seen(packed_in).flags) == ([], ["embedded_files"])
