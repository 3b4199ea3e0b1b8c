"""What patterns once said is now read in one pass: both answer the same, save where a test says otherwise."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.readers import external, formats, jpeg, runs, script_header, scripts, text
from consumer.inspection.readers.names import extension_of
from consumer.inspection.readers.office import fields, tags, word
from consumer.inspection.readers.references import unescaped
from consumer.inspection.readers.searches import HARDLY_ANYWHERE
from consumer.inspection.readers.seen import Seen, Work

TAG = re.compile(rb"""<(?:[^\s<>:/"'=]+:)?(\w+)(?=[\s/>])((?:[^<>"']|"[^<"]*"|'[^<']*')*+)>""")
WHOLE = re.compile(rb"<[/!?][^>]*>|[^<]")
INSTRUCTION = re.compile(rb"""\binstr\s*=\s*(?:"([^"]*)"|'([^']*)')""")
KIND = re.compile(rb"""\bfldCharType\s*=\s*["'](begin|separate|end)""")
DDE = re.compile(r"\s*DDE(?:AUTO)?(?:[\s\"\\]|\Z)", re.I)
OLE_DDE = re.compile(rb"\x13 {0,9}DDE(?:AUTO)?[ \"]|\x13\0(?: \0){0,9}D\0D\0E\0(?:A\0U\0T\0O\0)?[ \"]\0", re.I)
HIDING = re.compile(rb"(?:[^\0-\x08\x0e-\x1f\x7f-\x9f\"'`/]|/(?![/*]))*+(/\*|//|[\"'`])")
CODE = re.compile(rb"[\t\x20-\x7e]{6}|[\t\r\n\x20-\x7e]{0,6}\Z")
NUMBERED = re.compile(rb"\d{1,10}\s+\d{1,5}\s+\Z")
STEERS = re.compile(rb"[\x00-\x08\x10-\x19\x1c-\x1f\x7f]|\x1b(?![$(])")
TERMINAL = re.compile("[\x00-\x08\x10-\x19\x1c-\x1f\x7f-\x9f]|\x1b(?![$(])")
MARKER = re.compile(rb"\xff[^\xff\x00]")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:")
DRIVE = re.compile(r"[a-z][:|](?:/|$)")


def joined(*words: bytes) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(words) | st.binary(max_size=2), max_size=24).map(b"".join)


def written(*words: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(words) | st.text(max_size=2), max_size=16).map("".join)


@given(joined(b"a" * 70, b" ", b"\n" * 300), st.integers(0, 9))
def test_a_run_ends_and_begins_where_it_does(data: bytes, at: int) -> None:
    for characters in (b"a", b" \n"):
        left, back = data[at:].lstrip(characters), data[:at].rstrip(characters)
        assert runs.behind(data, at, characters) == (len(data) - len(left) if at <= len(data) else at)
        assert runs.before(data, min(at, len(data)), characters) == len(back)


@pytest.mark.parametrize("word", [b"\n", b"\r\n"])
@given(joined(b"\n ", b"\r\n ", b"\n\t", b"\n", b"\r", b" ", b"x" * 200, b"x" * (runs.AT_ONCE - 3)))
def test_what_is_taken_out_is_what_a_pattern_takes_out(word: bytes, data: bytes) -> None:
    assert runs.without(word, b" \t")(data) == re.sub(word + b"[ \t]", b"", data)


def places_by_pattern(data: bytes, word: bytes, at: int, stop: int) -> list[int]:
    return [match.start() for match in re.finditer(b"(?=" + re.escape(word) + b")", data[:stop]) if match.start() >= at]


@pytest.mark.parametrize("word", [b"obj", b"/JS", b"\0\0\1\0", b":DATA:", b"aa", b"#"])
@pytest.mark.parametrize("before", [0, runs.FEW, runs.AT_ONCE - 3, runs.AT_ONCE - 1, runs.AT_ONCE, 2 * runs.AT_ONCE])
@given(st.data())
def test_a_word_is_found_wherever_it_stands(word: bytes, before: int, data: st.DataObject) -> None:
    text = (
        bytes([0x2E]) * before + data.draw(joined(word, word[:1], word[:-1])) + data.draw(st.sampled_from([b"", word]))
    )
    at = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(at, len(text) + 3))
    assert list(runs.places(text, word, at, stop)) == places_by_pattern(text, word, at, stop)
    assert list(runs.places(text, word)) == places_by_pattern(text, word, 0, len(text))


