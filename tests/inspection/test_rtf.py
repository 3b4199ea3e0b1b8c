"""RTF: what it brings along for other programs, in whatever spelling, and where it ends."""

import random
from contextlib import suppress

import pytest

from consumer.inspection.readers import rtf
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Unreadable, Work
from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import archive, program

LETTER = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Helvetica;}}{\colortbl;\red255\green0\blue0;}"
    rb"{\*\generator Riched20 10.0;}{\info{\title A \{letter\}}}\pard\f0 Dear Sir, c:\\temp\\object \'e4\'f6\u8364?\par"
    rb"{\field{\*\fldinst{HYPERLINK http://example.com}}{\fldrslt{here}}}{\pict\pngblip 89504e47}\par}"
)


def field(instruction: bytes) -> bytes:
    return rb"{\rtf1 {\field{\*\fldinst " + instruction + rb"}{\fldrslt x}}}"


def test_a_letter_is_accepted() -> None:
    found = wide.seen(LETTER, "a.rtf")
    assert (found.detected_type, found.findings, found.flags) == ("application/rtf", [], [])


@pytest.mark.parametrize("start", [rb"{\rtf1", rb"{\rt", rb"{\rtx", rb"{\RTF1", b"{\n\\rtf1", rb"{\rt{}"])
def test_whatever_begins_so_is_rtf_to_word(start: bytes) -> None:
    assert wide.seen(start + rb" hello\par}", "a.doc").detected_type == "application/rtf"


@pytest.mark.parametrize(
    "text",
    [
        rb"{\rtf1{\object\objemb{\*\objdata 0105}}}",
        rb"{\rtf1{\object\objautlink\objupdate{\*\objdata 0105}}}",
        rb"{\rtf1{\*\objdata 0105}}",
        rb"{\rtf1{\OBJECT\objemb}}",
        rb"{\rtf1{\object1\objw20}}",
        b"{\\rtf1{\\object\n\\objemb}}",
        rb"{\rtf1\bin1 \\object{\*\objclass Equation.3}}",
        rb"{\rtf1 a\\\objocx b}",
    ],
)
def test_an_object_of_any_class_is_found(text: bytes) -> None:
    assert wide.reason(text, "a.rtf") is Reason.EMBEDDED_EXECUTABLE


@pytest.mark.parametrize("text", [rb"{\rtf1 a \\object of \\\\objdata b}", rb"{\rtf1 \objectless}"])
def test_words_of_a_text_are_no_objects(text: bytes) -> None:
    assert wide.reason(text, "a.rtf") is None


@pytest.mark.parametrize(
    "target",
    [
        rb"http://example.com/x.dotm",
        rb"\\\\server\\share\\x.dotm",
        rb"\u104?\u116?\u116?\u112?://example.com/x.dotm",
        rb"\uc0\u104\u116\u116\u112://example.com/x.dotm",
        rb"\u-65432?\u-65420?\u-65420?\u-65424?://example.com",
        rb"\'68\'74\'74\'70://example.com/x",
        b"\r\nht{\\b }tp:{//exa}mple.com/x",
        rb"{\*\junk abc}\\\\server\\share\\x.dotm",
        rb"{\unheard abc}\\\\server\\share\\x.dotm",
    ],
)
def test_a_template_from_the_network_is_found_however_its_place_is_written(target: bytes) -> None:
    assert wide.reason(rb"{\rtf1{\*\template " + target + rb"}hello}", "a.rtf") is Reason.EXTERNAL_REFERENCE


def test_a_template_of_this_machine_is_ordinary() -> None:
    assert wide.reason(rb"{\rtf1{\*\template C:\\Users\\a\\Templates\\Normal.dotm}hello}", "a.rtf") is None


