"""What a part costs that is looked at for each of many others: CPU time, far enough from the bar for any machine."""

import pytest

from consumer.inspection.detection import Detector
from tests.fuzz.check import look
from tests.fuzz.dear import BARS, LARGE, SMALL, Recipe, scaled
from tests.inspection.slow_texts import SLOW_TEXTS

DETECTOR = Detector()
UNSURE = 2  # times the bar: a machine that does much else at once hashes faster than it does all else


@pytest.mark.parametrize("name", SLOW_TEXTS)
def test_no_part_is_read_again_for_each_of_many_others(name: str) -> None:
    recipe = Recipe(name)
    data = recipe.make(SMALL)
    assert scaled(lambda: look(data, DETECTOR, recipe.claimed)) < UNSURE * BARS[SMALL]


@pytest.mark.parametrize("name", ["svg, escapes in styles", "vcf, lines of a file", "heic, properties of items"])
def test_what_is_cheap_in_a_small_file_is_paid_for_in_a_large_one(name: str) -> None:
    recipe = Recipe(name)
    data = recipe.make(LARGE)
    assert scaled(lambda: look(data, DETECTOR, recipe.claimed)) < UNSURE * BARS[LARGE]
