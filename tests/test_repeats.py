"""When a question may be asked again that was asked in vain."""

from __future__ import annotations

import itertools
from contextlib import ExitStack

import pytest

from consumer.attempts import Repeats
from consumer.attempts.repeats import TOGETHER_S, LinePlace


def test_repeats_get_a_tenth_of_what_is_allowed_and_borrow_nothing() -> None:
    line = InLine(Repeats(lambda: 300), *(f"c-{number}" for number in range(30)))
    assert sorted(at for at, _ in line.turns(1_000.0)) == [1_000.0 + 2.0 * number for number in range(30)]
    line.join("later", "next")
    assert [at for at, _ in line.turns(5_000.0)] == [5_000.0, 5_002.0], "an hour without repeats allows no more"


def test_of_those_that_wait_the_latest_and_the_one_that_waits_longest_are_next_in_turn() -> None:
    line = InLine(Repeats(lambda: 300), *"abcdef")
    assert "".join(of for _, of in line.turns(0.0)) == "faebdc"


def test_a_conversation_stays_as_late_as_it_was_whenever_it_asks_again() -> None:
    line = InLine(Repeats(lambda: 300), "first", "second")
    line.turns(0.0)
    line.join("second", "first")
    assert [of for _, of in line.turns(100.0, many=1)] == ["second"]


@pytest.mark.parametrize("latest", [True, False])
def test_those_have_most_turns_that_are_found_most_often(latest: bool) -> None:
    """The others have so few that it shows when it changes."""
    repeats = Repeats(lambda: 300)
    line = InLine(repeats, *(f"c-{number:04}" for number in range(200)))
    order = []
    for now in range(0, 180, 2):
        ((_, of),) = line.turns(float(now), many=1)
        order.append(int(of[2:]))
        repeats.answered(of, found=(order[-1] >= 100) is latest)
    found = [number for number in order[30:] if (number >= 100) is latest]
    assert 0.8 * len(order[30:]) <= len(found) < len(order[30:])


def test_a_conversation_has_one_turn_at_a_time_however_many_ask_for_it() -> None:
    repeats = Repeats(lambda: 300)
    line = InLine(repeats, "another", *["many"] * 1_000)
    assert line.turns(10.0) == [(10.0, "many"), (12.0, "another")]
    assert repeats.shared("many", 10.0 + TOGETHER_S) == 10.0
    assert repeats.shared("many", 10.0 + 2 * TOGETHER_S) is None


def test_who_comes_to_a_turn_that_was_not_his_waits_for_the_next_one() -> None:
    repeats = Repeats(lambda: 300)
    InLine(repeats, "one").turns(5.0)
    with repeats.waiting("one", 1, waited_s=5.0) as place, repeats.waiting("one", 2, waited_s=1.0) as same:
        assert place is same
        assert repeats.due_s(place, 7.0) == 8.0
        with repeats.waiting("another", 0) as other:
            assert repeats.due_s(other, 7.0) == 0, "nobody waits for who may not come yet"
        assert repeats.due_s(place, 15.0) == 0
    with repeats.waiting("one", 3, waited_s=10.0, own=5.0) as place:
        assert repeats.due_s(place, 7.0) == 0, "his own keeps nobody waiting"


async def test_whoever_is_next_is_woken() -> None:
    repeats = Repeats(lambda: 300)
    line = InLine(repeats, "first", "second")
    with line.places["first"].sleeping() as asleep, line.places["second"].sleeping() as too:
        assert repeats.due_s(line.places["first"], 0.0) is None
        repeats.take(line.places["second"], 0.0)
        assert (asleep.cancel_called, too.cancel_called) == (True, True), "one is next, and the other has its turn"
    assert repeats.due_s(line.places["first"], 0.5) == 1.5


class InLine:
    """Conversations that wait for their turns, in the order of their numbers."""

    def __init__(self, repeats: Repeats, *conversations: str) -> None:
        self._repeats, self._stack = repeats, ExitStack()
        self.places: dict[str, LinePlace] = {}
        self._numbers = itertools.count()
        self.join(*conversations)

    def join(self, *conversations: str) -> None:
        for of in conversations:
            place = self.places[of] = self._stack.enter_context(self._repeats.waiting(of, next(self._numbers)))
            self._repeats.due_s(place, 1_000_000.0)  # it joins the line

    def turns(self, now: float, many: int = 1_000_000) -> list[tuple[float, str]]:
        """When each has its turn, as they come; at most so many."""
        had: list[tuple[float, str]] = []
        while self.places and len(had) < many:
            of, due_s = next(
                (of, due) for of, one in self.places.items() if (due := self._repeats.due_s(one, now)) is not None
            )
            now += due_s
            had.append((self._repeats.take(self.places.pop(of), now), of))
        return had


def test_last_questions_about_a_conversation_are_asked_together() -> None:
    repeats = Repeats(lambda: 300)
    assert {repeats.last("one", 600.0 + n, 40.0) for n in range(1, 20)} == {601.0, 641.0}
    assert repeats.last("another", 602.0, 40.0) == 602.0


def test_what_was_asked_about_long_ago_is_forgotten() -> None:
    repeats = Repeats(lambda: 300)
    InLine(repeats, *(f"c-{number}" for number in range(100))).turns(0.0)
    for number in range(100):
        repeats.last(f"c-{number}", 0.0, 40.0)
    InLine(repeats, "later").turns(3_000.0)
    assert len(repeats._turns) + len(repeats._lasts) + len(repeats._numbers) + len(repeats._turn_by) == 2


def test_the_line_stays_short_though_those_who_leave_it_stay_in() -> None:
    repeats = Repeats(lambda: 300)
    with repeats.waiting("stays", 0) as stays:
        repeats.due_s(stays, 0.0)
        for number in range(10_000):
            with repeats.waiting(f"c-{number}", number + 1) as place:
                repeats.due_s(place, 0.0)
        assert max(map(len, repeats._line.values())) <= 100


def test_repeats_in_vain_are_few_whatever_is_allowed_and_those_that_find_something_earn_a_tenth_of_it() -> None:
    repeats = Repeats(lambda: 60_000)
    assert repeats.pace == 40.0
    for found, pace in ((True, 6_000.0), (False, 40.0)):
        for _ in range(100):
            repeats.answered("c", found=found)
        assert repeats.pace == pytest.approx(pace, rel=0.01)
    assert Repeats(lambda: 300).pace == 30.0, "a tenth is the most"
