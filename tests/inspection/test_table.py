"""The table of types: each fact once, each reader of one shape, and what is derived from it."""

from __future__ import annotations

import inspect
from collections import Counter

import pytest

from consumer.inspection.policy.policy import Policy
from consumer.inspection.readers.other_names import OTHER_NAMES
from consumer.inspection.readers.table import ALIASES, FAMILIES, FORMATS, Format, canonical, format_of, text_format
from tests.inspection.files import BENIGN, TYPES_BY_EXTENSION

READ = [row for row in FORMATS if row.reader is not None]


def test_no_name_alias_or_extension_stands_twice() -> None:
    names = Counter(name for row in FORMATS for name in (row.name, *row.aliases)) + Counter(OTHER_NAMES.keys())
    extensions = Counter(extension for row in FORMATS for extension in row.extensions)
    assert [word for word, count in (names + extensions).items() if count > 1] == []


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_names_are_written_as_they_are_compared(row: Format) -> None:
    words = (row.name, *row.aliases, *row.extensions)
    assert all(word == word.lower() and not word.startswith(".") for word in words)


@pytest.mark.parametrize("row", READ, ids=lambda row: row.name)
def test_every_reader_has_the_same_shape_and_something_to_know_its_files_by(row: Format) -> None:
    assert row.reader is not None
    assert list(inspect.signature(row.reader).parameters) == ["data", "seen", "limits"]
    assert row.signatures or row.starts or row.text


@pytest.mark.parametrize("extension", [kind for kind in BENIGN if kind != "txt"])
def test_a_file_is_read_by_its_own_row(extension: str) -> None:
    row = format_of(BENIGN[extension])
    own = next(row for row in FORMATS if row.name == TYPES_BY_EXTENSION[extension])
    assert row is not None
    assert row.reader is own.reader


def test_a_text_is_plain_unless_it_is_called_something_that_has_a_reader() -> None:
    assert text_format("text/plain", b"words") is None
    assert text_format("image/png", b"words") is None
    assert text_format("", b"words") is None


def test_other_names_of_a_type_are_its_own() -> None:
    assert canonical("image/pjpeg") == "image/jpeg"
    assert canonical("image/unheard-of") == "image/unheard-of"
    assert set(ALIASES.values()).isdisjoint(ALIASES)


def test_the_families_of_the_shipped_policy_are_those_of_the_table() -> None:
    assert set(Policy.load().disagreement.families) == set(FAMILIES)