@pytest.mark.parametrize("word", [b"1 0 obj", b"aa"])
@pytest.mark.parametrize("before", [0, runs.AT_ONCE - 3])
@given(joined(b"1 0 obj", b"obj", b"aa"))
def test_places_are_found_from_the_end_as_well(word: bytes, before: int, text: bytes) -> None:
    data = bytes(before) + text
    assert list(runs.places_from_end(data, word)) == places_by_pattern(data, word, 0, len(data))[::-1]


@pytest.mark.parametrize("before", [0, runs.SHORT - 3, runs.SHORT + runs.FIRST_WINDOW - 3, runs.AT_ONCE - 3])
@given(joined(b"dde(", b"DDE(", b"dDe(", b"dd", b"("))
def test_a_word_is_found_however_it_is_written(before: int, text: bytes) -> None:
    data = bytes(before) + text.translate(None, b"".join(HARDLY_ANYWHERE))
    search = runs.any_case(b"dde(")
    assert list(runs.places_of_any(data, search)) == places_by_pattern(data.lower(), b"dde(", 0, len(data))
    assert runs.holds(data, search) == (b"dde(" in data.lower()) == runs.has(data.lower(), b"dde(")


@given(joined(b"<%", b"%>", b"=", b"@ page %>", b"x" * (scripts.MOST_ASP - 3), b"x" * scripts.MOST_ASP))
def test_pages_of_a_server_are_the_same(data: bytes) -> None:
    marked = list(runs.places(data, b"<%"))
    ends = [(at, data.find(b"%>", at + 2)) for at in marked]
    near = [(at, end) for at, end in ends if 0 <= end - at <= scripts.MOST_ASP]
    assert list(scripts.asp(data, Work())) == [at for at, end in near if scripts._is_asp(data[at + 2 : end])]


@given(joined(b"<w:", b"<", b">", b"/", b"a", b"=", b'"', b"'", b":", b" ", b"x y"))
def test_a_tag_is_the_same(data: bytes) -> None:
    last = data.rfind(b"<")
    for begin in {data.find(b"<"), last} - {-1}:
        following = data.find(b"<", begin + 1)
        stop = following if following >= 0 else len(data)
        old, new = TAG.match(data, begin, stop), tags.tag_at(data, begin, stop)
        assert new == (old and (old[1], old[2], old.end()))
    if last >= 0:
        assert tags._is_whole(data, last, Seen()) == bool(TAG.match(data, last) or WHOLE.match(data, last))


@given(joined(b"instr", b"fldCharType", b"=", b'"', b"'", b" ", b"begin", b"end", b"x"))
def test_attributes_are_the_same(data: bytes) -> None:
    old, kind = INSTRUCTION.search(data), KIND.search(data)
    assert fields._instruction(data) == (b"" if old is None else old[1] or old[2] or b"")
    assert fields._kind(data) == (kind and kind[1])


@given(written("DDE", "dde", "AUTO", " ", '"', "\\", "\u2003", "x"))
def test_an_instruction_that_asks_another_program_is_the_same(instruction: str) -> None:
    assert fields._is_dde(instruction) == bool(DDE.match(instruction))


@given(joined(b"\x13", b" ", b" " * 9, b"DDE", b"dde", b"AUTO", b'"', b"\x13\0", b" \0", b"D\0d\0E\0", b"A\0U\0T\0O\0"))
def test_a_field_of_an_older_document_is_the_same(data: bytes) -> None:
    assert word._asks(data, Work()) == bool(OLE_DDE.search(data))


@given(joined(b"/", b"*", b"//", b"abc", b"'", b'"', b"\0", b"\n"), st.integers(0, 4))
def test_what_hides_a_picture_from_a_script_is_the_same(data: bytes, at: int) -> None:
    old, (sign, end) = HIDING.match(data, at), script_header._hidden(data, at)
    assert (sign, end) == ((old[1], old.end()) if old else (b"", end))
    assert script_header._is_code(data, at) == bool(CODE.match(data, at))


@given(joined(b"12", b"1234567", b" ", b"\n", b"x", b"\0"))
def test_numbers_before_a_word_are_the_same(data: bytes) -> None:
    assert formats._is_numbered(data) == bool(NUMBERED.search(data))


@given(joined(b"\x1b", b"\x1b$", b"\x1b(", b"words", b"\x07"))
def test_what_steers_a_terminal_is_the_same(data: bytes) -> None:
    assert text._steers(data) == bool(STEERS.search(data))


@given(written("\x1b", "\x1b$", "a", "\x85", "\xc2\x80", "\u0100"))
def test_what_steers_a_terminal_in_characters_is_the_same(piece: str) -> None:
    encoded = piece.encode()
    assert (text._steers(encoded) or text._has_upper_controls(piece, encoded)) == bool(TERMINAL.search(piece))


