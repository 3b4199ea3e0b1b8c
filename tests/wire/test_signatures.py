"""Signatures: what was signed verifies where it was meant to be, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consumer.model import Headers
from consumer.wire.results import record_size
from consumer.wire.signatures import HEADER, OVERHEAD, Signatures, key_id

KEY, OTHER = b"k" * 32, b"o" * 32
OURS = Signatures([KEY], required=True)

content = st.none() | st.binary(max_size=20)
names = st.text(st.characters(codec="utf-8"), max_size=10).filter(lambda name: name != HEADER)


@dataclass(frozen=True)
class Entry:
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    def signed(self, by: Signatures = OURS) -> Entry:
        return replace(self, headers=by.sign(self.topic, self.partition, self.key, self.value, self.headers))

    def doubt(self, by: Signatures = OURS) -> str | None:
        return by.doubt(self.topic, self.partition, self.key, self.value, self.headers)


entries = st.builds(
    Entry,
    st.text("abc.-", min_size=1, max_size=5),
    st.integers(0, 1_000),
    content,
    content,
    st.lists(st.tuples(names, content), max_size=4).map(tuple),
)


@given(entries)
def test_what_was_signed_verifies(entry: Entry) -> None:
    assert entry.doubt() == "unsigned"
    assert entry.signed().doubt() is None
    assert entry.signed().headers[:-1] == entry.headers, "older releases find what they know"


@given(entries, entries)
def test_a_signature_is_good_for_its_own_record_alone(entry: Entry, other: Entry) -> None:
    assume(entry != other)
    stolen = entry.signed().headers[-1]
    assert replace(other, headers=(*other.headers, stolen)).doubt() == "forged"


@pytest.mark.parametrize(
    "change",
    [
        {"topic": "task"},
        {"topic": "tasksk", "key": b"ey"},
        {"partition": 4},
        {"key": b"keyv", "value": b"alue"},
        {"key": None},
        {"key": b""},
        {"value": None},
        {"value": b""},
        {"headers": ()},
        {"headers": (("ab", b"c"), ("d", None))},
        {"headers": (("a", b"bc"), ("d", b""))},
        {"headers": (("d", None), ("a", b"bc"))},
        {"headers": (("a", b"bc"), ("d", None), ("replay", b"1"))},
    ],
    ids=str,
)
def test_each_part_of_a_record_is_signed_with_its_bounds(change: dict[str, Any]) -> None:
    entry = Entry("tasks", 3, b"key", b"value", (("a", b"bc"), ("d", None)))
    moved = replace(entry, **change)
    assert replace(moved, headers=(*moved.headers, entry.signed().headers[-1])).doubt() == "forged"


@given(entries, st.integers(0, 35), st.integers(1, 255))
def test_a_signature_with_any_other_bit_is_false(entry: Entry, place: int, bits: int) -> None:
    *headers, (_, good) = entry.signed().headers
    assert good is not None
    changed = good[:place] + bytes([good[place] ^ bits]) + good[place + 1 :]
    doubt = replace(entry, headers=(*headers, (HEADER, changed))).doubt()
    assert doubt == ("other_key" if place < 4 else "forged")


@pytest.mark.parametrize("forged", [None, b"", b"x" * 35, b"x" * 37])
def test_what_is_no_signature_is_a_false_one(forged: bytes | None) -> None:
    assert Entry("t", 0, b"k", b"v", ((HEADER, forged),)).doubt() == "forged"


def test_a_second_signature_is_a_false_one_wherever_it_stands() -> None:
    entry = Entry("t", 0, b"k", b"v", ())
    good = entry.signed().headers
    for headers in ((*good, *good), ((HEADER, b""), *good), (*good, (HEADER, None))):
        assert replace(entry, headers=headers).doubt() == "forged"


def test_two_keys_verify_and_the_first_one_signs() -> None:
    entry = Entry("t", 0, b"k", b"v", ())
    before, between, after = Signatures([KEY], True), Signatures([OTHER, KEY], True), Signatures([OTHER], True)
    assert entry.signed(before).doubt(between) is None
    assert entry.signed(between).doubt(between) is None
    assert entry.signed(between).doubt(after) is None
    assert entry.signed(before).doubt(after) == "other_key"
    assert before.ids == (key_id(KEY),) != after.ids


def test_where_none_is_required_a_known_key_is_enough() -> None:
    entry, believing = Entry("t", 0, b"k", b"v", ()), Signatures([KEY])
    moved = replace(entry.signed(), partition=1)
    assert (moved.doubt(believing), moved.doubt()) == (None, "forged")
    assert entry.doubt(believing) == "unsigned"
    assert entry.signed(Signatures([OTHER])).doubt(believing) == "other_key"


@given(entries)
def test_without_keys_nothing_is_signed(entry: Entry) -> None:
    assert not Signatures()
    assert entry.signed(Signatures()) is not None and entry.signed(Signatures()).headers is entry.headers
    assert Signatures().overhead == 0


@given(entries)
def test_a_signature_takes_as_much_room_as_it_says(entry: Entry) -> None:
    bare, signed = (record_size(one.key, one.value, one.headers) for one in (entry, entry.signed()))
    assert signed - bare == OVERHEAD == OURS.overhead
