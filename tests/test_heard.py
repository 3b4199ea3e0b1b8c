"""When a failure is one's own: the same call was answered for somebody else, or its probe where nobody else waits."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.model.heard import Asked, Heard

MINE = Asked("messages", "mine")
Happening = tuple[str, str, str, str]
happenings = st.lists(
    st.tuples(
        st.sampled_from(["answered", "failed", "left", "probed"]),
        st.sampled_from(["messages", "download"]),
        st.sampled_from(["mine", "second", "third"]),
        st.sampled_from(["one work", "another"]),
    ),
    max_size=30,
)


@given(before=happenings, since=happenings)
def test_it_is_as_if_all_were_remembered(before: list[Happening], since: list[Happening]) -> None:
    heard = Heard()
    for happening in before:
        _tell(heard, *happening)
    then = heard.now
    for happening in since:
        _tell(heard, *happening)
    told = [(what, of) for what, call, of, _ in since if call == "messages"]
    others = any(what == "answered" and of != "mine" for what, of in told)
    probed = any(what == "probed" for what, _ in told)
    assert heard.is_own(MINE, then) is (others or (probed and _none_shows_otherwise(before + since)))


def _none_shows_otherwise(happenings: list[Happening]) -> bool:
    """Whether all questions that fail failed before the last answer as well, or mine alone fails."""
    waiting: dict[tuple[str, str], bool] = {}  # whose, by which work → whether it failed before an answer
    for what, call, of, work in happenings:
        if call != "messages":
            continue
        if what == "failed":
            before = any(old for (other, _), old in waiting.items() if other == of)
            waiting[of, work] = waiting.get((of, work), False) or before
        elif what == "left":
            waiting.pop((of, work), None)
        elif what == "answered":
            waiting = {who: True for who in waiting if who[0] != of}
    if any(old for (of, _), old in waiting.items() if of == "mine"):
        return all(waiting.values())
    return {of for of, _ in waiting} <= {"mine"}


def test_what_asks_no_more_once_it_failed_waits_for_nothing() -> None:
    heard = Heard()
    heard.failed(Asked("messages", "a probe's"))
    heard.probed("messages")
    assert heard.is_own(MINE, 0)


def _tell(heard: Heard, what: str, call: str, of: str, work: str) -> None:
    match what:
        case "probed":
            heard.probed(call)
        case "answered":
            heard.answered(Asked(call, of))
        case "failed":
            heard.failed(Asked(call, of), work)
        case "left":
            heard.left(Asked(call, of), work)