@pytest.mark.parametrize(
    "instruction",
    [
        rb'DDEAUTO c:\\windows\\system32\\cmd.exe "/k calc"',
        rb"{DDE excel sheet r1c1}",
        rb" {\rtlch D}{\b DE}{AUTO} cmd",
        rb"\u68?\u68?\u69? cmd",
        rb"\uc0\u68\u68\u69  cmd",
        rb"\u68 D\u68 D\u69 E cmd",
        rb"\'44\'44\'45AUTO cmd",
        b"D\r\nD\r\nE cmd",
        rb'"DDE" cmd',
        rb"{\*\junk abc}DDEAUTO cmd",
        rb"{\*\junk {abc\}} \{}DDE cmd",
        rb"{\pict 0102}DDE cmd",
        rb"{\unheard abc}{DDE cmd}",
        rb"\bin3 abcDDE cmd",
        b"{\\*\\junk " + b"a" * 3_000 + b"}DDE cmd",
        b"{\\*\\junk " + b"a" * 9_000 + b"}DDE cmd",
        rb"{\*\junk {\}\\}" + b"a" * 9_000 + rb"\}{\{}}DDE cmd",
        rb"{\upr{PAGE}{\*\ud DDEAUTO cmd}}",
        rb"{\*\ud {\b DDE} cmd}",
        rb'INCLUDETEXT "http://example.com/x.docx"',
        rb'INCLUDEPICTURE "\\\\server\\share\\x.png" \\d',
        rb'LINK Excel.Sheet "http://example.com/x.xls"',
    ],
)
def test_a_field_that_asks_another_program_or_the_network_is_found(instruction: bytes) -> None:
    assert wide.reason(field(instruction), "a.rtf") is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize(
    "instruction",
    [
        rb"{\b ADDIN} EN.CITE " + b"<x>DDE</x> " * 2_000,
        rb"MERGEFIELD {DDE_Name}",
        rb'HYPERLINK "http://example.com"',
        rb"PAGE",
        rb"DATE \\@ DDE",
        rb"TOC \\o",
        rb"ADDIN EN.CITE {\*\datafield " + b"3c456e643e" * 2_000 + b"}",
        rb"ADDIN EN.CITE {\field{\*\fldinst ADDIN EN.CITE.DATA {\*\datafield " + b"3c456e643e" * 2_000 + b"}}}",
        rb"{\*\junk \}\{\\{" + b"a" * 9_000 + rb"\{}}PAGE",
    ],
)
def test_ordinary_fields_are_accepted(instruction: bytes) -> None:
    assert wide.reason(field(instruction), "a.rtf") is None


def test_a_field_that_is_nothing_but_blanks_is_refused() -> None:
    assert wide.reason(field(b" {}" * 5_000 + b"DDE cmd"), "a.rtf") is Reason.ARCHIVE_LIMITS


def test_a_field_behind_binary_data_that_is_passed_over_is_refused() -> None:
    binary = rb"{\*\junk \bin9001 " + b"{" * 9_001 + b"}DDE cmd"
    assert wide.reason(field(binary), "a.rtf") is Reason.ARCHIVE_LIMITS


@pytest.mark.parametrize("name", wide.FOREIGN)
def test_another_format_behind_the_text_or_inside_is_found(name: str) -> None:
    behind = LETTER + b"\r\n" + wide.FOREIGN[name]
    assert wide.reason(behind, "a.rtf") is Reason.SECOND_FORMAT


def test_a_program_in_binary_data_is_found() -> None:
    inside = rb"{\rtf1{\pict\wmetafile8\bin%d " % len(program()) + program() + rb"}\par}"
    assert wide.reason(inside, "a.rtf") is Reason.SECOND_FORMAT


def test_braces_in_binary_data_close_nothing() -> None:
    assert wide.reason(rb"{\rtf1{\pict\wmetafile8\bin4 }}}}}hello}", "a.rtf") is None


