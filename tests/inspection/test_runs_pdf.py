"""What patterns once said of a PDF is now read in one pass: both answer the same."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consumer.inspection.readers import runs
from consumer.inspection.readers.pdf import (
    dictionaries,
    document,
    files,
    gaps,
    password,
    places,
    streams,
    strings,
    syntax,
)
from consumer.inspection.readers.pdf.words import ENDS, WINDOW, PdfWords, is_telling
from consumer.inspection.readers.pdf.words import NAMES as NAMES_OF_WORDS
from consumer.inspection.readers.seen import Work
from tests.inspection.test_runs import joined

WS = rb"[\0\t\n\x0c\r ]"
TOKEN = re.compile(
    rb"[\0\t\n\x0c\r ]*+(?:%[^\r\n]*+[\0\t\n\x0c\r ]*+)*+"
    rb"(?:/(?P<name>[^\0\t\n\x0c\r ()<>\[\]{}/%]*+)|(?P<word>[^\0\t\n\x0c\r ()<>\[\]{}/%]++)"
    rb"|(?P<open><<|\[)|(?P<close>>>|\])|(?P<string>\()|<(?P<hex>[0-9A-Fa-f\0\t\n\x0c\r ]*+)>?|(?P<stray>[)>{}]))"
)
STEP = re.compile(rb"[^()<>%]*+(<<|>>|\(|<[^<>]*+>|%[^\r\n]*+|[)<>])")
ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|.))", re.DOTALL)
ESCAPED_NAME = re.compile(rb"/[^\0\t\n\x0c\r ()<>\[\]{}/%#]{0,127}+#[0-9A-Fa-f]{2}[^\0\t\n\x0c\r ()<>\[\]{}/%]*+")
ESCAPED_BYTE = re.compile(rb"#([0-9A-Fa-f]{2})")
STREAM = re.compile(rb"stream[ \t]{0,8}(?:\r\n|\n|\r)")
LINES, WHITE = re.compile(rb"[\r\n]"), re.compile(WS)
BETWEEN = re.compile(rb"%b*+(?:%%[^\r\n]{0,1000}+%b*+)*+\Z" % (WS, WS))
NUMBER = re.compile(rb"(\d{1,10})%b+\d{1,10}%b*\Z" % (WS, WS))
NAMES = re.compile(rb"obj%b*+(\[?%b*+(?:/[\w#]++%b*+){1,16}\]?)%b*endobj" % (WS, WS, WS, WS))
PAGES = re.compile(rb"/Contents%b*+(\[[^\]]*+\]|\d++%b++\d++%b++R)" % (WS, WS, WS))
LISTS = re.compile(rb"obj%b*+(\[(?:%b*+\d++%b++\d++%b++R)++%b*+\])" % (WS, WS, WS, WS, WS))
REFERENCE = re.compile(rb"(\d{1,10})%b+\d{1,10}%b+R" % (WS, WS))
END = re.compile(rb"startxref%b++\d++%b*+(?:%%(?!%%EOF)[^\r\n]*+%b*+)*+(%%%%EOF)?" % (WS, WS, WS))
GAP = re.compile(rb"endobj(?!%b*+\d++%b++\d++%b++obj)" % (WS, WS, WS))
OBJECT = re.compile(rb"\d{1,10}+%b++\d{1,10}+%b++obj" % (WS, WS))
REGULAR = re.compile(rb"%b++|xref%b++(?:[\dnf]++%b++)*+|startxref%b++\d++|(?:%%%%EOF|trailer)%b*+" % ((WS,) * 5))
KEYWORD = re.compile(rb"xref|startxref|trailer|%%EOF")
SHOWN = re.compile(rb"\)\s*(?:Tj|'|\")|\]\s*TJ")
HEADER = re.compile(rb"%PDF-[0-9A-Za-z.]")
DICTIONARY, COMMENT = re.compile(rb"obj%b*+<<" % WS), re.compile(rb"%[^\r\n]*+")
ENCRYPT, ID = re.compile(rb"/Encrypt(?=%b*+(?:\d|<<))" % WS), re.compile(rb"/ID%b*+\[" % WS)

OBJECTS = joined(
    *(b"obj", b"endobj", b"12", b"0", b"12345678901", b" ", b"\n", b"\0", b"R", b"[", b"]", b"/Contents", b"/A", b"%"),
    *(b"1 0 R", b" 0 obj", b"startxref", b"xref", b"trailer", b"%%EOF", b"<<", b"/Encrypt", b"/ID", b"n", b"f"),
)


@given(joined(b"<<", b">>", b"<", b">", b"(", b")", b"[", b"]", b"/A#41", b"12", b" ", b"%", b"\n", b"\0", b"aF"))
def test_tokens_and_steps_are_the_same(data: bytes) -> None:
    for at in range(min(4, len(data))):
        old, new = TOKEN.match(data, at), syntax._token(data, at)
        kind, written, end = new
        if old is None:
            assert new == ("stray", b"", len(data))
        else:
            assert old.lastgroup is not None
            assert (kind, end) == (old.lastgroup, old.end())
            assert written == (b"" if kind in ("string", "stray") else old[old.lastgroup])
        step, now = STEP.match(data, at), syntax._step(data, at)
        assert (now and now[1]) == (step and step.end())
        if step is not None and now is not None and step[1] in (b"<<", b">>", b"("):
            assert now[0] == step[1]


@given(joined(b"\\", b"1", b"777", b"\r\n", b"n", b"(", b"x"))
def test_escapes_in_strings_are_the_same(data: bytes) -> None:
    def one(match: re.Match[bytes]) -> bytes:
        return bytes([int(match[1], 8) & 255]) if match[1] else strings._ESCAPES.get(match[2], match[2])

    assert strings._without_escapes(data) == ESCAPE.sub(one, data)


@given(joined(b"/", b"#41", b"#", b"4", b"a" * 126, b"a", b" ", b"#zz"))
def test_escapes_in_names_are_the_same(data: bytes) -> None:
    def plain(text: bytes) -> bytes:
        return ESCAPED_BYTE.sub(lambda match: bytes([int(match[1], 16)]), text)

    assert strings.plain(data) == plain(data)

    def where_it_tells(match: re.Match[bytes]) -> bytes:
        return plain(match[0]) if is_telling(plain(match[0])) else match[0]

    assert syntax.unescaped(data, Work()) == ESCAPED_NAME.sub(where_it_tells, data)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"/J#61vaScript", b"/JavaScript"),
        (b"/Embedded#46ile#73", b"/EmbeddedFiles"),
        (b"/A#20B", b"/A B"),
        (b"/A#2fJS", b"/A/JS"),
        (b"/Obj#53tm", b"/ObjStm"),
        (b"/x#6fbjx", b"/xobjx"),
        (b"/Colo#72", b"/Colo#72"),
    ],
)
def test_escapes_are_undone_where_something_is_looked_for(written: bytes, read: bytes) -> None:
    assert syntax.unescaped(b"<<" + written + b" 1>>", Work()) == b"<<" + read + b" 1>>"


ENDED = (
    [b"endobj\n1 0 obj"] * 4
    + [b"1 0 obj<<>>endobj 2 0 obj"] * 4
    + [b"1 0 obj", b"endobj", b"obj", b" ", b"\x0b", b"R" * 20]
)


@given(
    joined(
        *(b"/JS", b"/JSx", b"/S", b" ", b"(", b"/EF", b"/XFA", b"/EmbeddedFile", b"/EmbeddedFiles", b"stream", b"obj"),
        *(b"end", b"endobj", b"/Page", b"nd", b"[", b"\n"),
    )
)
def test_words_are_the_same(data: bytes) -> None:
    found = PdfWords(data, lambda _: None)
    for words in ((b"/EF", b"/XFA", b"/JS"), (b"/EmbeddedFile",), (b"/EmbeddedFiles",)):
        names = b"|".join(word[1:] for word in words)
        pattern = re.compile(rb"/(?:%b)(?=[\0\t\n\x0c\r /<>\[\](){}%%]|$)" % names)
        assert list(found.names(*words)) == [match.start() for match in pattern.finditer(data)]
    for word in (b"obj", b"stream", b"/EmbeddedFile", b"/EmbeddedFiles", b"/JS"):
        begins = re.finditer((b"(?<!end)" if word in ENDS else b"") + re.escape(word), data)
        assert list(found.at(word)) == [match.start() for match in begins]
    for word, end in ENDS.items():
        assert list(found.at(end)) == [match.start() + 3 for match in re.finditer(b"end" + word, data)]
    bare = re.finditer(rb"(?<!end)obj(?=[\0\t\n\f\r ]{0,2}(?:[/[]|$)|[\0\t\n\f\r ]{3})", data)
    assert list(found.bare()) == [match.start() for match in bare]


@given(st.lists(st.sampled_from(ENDED), max_size=40).map(b"".join))
def test_what_follows_no_end_of_an_object_is_the_same(data: bytes) -> None:
    """Whether one looks at several at once or at each."""
    work, at = Work(), 0
    ends = [match.end() for match in re.finditer(b"endobj", data)]
    for end in (end for end in ends if not gaps.is_followed(data, end, len(data))):
        assert gaps.first(data, at, len(data), work) == end
        at = end
    assert gaps.first(data, at, len(data), work) == -1


@given(joined(b"stream", b" ", b"\t" * 8, b"\r\n", b"\n", b"\r", b"x"))
def test_where_a_stream_begins_is_the_same(data: bytes) -> None:
    found = [streams._begin(data, at) for at in range(len(data)) if data.startswith(b"stream", at)]
    assert [end for end in found if end] == [match.end() for match in STREAM.finditer(data)]


@given(joined(b" ", b"%", b"\n", b"\r", b"x" * 999, b"x", b"\0"))
def test_comments_before_a_stream_are_the_same(data: bytes) -> None:
    """But for the pattern's own oddity: white space or `%` behind a thousand characters of a line begins a new one."""
    assume(not any(WHITE.search(line, 1_000) or b"%" in line[1_000:] for line in LINES.split(data)))
    assert streams._only_comments(data + b"stream", 0, len(data), Work()) == bool(BETWEEN.match(data))


