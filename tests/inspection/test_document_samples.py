"""Documents and texts as several programs write them: accepted as they are, and with nothing added or cut off."""

import lzma
from pathlib import Path

import pytest

from consumer.inspection.readers.table import FORMATS, READABLE
from consumer.inspection.readers.unseen import UNSEEN, unseen
from tests.inspection import wide

FOLDER = Path(__file__).with_name("documents")
SAMPLES = sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".md")
TEXTS = (".csv", ".eml", ".ics", ".json", ".vcf", ".xml")
TOLD_BY_NOTHING = (".csv",)  # a table may end anywhere
UNTOLD = {"xls": 1024, "ppt": 1024}
"""Bytes at the end that real files lack as well: sectors that belong to nothing, or hold the rest of a listing."""
KINDS = {sample.removesuffix(".xz").rpartition(".")[2] for sample in SAMPLES}
PAGE = b"<html><body><script>alert(1)</script></body></html>"
PHP = b"<?php system($_GET['a']); ?>"


def sample(name: str) -> tuple[str, bytes]:
    """What it is called, and its bytes."""
    data = (FOLDER / name).read_bytes()
    return (name.removesuffix(".xz"), lzma.decompress(data)) if name.endswith(".xz") else (name, data)


@pytest.mark.parametrize("name", SAMPLES)
def test_what_programs_write_is_accepted(name: str) -> None:
    called, data = sample(name)
    assert wide.reason(data, called) is None


@pytest.mark.parametrize("foreign", wide.FOREIGN)
@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_of_another_format_goes_along_behind(name: str, foreign: str) -> None:
    called, data = sample(name)
    if foreign == "pdf" and called.endswith(TEXTS):
        return  # it is a text as well, and nobody opens it by another name
    assert wide.reason(data + b"\n" + wide.FOREIGN[foreign], called) is not None
    assert wide.reason(wide.FOREIGN[foreign] + data, called) is not None


@pytest.mark.parametrize("name", [name for name in SAMPLES if not sample(name)[0].endswith(TEXTS)])
def test_no_page_and_no_php_goes_along_behind(name: str) -> None:
    called, data = sample(name)
    assert wide.reason(data + PAGE, called) is not None
    assert wide.reason(data + PHP, called) is not None


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_before_it_makes_it_another_file(name: str) -> None:
    called, data = sample(name)
    assert wide.reason(PAGE + data, called) is not None


@pytest.mark.parametrize("name", [name for name in SAMPLES if not sample(name)[0].endswith(TOLD_BY_NOTHING)])
def test_no_cut_goes_unseen(name: str) -> None:
    called, data = sample(name)
    whole = data.rstrip() if called.endswith(TEXTS) else data
    blank = b"\r\n\r\n" if b"\r" in whole else b"\n\n"
    begin = whole.index(blank) if called.endswith(".eml") else 0  # a mail may be nothing but headers
    end = len(whole) - UNTOLD.get(called.rpartition(".")[2], 0)
    cuts = [cut for cut in wide.cuts(whole) if begin < len(cut) < end]
    assert [len(cut) for cut in cuts if wide.reason(cut, called) is None] == []


def test_what_marks_the_end_of_each_is_told() -> None:
    detected = {wide.seen(data, name).detected_type for name, data in map(sample, SAMPLES)}
    assert detected <= {row.name for row in FORMATS if row.end}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_format_is_of_three_makers(kind: str) -> None:
    assert len([name for name in SAMPLES if name.removesuffix(".xz").endswith(f".{kind}")]) >= 3


@pytest.mark.parametrize("kind", sorted(READABLE | {"text/plain"}))
def test_what_a_reader_does_not_see_is_told(kind: str) -> None:
    assert len(unseen(kind)) > 10


def test_nothing_is_told_of_types_that_have_no_reader() -> None:
    assert set(UNSEEN) <= READABLE | {"text/plain"}
