"""The inputs that the long run kept, and the first of those that it makes."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.inspection.detection import Detector
from consumer.inspection.readers.seen import Work
from tests.fuzz.check import check
from tests.fuzz.dear import LARGE, SMALL, Recipe, kept
from tests.fuzz.inputs import fuzzed, seeds
from tests.fuzz.sized import sized
from tests.quick import examples

KEPT = sorted(path for path in Path(__file__).with_name("kept").iterdir() if path.name != ".gitignore")
DETECTOR = Detector()


def test_there_are_kept_inputs() -> None:
    assert len(KEPT) > 50


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_a_kept_input_keeps_every_promise(path: Path) -> None:
    check(path.read_bytes(), DETECTOR)


def test_the_first_made_inputs_keep_every_promise() -> None:
    for number in range(1_500):
        check(fuzzed(number), DETECTOR)


@pytest.mark.parametrize("number", range(80))
def test_a_large_input_keeps_every_promise(number: int) -> None:
    check(sized(number), DETECTOR)


@pytest.mark.parametrize("recipe", kept(), ids=repr)
def test_the_dearest_files_that_a_search_found_keep_every_promise(recipe: Recipe) -> None:
    check(recipe.make(SMALL), DETECTOR, recipe.claimed)


def test_what_may_be_spent_on_a_file_grows_with_it_from_a_little_on() -> None:
    sizes = (0, SMALL, 2 * SMALL, LARGE, 10 * LARGE)
    allowed = [Work.of(size).left for size in sizes]
    assert allowed == sorted(allowed)
    assert all(twice < 2.2 * once for once, twice in itertools.pairwise(allowed[1:3]))


def test_an_input_is_always_the_same() -> None:
    assert fuzzed(7) == fuzzed(7) != fuzzed(8)
    assert sized(7) == sized(7) != sized(8)


@settings(max_examples=examples(200), deadline=None)
@given(st.binary(max_size=2_000), st.sampled_from([data[:64] for data in seeds()]), st.booleans())
def test_any_bytes_behind_any_beginning_keep_every_promise(rest: bytes, beginning: bytes, begun: bool) -> None:
    check(beginning + rest if begun else rest, DETECTOR)