def test_every_cut_is_told_but_one_behind_the_last_brace() -> None:
    assert all(wide.reason(cut, "a.rtf") is not None for cut in wide.cuts(LETTER))
    assert wide.reason(LETTER + b"\0\r\n", "a.rtf") is None


def test_what_a_cut_text_does_is_told_as_well() -> None:
    assert wide.codes(rb"{\rtf1{\object\objemb", "a.rtf") == {Reason.EMBEDDED_EXECUTABLE, Reason.MALFORMED}


@pytest.mark.parametrize(
    "text",
    [
        b"{\\rtf1" + rb"{\*\fldinst " * 100_000,
        b"{\\rtf1" + rb"\object1x" * 100_000,
        b"{\\rtf1" + b"{}" * 500_000 + b"}",
        b"{\\rtf1" + b"\\" * 1_000_000 + b"object}",
        b"{\\rtf1" + rb"\bin1 {" * 100_000 + b"}",
        b"{\\rtf1" + b"".join(rb"\uc%d " % n for n in range(9_999)) + b"}",
    ],
    ids=["fields", "objects", "groups", "slashes", "binary", "counts"],
)
def test_the_work_is_bounded(text: bytes) -> None:
    found = Seen(work=Work(64 * 1024 * 1024))
    with suppress(TooMuch, Unreadable):
        rtf.examine(text, found, Limits())


@pytest.mark.parametrize("seed", range(12))
def test_the_brace_that_closes_the_first_one_is_found_wherever_it_stands(seed: int) -> None:
    chance = random.Random(seed)
    groups = (b"{}", b"{{}{}}", b"{" * 9 + b"}" * 9, b"x" * 3_000, b"{x", b"{{}")
    body = b"{" + b"".join(chance.choices(groups, (9, 9, 3, 5, 1, 1), k=400))
    left = body.count(b"{") - body.count(b"}")
    for closed, spaces in ((left, 0), (left, 70_000), (left - 1, 0)):
        data = body + b"}" * (left // 2) + b" " * spaces + b"}" * (closed - left // 2)
        if closed == left:
            assert rtf._end(data + b"x{}}", Work()) == len(data)
        else:
            with pytest.raises(Unreadable):
                rtf._end(data, Work())


def test_entries_of_an_archive_without_its_directory_are_a_second_format() -> None:
    entries = archive({"a.txt": b"words"}).partition(b"PK\1\2")[0]
    data = rb"{\rtf1 words{\*\junk\bin%d " % len(entries) + entries + b"}}"
    assert wide.reason(data, "a.rtf") is Reason.SECOND_FORMAT


def shape(name: bytes, value: bytes) -> bytes:
    """With a property, as Word writes them."""
    properties = b"".join(
        rb"{\sp{\sn %b}{\sv %b}}" % row for row in ((b"shapeType", b"75"), (name, value), (b"pibFlags", b"14"))
    )
    return rb"{\rtf1\ansi {\shp{\*\shpinst %b}}\par}" % properties


@pytest.mark.parametrize("name", [b"pibName", b"fillBlipName", rb"\'70ibName", b"{pib}Name", b"\r\npibName"])
@pytest.mark.parametrize(
    "value", [rb"\\\\a.example\\share\\x.png", rb"\'5c\'5c203.0.113.9\\x.png", b"file://a.example/s/x.png"]
)
def test_a_picture_of_a_shape_that_is_linked_to_a_share_is_found(name: bytes, value: bytes) -> None:
    assert wide.reason(shape(name, value), "a.rtf") is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize(
    "value", [rb"C:\\Pictures\\x.png", b"x.png", b"http://example.com/x.png", rb"\\\\server\\share\\x.png"]
)
def test_a_picture_of_a_shape_that_is_linked_elsewhere_is_ordinary(value: bytes) -> None:
    assert wide.reason(shape(b"pibName", value), "a.rtf") is None
    assert wide.reason(shape(b"wzDescription", rb"\\\\a.example\\share\\x.png"), "a.rtf") is None