@given(OBJECTS)
def test_objects_and_what_is_between_them_are_the_same(data: bytes) -> None:
    end = len(data)
    for at in range(min(3, end)):
        old, gap, regular = OBJECT.search(data, at), GAP.search(data, at), REGULAR.match(data, at)
        assert places._next_object(data, at, end, Work()) == (old.start() if old else end)
        assert gaps.first(data, at, end, Work()) == (gap.end() if gap else -1)
        assert places._behind_regular(data, at, end) == (regular.end() if regular else 0)
        keyword = KEYWORD.search(data, at)
        known = dict.fromkeys(places.KEYWORDS, at - 1)
        assert places._next_keyword(data, at, end, known) == (keyword.start() if keyword else end)
    for start in (match.start() for match in re.finditer(b"startxref", data)):
        found = END.match(data, start)
        assert places._behind_end(data, start) == ((found.end(), found[1] is not None) if found else (-1, False))


@given(OBJECTS)
def test_references_and_numbers_are_the_same(data: bytes) -> None:
    assert list(files._pages(data, Work())) == [match.span(1) for match in PAGES.finditer(data)]
    assert list(files._lists(data, Work())) == [match.span(1) for match in LISTS.finditer(data)]
    assert list(files._references(data)) == [int(number) for number in REFERENCE.findall(data)]
    for word in (match.start() for match in re.finditer(b"obj", data)):
        number = NUMBER.search(data[max(0, word - 40) : word])
        assert streams.number_at(data, word) == (int(number[1]) if number else None)
    for name, following, pattern in (
        (password.ENCRYPT, password._NUMBER_OR_DICTIONARY, ENCRYPT),
        (password.ID, (b"[",), ID),
    ):
        old = [match.start() + len(name) for match in pattern.finditer(data)]
        assert password._last(data, name, following, Work()) == (old[-1] if old else None)


