"""Whom a limit of the API holds, for how long, and how it ends."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.genesys.holds import ALL, LONGEST_S, TRY_S, Holds, RateLimit

NOBODY_KNOWS = RateLimit("conversations/x")
OF_THE_TOKEN = RateLimit("platform.api/client.credentials.token.rate.per.minute")


def waits(holds: Holds, now: float, *calls: str) -> list[float]:
    return [holds.wait_s(now, call) for call in calls]


def test_a_limit_that_nobody_knows_holds_all_and_one_call_every_five_minutes_tries() -> None:
    holds = Holds()
    assert holds.limited(0.0, "messages", NOBODY_KNOWS, 3_600) == (ALL, 3_600)
    assert waits(holds, 1.0, "messages", "download") == [TRY_S - 1, TRY_S - 1]
    assert waits(holds, TRY_S, "download", "messages", "download") == [0.0, TRY_S, TRY_S]
    assert waits(holds, 2 * TRY_S, "messages", "messages") == [0.0, TRY_S]
    assert waits(holds, 3_600, "messages", "download") == [0.0, 0.0]


def test_a_longer_limit_is_kept_for_an_hour() -> None:
    holds = Holds()
    assert holds.limited(0.0, "messages", RateLimit(), 9_000) == (ALL, LONGEST_S)
    assert holds.until(0.0) == LONGEST_S


def test_a_try_that_is_answered_ends_it_if_it_was_the_same_call() -> None:
    holds = Holds()
    holds.limited(0.0, "messages", NOBODY_KNOWS, 3_600)
    holds.answered(310.0, "messages", began=TRY_S)
    assert waits(holds, 311.0, "messages", "download") == [0.0, 0.0]


def test_a_try_of_another_name_teaches_whom_the_limit_concerns() -> None:
    holds = Holds()
    holds.limited(0.0, "messages", NOBODY_KNOWS, 3_600)
    assert holds.wait_s(TRY_S, "download") == 0.0
    holds.answered(310.0, "download", began=TRY_S)
    assert holds.wait_s(311.0, "download") == 0.0
    assert holds.wait_s(311.0, "messages") > 0
    assert holds.limited(5_000.0, "messages", NOBODY_KNOWS, 60) == ("messages", 60), "the next time it is known"
    assert waits(holds, 5_001.0, "messages", "download") == [59.0, 0.0]


def test_a_limit_on_the_token_always_holds_all() -> None:
    holds = Holds()
    holds.limited(0.0, "messages", OF_THE_TOKEN, 3_600)
    holds.answered(310.0, "download", began=TRY_S)
    assert waits(holds, 311.0, "messages", "download") == [0.0, 0.0], "it was answered: the limit is over for all"
    assert holds.limited(400.0, "messages", OF_THE_TOKEN, 60)[0] == ALL


def test_what_was_on_its_way_already_proves_nothing() -> None:
    holds = Holds()
    holds.limited(10.0, "messages", NOBODY_KNOWS, 60)
    holds.answered(11.0, "download", began=9.0)
    assert holds.wait_s(12.0, "download") == 58.0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["limited", "answered", "wait"]),
            st.sampled_from(["messages", "download"]),
            st.floats(0, 20_000),
            st.floats(0, 600),
        ),
        max_size=40,
    )
)
def test_nobody_waits_for_more_than_an_hour_after_the_last_limit(steps: list[tuple[str, str, float, float]]) -> None:
    holds, now, last = Holds(), 0.0, 0.0
    for what, call, seconds, passed in steps:
        now += passed
        if what == "limited":
            holds.limited(now, call, NOBODY_KNOWS, seconds)
            last = now
        elif what == "answered":
            holds.answered(now, call, began=now - seconds / 100)
        else:
            assert holds.wait_s(now, call) <= TRY_S + 1e-6
    assert holds.until(now) <= max(now, last + LONGEST_S) + 1e-6
