"""Each limit that a policy sets is kept by what examines, and none can be set beyond what is safe."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from consumer.inspection.examination import examine
from consumer.inspection.policy.policy import Policy
from consumer.inspection.readers.seen import SAFE, Limits
from consumer.model import Reason
from tests.inspection.files import archive, chunk, jpeg, ooxml, pdf, png
from tests.inspection.judging import DETECTOR
from tests.inspection.media import tiff

MIB = 1024 * 1024


def pages() -> bytes:
    listed = b"".join(b"%d 0 obj\n<</Type/Page/Parent 2 0 R>>\nendobj\n" % number for number in range(20, 22))
    return pdf(listed)  # which has one page of its own


def faxed() -> bytes:
    """A picture of two pages: a second directory names the same pixels."""
    one = tiff()
    (directory,) = struct.unpack_from("<L", one, 4)
    return one[:-4] + struct.pack("<L", len(one)) + one[directory:]


def expanded() -> bytes:
    """Above what goes without a question, and ten times its own size."""
    dice = random.Random(1)
    words = [dice.randbytes(60) + bytes(540) for _ in range(30_000)]
    return ooxml("docx", {"word/media/image1.bin": b"".join(words)})


def nested() -> bytes:
    inner = ooxml("pptx", {"ppt/embeddings/inner.xlsx": ooxml("xlsx")})
    return ooxml("docx", {"word/embeddings/outer.pptx": inner})


CASES: dict[str, tuple[Callable[[], bytes], int, int, Reason]] = {  # a file, a limit that it keeps, one that it breaks
    "pages": (pages, 3, 2, Reason.ARCHIVE_LIMITS),
    "picture": (lambda: jpeg(width=100, height=50), 5_000, 4_999, Reason.IMAGE_TOO_LARGE),
    "expansion": (lambda: ooxml("docx", {"word/a.xml": bytes(9_000)}), 12_000, 9_000, Reason.ARCHIVE_LIMITS),
    "ratio": (expanded, 20, 5, Reason.ARCHIVE_LIMITS),
    "entries": (lambda: archive({f"{n}.txt": b"words" for n in range(5)}), 5, 4, Reason.ARCHIVE_LIMITS),
    "nesting": (nested, 2, 1, Reason.ARCHIVE_LIMITS),
}


def test_each_limit_has_a_case() -> None:
    assert [*CASES, "types"] == [limit.name for limit in fields(Limits)], "types: see test_members"


@pytest.mark.parametrize("name", CASES)
def test_a_limit_rejects_what_is_above_it_and_nothing_below(name: str) -> None:
    made, kept, broken, reason = CASES[name]
    data = made()
    below, above = (replace(Limits(), **{name: limit}) for limit in (kept, broken))  # type: ignore[arg-type] # numbers
    assert not examine(data, DETECTOR, below).has(reason)
    assert examine(data, DETECTOR, above).has(reason)


def test_pages_of_a_picture_count_as_well() -> None:
    assert examine(faxed(), DETECTOR, Limits(pages=2)).findings == []
    assert examine(faxed(), DETECTOR, Limits(pages=1)).has(Reason.ARCHIVE_LIMITS)


def test_what_is_shipped_is_safe_and_what_the_examination_has_without_a_policy() -> None:
    assert replace(Policy.load().limits, types=()) == Limits()
    assert all(0 < getattr(Limits(), name) <= getattr(SAFE, name) for name in CASES)


def scan(width: int, height: int, depth: int, color: int) -> bytes:
    header = struct.pack(">2L5B", width, height, depth, color, 0, 0, 0)
    pixels = chunk(b"PLTE", bytes(6)) + chunk(b"IDAT", zlib.compress(bytes(99)))
    return png()[:8] + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("picture", "too_large"),
    [
        (scan(9_933, 14_043, 1, 0), False),  # A0 at 300 dpi, 17 MB
        (scan(19_866, 28_087, 1, 0), False),  # and at 600
        (scan(19_866, 28_087, 8, 2), True),
        (scan(5_953, 8_419, 8, 2), False),  # A4 at 720 dpi, nearly white
        (scan(7_016, 9_933, 8, 6), False),  # A1 at 300
        (scan(12_000, 9_000, 8, 2) + bytes(600_000), False),  # a phone's
        (jpeg(width=12_000, height=9_000) + bytes(600_000), False),
        (scan(12_000, 9_000, 16, 6) + bytes(600_000), False),  # viewers draw 8 bits of each 16
        (scan(65_000, 65_000, 1, 3), True),
    ],
)
def test_a_picture_is_measured_by_the_bytes_of_its_pixels(picture: bytes, too_large: bool) -> None:
    assert examine(picture, DETECTOR).has(Reason.IMAGE_TOO_LARGE) is too_large
