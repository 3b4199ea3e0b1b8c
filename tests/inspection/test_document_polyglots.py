"""No document, text, mail or archive that another program opens as something else is let in."""

from __future__ import annotations

from tests.inspection import wide
from tests.inspection.document_polyglots import FIRST, PLACES, polyglots


def test_a_second_format_is_not_let_in_wherever_its_opener_finds_it() -> None:
    made = polyglots()
    assert len(made) > 1_500
    assert [name for name, data in made.items() if wide.reason(data, name.partition(" ")[0].rstrip(":")) is None] == []


def test_what_holds_nothing_of_it_is_let_in() -> None:
    first = [f"a.{kind}" for kind, data in FIRST.items() if wide.reason(data, f"a.{kind}") is not None]
    empty = {place: made(b"words of its maker") for place, (_, made) in PLACES.items() if "photo" not in place}
    places = [place for place, data in empty.items() if wide.reason(data, f"a.{place.partition(',')[0]}") is not None]
    assert (first, places) == ([], [])
