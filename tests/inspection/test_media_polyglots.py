"""No picture, recording or film that another program opens as something else is let in."""

from __future__ import annotations

import pytest

from tests.inspection.media_polyglots import polyglots
from tests.inspection.test_media import verdict

MADE = polyglots()


def test_there_are_enough_of_them() -> None:
    assert len(MADE) > 1_000


@pytest.mark.parametrize("name", MADE)
def test_a_second_format_is_not_let_in(name: str) -> None:
    first = name.partition(" ")[0].rstrip(":")
    assert verdict(MADE[name], first) is not None