@given(joined(b"obj", b"/A", b"/b#1", b"[", b"]", b" ", b"endobj", b"/A" * 15))
def test_objects_that_are_names_are_the_same(data: bytes) -> None:
    found = set(NAMES.finditer(data))
    for word in (match.start() for match in re.finditer(b"obj", data)):
        begin = word + 3 + len(data[word + 3 :]) - len(data[word + 3 :].lstrip(b"\0\t\n\x0c\r "))
        is_names = data[begin : begin + 1] in (b"/", b"[") and streams._is_names(data, begin, Work())
        assert is_names == bool(NAMES.match(data, word)) or not found


@given(joined(b"%PDF-", b"1.7", b"obj", b"<<", b" ", b"\n", b"%", b"x"))
def test_what_is_a_pdf_is_the_same(data: bytes) -> None:
    header = HEADER.search(data, 0, 1032)
    old = header and (
        DICTIONARY.search(data, header.start()) or DICTIONARY.search(COMMENT.sub(b"", data[header.start() :]))
    )
    assert document.find_header(data) == (header.start() if header else None)
    assert document.is_pdf(data) == bool(old)


@given(st.binary(max_size=3), joined(b")", b"]", b"Tj", b"TJ", b"'", b" ", b"\x0b\n"))
def test_what_shows_a_string_is_the_same(before: bytes, data: bytes) -> None:
    spaced = places._spaced(before + data)
    assert any(sign in spaced for sign in places._SHOWS) == bool(SHOWN.search(before + data))


