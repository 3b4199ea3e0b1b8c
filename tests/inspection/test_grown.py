"""The files by which the cost of examinations is measured are ordinary ones: of their type, and nothing is found."""

import io
import random
import zipfile

import pytest

from consumer.inspection.examination import examine
from consumer.inspection.policy.extensions import claimed_type
from consumer.inspection.readers.table import BY_EXTENSION, FAMILIES, READABLE
from tests.bench.examined import LIMITS, cost
from tests.bench.grown import MAKERS
from tests.inspection.judging import DETECTOR

OF_NO_SIZE = {"application/ms-tnef"}  # refused by its first bytes


@pytest.mark.parametrize("extension", MAKERS)
@pytest.mark.parametrize("size", [1_000, 100_000])
def test_what_is_measured_is_an_ordinary_file(extension: str, size: int) -> None:
    data, kind = MAKERS[extension](size, random.Random(7)), claimed_type(f"a.{extension}", None)
    seen = examine(data, DETECTOR, LIMITS, kind or "")
    assert (seen.detected_type, seen.findings) == (kind, [])
    assert len(data) < 1.4 * size or size < 10_000  # some need more than a kilobyte


def test_every_type_with_a_reader_is_measured_or_one_of_its_family() -> None:
    measured = {BY_EXTENSION[extension] for extension in MAKERS}
    alike = {name for family in FAMILIES if family & measured for name in family}
    assert READABLE - measured - alike <= OF_NO_SIZE


def test_the_floor_decodes_what_is_packed_in_a_file_once() -> None:
    words = MAKERS["docx"](100_000, random.Random(1))
    with zipfile.ZipFile(io.BytesIO(words)) as document:
        inflated = sum(entry.file_size for entry in document.infolist())
    assert cost(words, "docx", 1).decoded == inflated
    assert cost(MAKERS["txt"](1_000, random.Random(1)), "txt", 1).decoded == 1_000
