"""One search for everything: it finds what a search for each word finds."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.readers.marks import FILES, LONGEST_TAG, MARKS, MARKUP, SEARCHED_AT_ONCE, SHORT, Marks
from consumer.inspection.readers.searches import HARDLY_ANYWHERE
from consumer.inspection.readers.seen import TooMuch, Work

NEVER_TOGETHER = {(b"frame", b"embed")}
"""Before an element's name stand `<`, `:` or `i`, so that its first letter is the end of no other mark."""
LOOKED_AT_TOGETHER = {
    (b"\xc7\x71", b"\x71\xc7"), (b"\x71\xc7", b"\xc7\x71"),
    (b"sqs", b"sqs"), (b"sqs", b"shs"), (b"shs", b"sqs"), (b"shs", b"shs"),
}  # fmt: skip
"""Whoever looks at the place of the first looks at that of the second as well."""
SEARCHED = (FILES, SHORT, MARKUP)  # together


def one_by_one(data: bytes) -> dict[bytes, list[int]]:
    lower, looked_for = data.lower(), MARKS if b"<" in data else (*FILES, *SHORT)
    return {
        mark: [at for at in range(len(data)) if (lower if mark in MARKUP else data).startswith(mark, at)]
        if mark in looked_for
        else []
        for mark in MARKS
    }


def found(data: bytes) -> dict[bytes, list[int]]:
    return {mark: list(Marks(data, Work().spend).at(mark)) for mark in MARKS}


def test_no_mark_begins_in_another_one_that_is_searched_with_it() -> None:
    overlapping = {
        (first, second)
        for marks in SEARCHED
        for first, second in itertools.product(marks, marks)
        for length in range(1, min(len(first), len(second)))
        if first[-length:] == second[:length]
    }
    assert overlapping == NEVER_TOGETHER | LOOKED_AT_TOGETHER
    for marks in SEARCHED:
        assert not [(first, second) for first, second in itertools.permutations(marks, 2) if first in second]


def test_marks_of_two_bytes_are_searched_apart_and_no_search_is_for_more_than_32() -> None:
    """A search compares as many bytes at once as its shortest word has, and with more than 32 half as many."""
    assert min(map(len, FILES)) > 3
    assert min(map(len, SHORT)) == 2
    assert max(map(len, SEARCHED)) + len(HARDLY_ANYWHERE) <= 32


WORDS = st.one_of(st.sampled_from([*MARKS, *(mark.upper() for mark in MARKUP)]), st.binary(max_size=5))


@given(st.lists(WORDS, max_size=30))
def test_every_mark_is_found_wherever_it_stands(words: list[bytes]) -> None:
    data = b" ".join(words)
    assert found(data) == one_by_one(data)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("before", [0, 1, 2, 8, 14])
def test_every_mark_is_found_once_where_one_search_ends_and_the_next_begins(mark: bytes, before: int) -> None:
    data = bytes(SEARCHED_AT_ONCE - before - 100) + b"<" + bytes(99) + mark + bytes(50)
    assert list(Marks(data, Work().spend).at(mark)) == [SEARCHED_AT_ONCE - before]


@pytest.mark.parametrize("behind", [0, 1, 40, LONGEST_TAG - 1])
def test_markup_is_found_as_far_behind_the_beginning_of_a_tag_as_a_tag_is_long(behind: int) -> None:
    data = bytes(SEARCHED_AT_ONCE - 1) + b"<" + bytes(behind) + b" onload=" + bytes(2 * SEARCHED_AT_ONCE) + b" onload="
    assert list(Marks(data, Work().spend).at(b" on")) == [SEARCHED_AT_ONCE + behind]


@given(st.lists(WORDS, max_size=30), st.sampled_from([0, SEARCHED_AT_ONCE - 3, SEARCHED_AT_ONCE]))
def test_marks_of_files_are_found_without_those_of_markup(words: list[bytes], before: int) -> None:
    data = bytes(before) + b" ".join(words)
    found, every = Marks(data, Work().spend, of_files=True), Marks(data, Work().spend)
    for mark in MARKS:
        assert list(found.at(mark)) == ([] if mark in MARKUP else list(every.at(mark)))


def test_who_needs_markup_gets_it_after_who_needs_none() -> None:
    work, data = Work(), b"<script MZ"
    marks = work.marks(data, of_files=True)
    assert marks.of_files and marks.have_no_markup
    assert list(work.marks(data).at(b"script")) == [1]
    assert work.marks(data) is work.marks(data, of_files=True) is marks
    assert not marks.of_files


def test_data_is_searched_once_however_often_it_is_asked_about() -> None:
    work, data = Work(), b"x" * 1000
    assert work.marks(data) is work.marks(data)
    assert work.marks(data) is not work.marks(data + b"y")


def test_what_holds_nothing_but_marks_is_too_much() -> None:
    with pytest.raises(TooMuch):
        Marks(b"<%" * 4_000_000, Work().spend)
