"""JPEG: tables, frames and scans without which no viewer draws one, and what viewers draw all the same."""

import random

import pytest

from consumer.inspection.examination import examine
from consumer.inspection.readers.jpeg import walk
from consumer.inspection.readers.seen import TooMuch, Work
from consumer.model import Reason
from consumer.sandbox.media import jpeg as photo
from tests.inspection.files import jpeg, segment
from tests.inspection.judging import DETECTOR

FRAME, SCAN = segment(0xC0, b"\x08\0\x10\0\x10\1\1\x11\0"), segment(0xDA, b"\1\1\0\0\x3f\0")
QUANTIZATION, CODES = segment(0xDB, bytes(65)), segment(0xC4, b"\0\1" + bytes(16) + b"\x10\1" + bytes(16))


def is_broken(data: bytes) -> bool:
    return examine(data, DETECTOR).has(Reason.MALFORMED)


def changed(part: bytes, by: bytes) -> bytes:
    assert jpeg().count(part) == 1
    return jpeg().replace(part, by)


def codes(counts: bytes, symbols: bytes, number: int = 0) -> bytes:
    return segment(0xC4, bytes([number]) + counts.ljust(16, b"\0") + symbols)


def test_what_viewers_draw_is_whole() -> None:
    for data in (
        jpeg(),
        changed(CODES, b""),  # as in a film, whose decoder knows the usual codes
        changed(CODES, CODES + codes(b"\2", b"\0\0", number=3)),  # no scan asks for it
        changed(QUANTIZATION, segment(0xDB, b"\x10" + bytes(128) + b"\0" + bytes(64))),
        changed(FRAME, segment(0xC2, FRAME[4:])),
        changed(FRAME, segment(0xC3, FRAME[4:])).replace(QUANTIZATION, b""),  # without loss
        changed(SCAN, segment(0xDD, b"\0\4") + SCAN),
        jpeg() + b"\xff\xc4\0\3\0",
    ):
        assert not is_broken(data)


def test_two_of_its_components_may_have_one_name() -> None:
    """As a maker of pictures for print names its four inks."""
    two = segment(0xC0, b"\x08\0\x10\0\x10\2\1\x11\0\1\x11\0")
    scan = segment(0xDA, b"\2\1\0\1\0\0\x3f\0")
    assert not is_broken(changed(FRAME, two).replace(SCAN, scan))
    assert is_broken(changed(SCAN, scan))
    assert is_broken(changed(FRAME, two).replace(SCAN, segment(0xDA, b"\3\1\0\1\0\1\0\0\x3f\0")))


@pytest.mark.parametrize(
    "table",
    [
        codes(b"\2", b"\0\0"),
        codes(b"\0\5", bytes(5)),
        codes(b"\1", b"\x10"),
        codes(b"\1", b"\0", number=4),
        codes(b"\1", b"\0", number=0x20),
        codes(b"\2", b"\0"),
        codes(b"\xff\xff", bytes(510)),
        segment(0xC4, CODES[4:] + b"\0"),
    ],
)
def test_codes_that_cannot_be_told_apart_are_broken(table: bytes) -> None:
    assert is_broken(changed(CODES, CODES + table))


@pytest.mark.parametrize(
    ("part", "by"),
    [
        (FRAME, segment(0xC0, FRAME[4:-3])),
        (FRAME, segment(0xC0, FRAME[4:].replace(b"\x11", b"\x01"))),
        (FRAME, segment(0xC0, FRAME[4:].replace(b"\x11", b"\x15"))),
        (FRAME, FRAME + FRAME),
        (FRAME, segment(0xC0, FRAME[4:-1] + b"\1")),
        (QUANTIZATION, b""),
        (QUANTIZATION, segment(0xDB, b"\4" + bytes(64))),
        (QUANTIZATION, segment(0xDB, bytes(64))),
        (SCAN, segment(0xDA, b"\1\2\0\0\x3f\0")),
        (SCAN, segment(0xDA, b"\1\1\x40\0\x3f\0")),
        (SCAN, segment(0xDA, b"\1\1\2\0\x3f\0")),
        (SCAN, segment(0xDA, b"\2\1\0\0\x3f\0")),
        (SCAN, segment(0xDA, b"\2\1\0\1\0\0\x3f\0")),
        (SCAN, segment(0xDD, b"\0") + SCAN),
    ],
)
def test_a_frame_and_a_scan_that_nobody_can_draw_are_broken(part: bytes, by: bytes) -> None:
    assert is_broken(changed(part, by))


@pytest.mark.parametrize("marker", [0x02, 0x61, 0xC8, 0xD8, 0xDE, 0xF7])
def test_a_marker_that_no_viewer_knows_is_broken_before_the_pixels_and_skipped_in_them(marker: int) -> None:
    unheard = segment(marker, b"words")
    assert is_broken(jpeg(unheard))
    assert not is_broken(jpeg()[:-2] + unheard + b"\xff\xd9")


def test_a_scan_asks_for_the_codes_of_its_own_kind() -> None:
    wrong = changed(CODES, CODES + codes(b"\2", b"\0\0", number=0x10)).replace(FRAME, segment(0xC2, FRAME[4:]))
    means, others, refined = (segment(0xDA, b"\1\1\0" + rest) for rest in (b"\0\0\0", b"\1\x3f\0", b"\0\0\x10"))
    assert not is_broken(wrong.replace(SCAN, means))
    assert not is_broken(wrong.replace(SCAN, refined))
    assert is_broken(wrong.replace(SCAN, others))


def test_the_photos_of_the_traffic_are_whole() -> None:
    assert not is_broken(photo(random.Random(7)))


def test_many_tables_are_paid_for() -> None:
    with pytest.raises(TooMuch):
        walk(jpeg(CODES * 100_000), Work.of(1))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "pieces",
    [
        (b"\xff\0",),
        (b"\xff\xd3", b"a"),
        (b"\xff\xff\0", b"\xff\0"),
        (b"\xff\0", bytes(900)),
        (5 * b"\xff" + b"\0", 3 * b"\xff" + b"\xd3"),
    ],
)
def test_the_pixels_end_at_their_first_marker_however_many_of_its_bytes_are_in_them(
    pieces: tuple[bytes, ...], seed: int
) -> None:
    chance = random.Random(seed)
    count = chance.choice([1, 40, 1023, 1024, 1025, 70_000 // len(pieces[-1])])
    coded = b"".join(chance.choice(pieces) for _ in range(count))
    for end in (b"\xff\xd9", b"\xff\xff\xff\xd9"):
        picture = walk(jpeg()[:-2] + coded + end + b"\xff\xd9 behind", Work())
        assert (picture.complete, picture.end) == (True, len(jpeg()) - 2 + len(coded + end))
