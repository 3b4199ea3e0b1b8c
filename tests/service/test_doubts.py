"""What `explain` believes of records that anybody may have written, where answers are signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from consumer.kafka.ledger import Recollection
from consumer.kafka.seen import DoubtfulRecord, SeenRecords, SeenResult
from consumer.service.whereabouts import sentences
from consumer.service.whereabouts.doubts import answers_in, without_unknown
from consumer.service.whereabouts.stories import State, stories
from tests.service.test_whereabouts import AT, CONVERSATION, HORIZON, event, identity, letter, result, seen, task

LONG_AGO = AT - timedelta(days=35)
A = identity("a")


def memory(*noted: tuple[bytes, int, float]) -> Recollection:
    """Identity, generation, and how many seconds after `AT`."""
    found = Recollection()
    for name, generation, seconds in noted:
        found.times[name, generation].append(AT + timedelta(seconds=seconds))
    return found


def proven(found: SeenRecords, known: Recollection) -> SeenRecords:
    return without_unknown(found, known, LONG_AGO)


def test_a_verdict_that_the_ledger_does_not_know_is_doubtful_and_no_answer() -> None:
    found = proven(seen(committed=0, tasks=[task(0, event("a"))], results=[result("a", 1)]), memory())
    assert [story.state for story in stories(found, HORIZON)] == [State.WAITING]
    (doubtful,) = found.doubtful
    assert (doubtful.what, doubtful.place.offset, doubtful.why) == ("verdict", 1, "not_in_ledger")
    assert sentences.doubt(doubtful).endswith("no entry of the ledger that is signed with a key of ours bears it out")


def test_of_two_verdicts_the_one_that_came_with_the_entry_is_true() -> None:
    """A forger may write before and after; the ledger does not say which verdict it was."""
    said = [result("a", 1), result("a", 900, "macros"), result("a", 1_800)]
    found = proven(seen(results=said), memory((A, 0, 900.2)))
    (story,) = stories(found, HORIZON)
    assert (story.state, [one.place.offset for one in found.doubtful]) == (State.REJECTED, [1, 1_800])


def test_a_dead_letter_is_borne_out_by_the_entry_of_its_generation() -> None:
    letters = [letter(A, 1, 1), letter(A, 2, 900), letter(A, 3, 905)]
    found = proven(seen(letters=letters), memory((A, 1, 1), (A, 2, 900)))
    assert [one.letter.generation for one in found.letters] == [1, 2]
    assert [one.place.offset for one in found.doubtful] == [905]


def test_what_is_older_than_the_ledger_is_taken_as_it_is() -> None:
    found = seen(results=[result("a", 1)], letters=[letter(identity("b"), 1, 2)])
    assert without_unknown(found, memory(), AT + timedelta(days=1)).doubtful == []
    assert answers_in(found, 12, AT + timedelta(days=1)) == {}


def test_a_dead_letter_that_names_no_conversation_may_be_known_anywhere() -> None:
    named = answers_in(seen(letters=[letter(A, 1, 1)], results=[result("a", 1)]), 12, LONG_AGO)
    assert list(named.values()) == [{A}]
    one = letter(b"bytes", 1, 1)
    alone = replace(one, letter=replace(one.letter, conversation_id=None))
    assert answers_in(seen(letters=[alone]), 3, LONG_AGO) == {number: {b"bytes"} for number in range(3)}


def test_what_is_found_in_another_search_is_added_once() -> None:
    one: list[SeenResult] = [result("a", 1)]
    found, doubtful = seen(results=one), DoubtfulRecord("verdict", one[0].place, "not_in_ledger")
    found.add(seen(results=[*one, result("b", 2)], doubtful=[doubtful]))
    found.add(seen(doubtful=[doubtful]))
    assert ([each.place.offset for each in found.results], found.doubtful) == ([1, 2], [doubtful])


def test_what_counts_all_the_same_is_told_so() -> None:
    place = result("a", 1).place
    told = sentences.doubt(DoubtfulRecord("ledger entry", place, "forged", believed=True))
    assert "its signature is false; it counts all the same" in told
    assert CONVERSATION not in told
