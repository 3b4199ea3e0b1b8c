"""How often what is answered ill is answered well when it is asked again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.attempts.flapping import MOST_ANSWERS, enough_by_chance
from consumer.model.taken_back import LATELY_S, TakenBack

HOST = "h"


def after(known: TakenBack, times: int, file: str = "f", now: float = 0.0) -> float:
    """The share that is told of a file that fails now, once another failed so often and came, others between."""
    for number in range(times):
        known.failed(HOST, file, now)
        known.came(HOST, f"{file} {number}", now)
    known.came(HOST, file, now)
    return known.failed(HOST, "another", now)


def test_who_is_ill_in_turns_is_known_by_what_comes_when_it_is_asked_for_again() -> None:
    known = TakenBack()
    assert after(known, 0) == 0.0
    for number in range(40):
        share = after(known, 4, f"g{number}")
    assert 0.3 < share < 0.6
    for number in range(100):
        share = after(known, 0, f"w{number}")
    assert share < 0.01


def test_an_outage_counts_once_for_each_file_and_is_forgotten() -> None:
    known = TakenBack()
    for _ in range(100):
        known.failed(HOST, "f", 0.0)
    known.came(HOST, "f", 0.0)
    assert 0.0 < known.failed(HOST, "g", LATELY_S / 2) < 0.1
    assert known.failed(HOST, "g", LATELY_S) == 0.0
    assert known.failed("another", "g", 0.0) == 0.0


@pytest.mark.parametrize(("share", "enough"), [(0.0, 8), (0.1, 8), (0.2, 8), (0.5, 17), (0.8, 52), (1.0, MOST_ANSWERS)])
def test_the_oftener_it_is_taken_back_the_more_of_it_is_needed(share: float, enough: int) -> None:
    assert enough_by_chance(share, 8) == enough


@given(st.floats(0.0, 1.0), st.integers(1, 100))
def test_it_is_never_less_than_usual_and_never_without_end(share: float, attempts: int) -> None:
    assert attempts <= enough_by_chance(share, attempts) <= max(attempts, MOST_ANSWERS)
