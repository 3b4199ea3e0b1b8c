"""One search for everything: it finds what a search for each word finds."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.readers.marks import AS_THEY_ARE, FILES, LONG, LONGEST_TAG, MARKS, SHORT, WINDOW, Marks
from consumer.inspection.readers.seen import TooMuch, Work

NEVER_TOGETHER = {(b"frame", b"embed"), (b"\x7felf", b"frame"), (b"mscf", b"frame")}
"""Before an element's name stand `<`, `:` or `i`, so that its first letter is the end of no other mark."""


def one_by_one(data: bytes) -> dict[bytes, list[int]]:
    lower, looked_for = data.lower(), MARKS if b"<" in data else (*FILES, *SHORT)
    places = {mark: [at for at in range(len(data)) if lower.startswith(mark, at)] for mark in looked_for}
    return {mark: places.get(mark, []) for mark in MARKS}


def found(data: bytes) -> dict[bytes, list[int]]:
    return {mark: list(Marks(data, Work().spend).at(mark)) for mark in MARKS}


def test_no_mark_begins_in_another_one() -> None:
    overlapping = {
        (first, second)
        for first, second in itertools.product(MARKS, MARKS)
        for length in range(1, min(len(first), len(second)))
        if first[-length:] == second[:length]
    }
    assert overlapping <= NEVER_TOGETHER
    assert not [(first, second) for first, second in itertools.permutations(MARKS, 2) if first in second]


def test_marks_of_two_bytes_are_searched_apart() -> None:
    """A search compares as many bytes at once as its shortest word has."""
    assert min(map(len, LONG)) > 2 == max(map(len, SHORT))
    assert sorted(MARKS) == sorted({*LONG, *SHORT})


WORDS = st.one_of(st.sampled_from([*MARKS, *(mark.upper() for mark in MARKS)]), st.binary(max_size=5))


@given(st.lists(WORDS, max_size=30))
def test_every_mark_is_found_wherever_it_stands(words: list[bytes]) -> None:
    data = b" ".join(words)
    assert found(data) == one_by_one(data)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("before", [0, 1, 2, 8, 14])
def test_every_mark_is_found_once_where_one_search_ends_and_the_next_begins(mark: bytes, before: int) -> None:
    data = bytes(WINDOW - before - 100) + b"<" + bytes(99) + mark + bytes(50)
    assert list(Marks(data, Work().spend).at(mark)) == [WINDOW - before]


@pytest.mark.parametrize("behind", [0, 1, 40, LONGEST_TAG - 1])
def test_markup_is_found_as_far_behind_the_beginning_of_a_tag_as_a_tag_is_long(behind: int) -> None:
    data = bytes(WINDOW - 1) + b"<" + bytes(behind) + b" onload=" + bytes(2 * WINDOW) + b" onload="
    assert list(Marks(data, Work().spend).at(b" on")) == [WINDOW + behind]


@given(st.lists(WORDS | st.sampled_from(sorted(AS_THEY_ARE)), max_size=30), st.sampled_from([0, WINDOW - 3, WINDOW]))
def test_marks_of_files_are_found_as_they_are_written(words: list[bytes], before: int) -> None:
    data = bytes(before) + b" ".join(words)
    found, every = Marks(data, Work().spend, of_files=True), Marks(data, Work().spend)
    for written, mark in {**AS_THEY_ARE, b"MZ": b"mz", b"\x60\xea": b"\x60\xea"}.items():
        assert list(found.at(mark)) == [at for at in every.at(mark) if data.startswith(written, at)]


def test_who_needs_markup_gets_it_after_who_needs_none() -> None:
    work, data = Work(), b"<script MZ"
    assert work.marks(data, of_files=True).of_files and work.places_of(b"<?", data) is None
    assert list(work.marks(data).at(b"script")) == [1]
    assert work.marks(data, of_files=True) is work.marks(data)


def test_data_is_searched_once_however_often_it_is_asked_about() -> None:
    work, data = Work(), b"x" * 1000
    assert work.marks(data) is work.marks(data)
    assert work.marks(data) is not work.marks(data + b"y")


def test_what_holds_nothing_but_marks_is_too_much() -> None:
    with pytest.raises(TooMuch):
        Marks(b"<%" * 4_000_000, Work().spend)
