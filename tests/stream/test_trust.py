"""Which entries count, and when a partition is left alone: without a broker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.model import Condition, Doubt
from consumer.model.units import DAY_MS
from consumer.stream.trust import Distrusted, Trust
from consumer.wire.signatures import Signatures

REQUIRED = Signatures([b"k" * 32], required=True)
HORIZON_DAYS = 42
TODAY_MS = 20_000 * DAY_MS

doubts: st.SearchStrategy[Doubt | None] = st.sampled_from([None, None, None, "other_key", "forged"])


def trust(forged_since_ms: int | None = None, signatures: Signatures = REQUIRED) -> Trust:
    return Trust(signatures, "ledger", 3, HORIZON_DAYS, forged_since_ms)


def told(of: Trust) -> Distrusted | None:
    try:
        of.check()
    except Distrusted as distrusted:
        return distrusted
    return None


def many(count: int, doubt: Doubt | None = None, ago: int = 0) -> list[tuple[Doubt | None, int]]:
    return [(doubt, ago)] * count


def read(of: Trust, *entries: tuple[Doubt | None, int]) -> list[bool]:
    """Entries as (doubt, days ago)."""
    return [of.believes(doubt, offset, TODAY_MS - ago * DAY_MS) for offset, (doubt, ago) in enumerate(entries)]


@given(st.lists(doubts))
def test_what_does_not_verify_is_not_believed_and_more_than_a_hundredth_of_it_looks_like_a_wrong_key(
    entries: list[Doubt | None],
) -> None:
    one = trust()
    assert read(one, *((doubt, 0) for doubt in entries)) == [doubt is None for doubt in entries]
    distrusted = told(one)
    unbelieved = len(entries) - entries.count(None)
    assert (distrusted is not None) == (unbelieved > len(entries) / 100)
    assert distrusted is None or distrusted.condition is Condition.SIGNATURES_WRONG


@pytest.mark.parametrize(("forged", "holds"), [(1, False), (2, True)])
def test_a_hundredth_is_a_forger_and_more_is_a_key(forged: int, holds: bool) -> None:
    one = trust()
    read(one, *many(100 - forged), *many(forged, "forged"))
    assert (told(one) is not None) == holds


def test_one_young_entry_without_a_signature_is_enough_and_the_day_is_told() -> None:
    one = trust()
    assert read(one, ("unsigned", 2), *many(1_000, ago=1))[0] is False
    distrusted = told(one)
    assert distrusted is not None and distrusted.condition is Condition.SIGNATURES_MISSING
    assert "1 of 1001 entries of ledger 3" in str(distrusted)
    assert "offset 0; they count until 2024-11-14" in str(distrusted), "43 days after the day before yesterday"


def test_what_the_ledger_forgets_counts_no_more() -> None:
    one = trust()
    read(one, ("unsigned", HORIZON_DAYS + 1), *many(50, "other_key", HORIZON_DAYS + 1))
    assert told(one) is not None, "until something younger is there"
    one.believes(None, 100, TODAY_MS)
    assert told(one) is None
    read(later := trust(), ("unsigned", HORIZON_DAYS), (None, 0))
    assert told(later) is not None


def test_what_is_known_to_be_forged_is_not_believed_and_stops_nothing() -> None:
    one = trust(forged_since_ms=TODAY_MS)
    assert read(one, (None, 0), ("unsigned", 0), ("forged", 0), ("other_key", 0)) == [True, False, False, False]
    assert told(one) is None
    read(before := trust(forged_since_ms=TODAY_MS), ("unsigned", 1))
    assert told(before) is not None


def test_what_a_failed_restore_had_read_is_counted_once() -> None:
    one = trust()
    entries = [*many(1, "forged"), *many(149)]
    read(one, *entries[:50])
    read(one, *entries)
    assert told(one) is None, "1 of 150, and not 2 of 200 or 1 of 50"


def test_a_log_that_was_made_anew_is_counted_from_its_beginning() -> None:
    one = trust()
    read(one, *many(100))
    one.begin_anew()
    read(one, *many(2, "forged"))
    assert told(one) is not None


@pytest.mark.parametrize("signatures", [Signatures(), Signatures([b"k" * 32])], ids=["off", "sign"])
def test_where_no_signature_is_required_all_is_believed(signatures: Signatures) -> None:
    one = trust(signatures=signatures)
    assert all(read(one, ("unsigned", 0), ("forged", 0), ("other_key", 0), (None, 0)))
    assert told(one) is None


def test_only_where_something_is_signed_is_anything_doubted() -> None:
    signed = REQUIRED.sign("ledger", 3, b"key", b"value")
    assert trust(signatures=Signatures()).doubt(b"key", b"value", ()) is None
    assert trust(signatures=Signatures([b"k" * 32])).doubt(b"key", b"value", ()) == "unsigned"
    assert trust().doubt(b"key", b"value", signed) is None
    assert Trust(REQUIRED, "ledger", 4, 1).doubt(b"key", b"value", signed) == "forged"
