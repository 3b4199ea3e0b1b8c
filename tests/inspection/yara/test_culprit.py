"""Which of many rules takes too long: found by halves."""

from __future__ import annotations

import pytest

from consumer.inspection.yara.culprit import apart, culprit, only, with_needed
from consumer.inspection.yara.rules import Rules, compiled

ODD = """import "math"
// a comment }
/* a longer
} */
private rule Part { strings: $a = "x}\\"{" $h = { 61 [0-3]
 62 } $r = /a{2,3}"}/ condition: $a or $h
or $r }
global rule Everywhere : tag { condition: filesize > 0 }
rule Whole { meta: action = "reject" condition: Part and math.abs(-1) == 1 }
"""


def many(count: int) -> Rules:
    return compiled("".join(f'rule R{n} {{ strings: $a = "word{n}" condition: $a }}\n' for n in range(count)), "m")


def test_each_rule_stands_by_itself_whatever_is_in_it() -> None:
    imports, pieces = apart(ODD)
    assert imports == 'import "math"\n'
    assert list(pieces) == ["Part", "Everywhere", "Whole"]
    for name in pieces:
        some = imports + "".join(pieces[needed] for needed in with_needed([name], pieces))
        assert name in {rule.name for rule in compiled(some, "some").rules}


def test_a_rule_brings_along_what_it_refers_to() -> None:
    _, pieces = apart(ODD)
    assert with_needed(["Whole"], pieces) == ["Part", "Whole"]
    assert with_needed(["Everywhere"], pieces) == ["Everywhere"]


@pytest.mark.parametrize("slow", [0, 1, 50, 99])
async def test_the_one_is_found_in_few_tries(slow: int) -> None:
    tries = 0

    async def exceeds(some: Rules) -> bool:
        nonlocal tries
        tries += 1
        return f"R{slow}" in {rule.name for rule in some.rules}

    assert await culprit(many(100), exceeds) == f"R{slow}"
    assert tries <= 14


async def test_where_only_several_together_take_too_long_nobody_is_named() -> None:
    async def exceeds(some: Rules) -> bool:
        return len(some.rules) > 3

    assert await culprit(many(10), exceeds) is None


async def test_one_is_tried_alone() -> None:
    async def exceeds(some: Rules) -> bool:
        return [rule.name for rule in some.rules] == ["R2"]

    assert await only("R2", many(4), exceeds)
    assert not await only("R1", many(4), exceeds)
    assert not await only("Gone", many(4), exceeds)
