"""Ledger entries as records: what any record says, an answer can be written above it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.model import AnswerKind, LedgerEntry
from consumer.wire.entries import MOST_GENERATIONS, UnknownEntry, decode_entry, encode_entry

KEY = bytes(range(16))


@given(st.sampled_from(AnswerKind), st.integers(1, MOST_GENERATIONS))
def test_an_entry_comes_back_as_it_was_written(kind: AnswerKind, generation: int) -> None:
    entry = LedgerEntry(KEY, kind, generation if kind is AnswerKind.DEAD else 0)

    assert decode_entry(*encode_entry(entry)) == entry


@given(st.binary(min_size=6, max_size=6).map(lambda value: b"\x01d" + value[2:]))
def test_whatever_a_dead_answer_says_the_next_generation_can_be_written(value: bytes) -> None:
    try:
        entry = decode_entry(KEY, value)
    except UnknownEntry:
        return

    encode_entry(LedgerEntry(KEY, AnswerKind.DEAD, entry.generation + 1))


@pytest.mark.parametrize("generation", [0, MOST_GENERATIONS + 1, 2**32 - 1])
def test_a_generation_that_no_replay_leads_to_is_no_dead_answer_of_ours(generation: int) -> None:
    with pytest.raises(UnknownEntry):
        decode_entry(KEY, b"\x01d" + generation.to_bytes(4, "big"))
