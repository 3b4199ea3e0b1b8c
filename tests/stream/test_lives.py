"""What is written beside an offset, and read again whoever wrote there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.stream.lives import MOST_NAMES, NAME_DIGITS, Lives, name_of

LARGEST = 4_096  # bytes that a broker takes, as it is shipped
LIFE = "0123456789abcdef"

hexadecimal = st.sampled_from("0123456789abcdef")
names = st.text(hexadecimal, min_size=NAME_DIGITS, max_size=NAME_DIGITS)
lives = st.builds(
    Lives,
    st.integers(1, 9_999),
    st.text(hexadecimal, min_size=16, max_size=16),
    st.dictionaries(names, st.integers(1, 9), max_size=MOST_NAMES),
)


@given(lives)
def test_what_was_written_is_read(written: Lives) -> None:
    assert Lives.read(str(written)) == written


@given(st.text() | st.text("lives/1 0123456789abcdef:", max_size=100))
def test_what_others_wrote_says_nothing_and_harms_nobody(metadata: str) -> None:
    read = Lives.read(metadata)
    assert read == Lives() or str(read) == metadata


@given(lives, st.data())
def test_half_of_it_says_nothing(written: Lives, data: st.DataObject) -> None:
    text = str(written)
    cut = data.draw(st.integers(0, len(text) - 1))
    read = Lives.read(text[:cut])
    assert read.begun == 0 or (read.begun, read.by) == (written.begun, written.by)


@given(st.integers(0, 10**9), st.dictionaries(names, st.integers(1, 10**6), max_size=3 * MOST_NAMES))
def test_it_fits_beside_an_offset_however_much_happened(begun: int, named: dict[str, int]) -> None:
    text = str(Lives(begun, LIFE, named))
    assert len(text.encode()) <= LARGEST // 2
    read = Lives.read(text)
    assert (read.begun > 0) == (begun > 0)
    if begun:
        assert list(read.named) == list(named)[-MOST_NAMES:], "the last ones are kept"


def test_where_no_life_was_counted_nothing_is_written() -> None:
    assert str(Lives()) == str(Lives(0, LIFE, {name_of("ab" * 32): 1})) == ""


@pytest.mark.parametrize(
    "of_a_newer_release",
    ["lives/2 3 0123456789abcdef", "lives/1 3 0123456789abcdef more=1", "lives/1 0 0123456789abcdef"],
)
def test_what_a_newer_release_wrote_says_nothing(of_a_newer_release: str) -> None:
    assert Lives.read(of_a_newer_release) == Lives()