def test_words_that_are_found_in_one_pass_are_those_that_each_search_finds() -> None:
    words, chance = (b"obj", b"stream", *NAMES_OF_WORDS), random.Random(1)
    pieces = (*words, b"/Pages", b"/", b"s", b" ", b"(", b"/EmbeddedFil", b"x" * 50)
    for ahead in (*range(WINDOW - 16, WINDOW + 2), 0):
        content = b" " * ahead + b"".join(chance.choices(pieces, k=300))
        found = PdfWords(content, lambda _: None)
        for word in words:
            assert list(found.at(word)) == list(runs.places(content, word))
            for begin in (0, ahead, ahead + 100):
                places = runs.places(content, b"obj", begin, len(content) - 50)
                assert list(found.objects(begin, len(content) - 50)) == list(places)


@given(
    joined(
        *(b"<<", b">>", b"<", b">", b"[", b"]", b"/A", b"/", b"/B#41", b" ", b"\n", b"1", b"0", b"R", b"true", b"-2.5"),
        *(b"(a)", b"%", b"obj", b"/Length 3 0 R", b"/Filter/FlateDecode", b"<</A 1>>", b"[/A /B]", b"\0"),
    )
)
def test_a_usual_dictionary_is_read_as_any_other(inside: bytes) -> None:
    for written in (inside, b"<<" + inside + b">>"):
        usual = dictionaries.read(written, Work())
        assert usual is None or (usual, written.rstrip()) == read_flat(written)


def read_flat(written: bytes) -> tuple[object, bytes]:
    value, end = syntax.read(written, 0, Work(), flat=True)
    return value, written[:end]


def test_a_comment_up_to_the_end_is_paid_for() -> None:
    work, data = Work(), b"<<%" + b"x" * 100_000
    before = work.left
    assert syntax.read(data, 0, work)[0] == {}
    assert before - work.left > len(data)


@pytest.mark.parametrize("word", [b"obj", b"obj[", b"obj [", b"0 obj", b"/Contents", b"/Contents 1 ", b"/A#41", b"#41"])
def test_each_place_that_is_looked_at_in_vain_is_paid_for(word: bytes) -> None:
    work, data = Work(), word * 10_000
    before = work.left
    readable = syntax.unescaped(data, work)
    files.Referred().add(readable, None, work, readable)
    assert before - work.left >= 256 * 10_000


def test_each_word_that_begins_no_object_is_paid_for() -> None:
    work, data = Work(), b"0 obj" * 10_000
    before = work.left
    assert list(places._between(data, 0, len(data), work)) and not streams.names(data, work)
    assert before - work.left > 512 * 10_000


def test_each_part_between_objects_is_paid_for() -> None:
    work, data = Work(), b"%PDF-1.4" + b"startxref" * 1_000
    before = work.left
    assert len(list(places._between(data, 0, len(data), work))) > 900
    assert before - work.left > 6_000 * 900


def test_a_letter_that_is_half_escaped_costs_no_look() -> None:
    assert not any(True for _ in strings.escapes(b"#4" * 10_000))


@pytest.mark.parametrize(
    ("written", "dictionary"),
    [
        (b"<</Length 3 0 R/Filter/FlateDecode>>\n", {b"Length": syntax.Reference(3), b"Filter": b"FlateDecode"}),
        (b" << /W [1 2 1] /DecodeParms << /K -1 >> /ID 7 >>", {b"W": [1, 2, 1], b"DecodeParms": {}, b"ID": 7}),
        (b"<</T (a)>>", None),
        (b"\x0b<</T 1>>", None),
        (b"<</T 1\0>>", None),
        (b"<</\nobj/Filter/FlateDecode>>", None),
        (b"<</T <61>>>", None),
        (b"<</A <</B <41 >> >>", None),
        (b"<</ID [<6162> <63>] /P <646>>>", None),
        (b"<</ID [<6162> <63>] /P <646> >>", {b"ID": [b"ab", b"c"], b"P": b"d`"}),
        (b"<</A 1>> <</B 2>>", None),
    ],
)
def test_what_is_usual(written: bytes, dictionary: object) -> None:
    assert dictionaries.read(written, Work()) == dictionary