@given(joined(b"\xff", b"\xff\0", b"\xff\xd0", b"\xff\xd9", b"a", b"\xff" * 9))
def test_a_marker_is_the_same(data: bytes) -> None:
    marker = MARKER.search(data)
    assert jpeg._marker(data, 0) == (marker.start() if marker else -1)


@given(joined(b"\xff", b"\xff\0", b"\xff\xd0", b"\xff\xd9", b"\xff\n", b"a", b"\xff" * 9))
def test_a_scan_ends_before_the_first_marker_that_is_no_restart(data: bytes) -> None:
    markers = (at for at, kind in enumerate(data[1:]) if data[at] == 0xFF and kind not in (0, 0xFF, *range(0xD0, 0xD8)))
    assert jpeg._scan_end(data, 0) == next(markers, len(data))


@given(st.binary(max_size=9), st.binary(min_size=1, max_size=1), st.binary(min_size=1, max_size=9))
def test_what_none_of_certain_bytes_is_behind_is_found(data: bytes, byte: bytes, characters: bytes) -> None:
    places = (at for at in range(len(data) - 1) if data[at : at + 1] == byte and data[at + 1] not in characters)
    assert runs.not_before(byte, characters)(data, 0) == next(places, -1)


@given(written("c", ":", "|", "/", "http", "+", "\n"))
def test_a_scheme_and_a_drive_are_the_same(path: str) -> None:
    assert external._has_scheme(path) == bool(SCHEME.match(path))
    assert external._is_on_drive(path) == bool(DRIVE.match(path))


OLD_FORMATS = {
    "a Java class": rb"\xca\xfe\xba\xbe\0[\x00-\x03]\0[\x2d-\x50]",
    "Flash": rb"[CFZ]WS[\x03-\x32].{3}[\0-\x05]",
    "captured network traffic": rb"\n\r\r\n.{4}(?:\x1a\x2b\x3c\x4d|\x4d\x3c\x2b\x1a)",
}


@pytest.mark.parametrize("name", OLD_FORMATS)
@given(data=st.data())
def test_a_format_by_its_fields_is_the_same(name: str, data: st.DataObject) -> None:
    pattern = re.compile(OLD_FORMATS[name], re.DOTALL)
    whole = data.draw(st.from_regex(pattern))
    at = data.draw(st.integers(0, len(whole)))
    for content in (whole, whole[:at] + data.draw(st.binary(max_size=1)) + whole[at + 1 :], whole[:at]):
        found = any(mark.is_in(content, Work()) for mark, said in formats.SIGNATURES if said == name)
        assert found == bool(pattern.search(content))


@given(written("&", "#", "x", "68", "amp;", "lt;", ";", "0", "quot;").filter(lambda t: "&#" not in t or ";" in t))
def test_a_reference_with_its_end_is_the_same(written: str) -> None:
    closed = "".join(f"&{part}" if ";" in part else part for part in written.split("&"))
    if not re.search(r"&(?!#)[^;&#\s<]*[a-z]+(?:[^a-z;]|$)|&#\w*\d{8}|&(?!(amp|lt|quot);|#x?\d)", closed):
        assert unescaped(closed) == html.unescape(closed)


def test_a_number_of_any_length_is_one_character_or_text() -> None:
    assert unescaped("&#68;&#x44;&#0068;") == "DDD"
    assert unescaped("&#" + "0" * 5_000 + "68;DE") == "DDE"
    assert unescaped("&#" + "9" * 4_301 + ";") == "&#" + "9" * 4_301 + ";"
    assert unescaped("&#x" + "f" * 9_000) == "&#x" + "f" * 9_000
    assert unescaped("&amp &#; &nothing;") == "&amp &#; &nothing;", "XML ends every reference"


def test_the_extension_of_a_long_name_is_read_from_its_end() -> None:
    assert extension_of("\u0315\u0300" * 30_000 + ".exe") == "exe"
    assert extension_of("." + "x" * 300) == "", "longer than any file's name"


BEHIND = runs.behind_lines(b" \n", b"%", b"\n")


@given(st.text(alphabet=" \n%a\\]^", max_size=40).map(str.encode), st.integers(0, 40))
def test_blanks_and_lines_of_a_sign_end_where_a_step_by_step_look_ends(data: bytes, begin: int) -> None:
    at = runs.behind(data, begin, b" \n")
    while data[at : at + 1] == b"%":
        at = runs.behind(data, runs.behind(data, at, runs.all_but(b"\n")), b" \n")
    assert BEHIND(data, begin) == at


def test_a_million_short_lines_are_one_look() -> None:
    data = b"%\n" * 1_000_000
    assert BEHIND(data, 0) == len(data)
