"""How long answers wait for their commit: hardly in a process that has room, up to a second in one that has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.stream.tick import LONGEST_S, tick_s

SHARE = st.floats(0, 1)


@pytest.mark.parametrize(
    ("load", "seconds"), [(0.0, 0.1), (0.4, 0.1), (0.5, 0.2), (0.65, 0.57), (0.75, 1.0), (1.0, 1.0)]
)
def test_a_process_that_is_half_full_answers_nearly_as_soon_as_an_empty_one(load: float, seconds: float) -> None:
    assert tick_s(0.1, 1, load) == pytest.approx(seconds, abs=0.01)


def test_a_process_that_fills_up_in_batches_is_full_between_them_too() -> None:
    """The intake gathers for half a second: of the tasks in flight up to a quarter end meanwhile."""
    assert {tick_s(0.1, 12, load) for load in (0.76, 0.85, 0.99)} == {LONGEST_S}


def test_many_partitions_commit_no_more_often_than_a_broker_bears() -> None:
    assert tick_s(0.1, 80, 0.0) == 0.8
    assert tick_s(0.1, 300, 1.0) == 3.0


@given(SHARE, SHARE, st.integers(1, 1000))
def test_a_fuller_process_never_commits_more_often(one: float, other: float, partitions: int) -> None:
    less, more = sorted((one, other))
    assert 0.1 <= tick_s(0.1, partitions, less) <= tick_s(0.1, partitions, more)
