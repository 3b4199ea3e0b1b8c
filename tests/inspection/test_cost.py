"""What an examination may cost: twice as much for twice the size, and real files stay far from the end.

That hostile ones pay for each place that is looked at is in `test_bombs`.
"""

import random
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import cast
from xml.parsers import expat

import pytest

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.readers import rtf_words
from consumer.inspection.readers.seen import Work
from consumer.inspection.readers.texts import cards, tables, xml_text
from consumer.model import Reason
from tests.inspection.files import BENIGN, chunk, gif, jpeg, pdf, png, segment
from tests.inspection.measured import is_over, spent
from tests.inspection.polyglots import film
from tests.inspection.slow import LARGEST, MIB, SLOW

DETECTOR = Detector()


@pytest.mark.parametrize("name", sorted(SLOW))
def test_twice_the_size_costs_twice_as_much(name: str) -> None:
    small, large = SLOW[name](MIB // 4), SLOW[name](MIB // 2)
    once, twice = examine(small, DETECTOR), examine(large, DETECTOR)
    if not is_over(twice) and spent(small, once) > MIB:
        assert spent(large, twice) < 2.5 * spent(small, once)


def pages(count: int = 4_000) -> bytes:
    """A long document: every page with compressed content of its own, ten megabytes in all."""
    chance = random.Random(1)
    made = []
    for number in range(4, 4 + 2 * count, 2):
        content = zlib.compress(b"BT /F1 12 Tf (%s) Tj ET " % chance.randbytes(1_150).hex().encode())
        head = b"<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 5 0 R >> >> /Contents %d 0 R >>" % (number + 1)
        made.append(b"%d 0 obj\n%s\nendobj\n" % (number, head))
        made.append(b"%d 0 obj\n<< /Length %d /Filter /FlateDecode >>\n" % (number + 1, len(content)))
        made.append(b"stream\n%s\nendstream\nendobj\n" % content)
    return pdf(b"".join(made))


def pictures(count: int = 9) -> bytes:
    head = b"9 0 obj\n<< /Subtype /Image /Width 2480 /Height 3508 /Filter /DCTDecode /Length 1 >>\nstream\n"
    scans = (jpeg() + random.Random(number).randbytes(MIB) for number in range(count))
    return pdf(b"".join(head + scan + b"\nendstream\nendobj\n" for scan in scans))


def photo() -> bytes:
    coded = random.Random(1).randbytes(LARGEST - 200_000).replace(b"\xff", b"\xff\0")
    return jpeg(segment(0xE1, b"Exif\0\0".ljust(60_000, b"\1")), 4000, 3000)[:-2] + coded + b"\xff\xd9"


def animation() -> bytes:
    return gif()[:19] + (gif()[19:30] + (b"\xff" + bytes(255)) * 40 + b"\0") * 900 + b";"


LARGE: dict[str, Callable[[], bytes]] = {
    "pdf": pages,
    "pdf of pictures": pictures,
    "png": lambda: png(4000, 3000, pixels=random.Random(1).randbytes(LARGEST)),
    "png with a profile": lambda: png(extra=chunk(b"iCCP", b"x\0\0" + zlib.compress(random.Random(1).randbytes(MIB)))),
    "jpg": photo,
    "jpg with a film": lambda: jpeg(segment(0xE1, b"MotionPhoto")) + film(bytes(range(256)) * 24_000),
    "jpg with another behind it": lambda: jpeg() + photo()[: 5 * MIB],
    "gif": animation,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_as_people_send_it_stays_far_from_the_end_of_the_budget(name: str) -> None:
    data = LARGE[name]()
    seen = examine(data, DETECTOR)
    assert {finding.code for finding in seen.findings} <= {Reason.TRAILING_DATA}
    assert spent(data, seen) < Work.of(len(data)).left * 0.6


def test_the_budget_grows_with_files_that_another_policy_lets_in() -> None:
    for data in (png(9000, 9000, pixels=bytes(range(256)) * 160_000), pictures(40)):
        assert examine(data, DETECTOR).findings == []


def test_each_byte_that_libmagic_is_asked_about_is_paid_for() -> None:
    """A small document may attach its own bytes a hundred times."""
    data = b"#!/bin/sh\n" * 10_000
    assert spent(data, examine(data, DETECTOR)) > 8 * len(data)


def test_each_question_to_libmagic_is_paid_for_however_short_it_is() -> None:
    data = b"#!/bin/sh\n"
    assert spent(data, examine(data, DETECTOR)) > 128 * 1024


def test_each_bar_that_may_call_a_program_is_paid_for_and_no_other() -> None:
    work, quoted, numbers = Work(), b"\ta|'b'!c," * 10_000, (b"=1|" * 1_000 + b"!\n") * 10
    before = work.left
    assert not tables._calls(quoted, work)
    assert before - work.left == 4 * len(quoted)
    assert not tables._calls(numbers, work)
    assert before - work.left > 256 * 10_000


def test_each_byte_of_an_instruction_of_rtf_is_paid_for() -> None:
    work, written = Work(), b"\\'41\\u65?{a}" * 150
    before = work.left
    assert rtf_words.destination(written, 0, work, 1).startswith("AA\x01a\x01AA")
    assert before - work.left > 128 * len(written)
    before, words = work.left, b"\\bin{}" * 150
    rtf_words.destination(words, 0, work, 1)
    assert before - work.left > 1_000 * words.count(b"\\")


@pytest.mark.parametrize("name", [name for name in SLOW if "RTF" in name])
def test_what_an_instruction_passes_over_is_paid_for_each_time(name: str) -> None:
    assert is_over(examine(SLOW[name](MIB // 4), DETECTOR))


def test_each_word_that_is_found_in_a_pdf_is_paid_for() -> None:
    work, written = Work(), b"objstream/Page/JS/EF" * 10_000
    before = work.left
    work.words(written)
    assert before - work.left > 5 * 160 * 10_000


@pytest.mark.parametrize(("motif", "least"), [(b"endobj x 1 0 obj ", 18_000), (b"Pobj\nobj", 4_000)])
def test_words_of_objects_that_are_none_are_paid_for(motif: bytes, least: int) -> None:
    data = pdf(motif * 1_000)
    assert spent(data, examine(data, DETECTOR)) > 1_000 * least


def test_what_reads_like_a_file_in_a_contact_is_paid_for_wherever_it_stands() -> None:
    work, marks = Work(), b"\nNOTE:e64=B:=b;ata:" * 10_000
    before = work.left
    assert cards._without_files(marks, work) == (marks, [])
    assert before - work.left >= 4 * 768 * 10_000


def test_small_files_cost_next_to_nothing() -> None:
    for data in BENIGN.values():
        assert spent(data, examine(data, DETECTOR)) < MIB


class Parsed:
    """Like expat it reads a tag from its beginning each time that it gets more of it."""

    def __init__(self, content: bytes) -> None:
        self._parser = expat.ParserCreate()
        self.content, self.given, self.read, self.pieces = content, b"", 0, 0

    @property
    def CurrentByteIndex(self) -> int:  # noqa: N802 # its name there
        return self._parser.CurrentByteIndex

    def Parse(self, piece: bytes, last: bool) -> None:  # noqa: N802
        self.read += len(self.given) - max(self.CurrentByteIndex, 0) + len(piece)
        self.given += piece
        self.pieces += 1
        self._parser.Parse(piece, last)


@pytest.mark.parametrize("long", ['<a b="%s"/>', "<a><!--%s--></a>", "<a>%s</a>", "<a>" + "<b/>" * MIB + "%s</a>"])
def test_however_long_a_tag_is_its_text_is_read_a_few_times(long: str) -> None:
    content = long.replace("%s", "x" * LARGEST).encode()
    parsed = Parsed(content)
    xml_text.feed(cast("expat.XMLParserType", parsed), content)
    assert parsed.given == content
    assert parsed.read < 4 * len(content)


@pytest.mark.parametrize("content", [b"<a>" + b"<b c='1'>x</b>\n" * 60_000 + b"</a>", b"<a/>", b"<a><!--" + b"<" * MIB])
def test_xml_of_short_tags_is_read_in_one_piece(content: bytes) -> None:
    """Behind each other one the parser counts the lines in it."""
    parsed = Parsed(content)
    with suppress(expat.ExpatError):
        xml_text.feed(cast("expat.XMLParserType", parsed), content)
    assert (parsed.given, parsed.pieces) == (content, 1)


def test_xml_of_no_bytes_is_none() -> None:
    with pytest.raises(expat.ExpatError, match="no element found"):
        xml_text.feed(expat.ParserCreate(), b"")
