"""When a failure is one's own: the same call was answered for somebody else, or its probe where nobody else asks."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.model.heard import Asked, Heard

MINE = Asked("messages", "mine")
calls = st.sampled_from(["messages", "download"])
askers = st.sampled_from(["mine", "second", "third"])
happenings = st.lists(st.tuples(st.sampled_from(["answered", "failed", "probed"]), calls, askers), max_size=30)


@given(before=happenings, since=happenings)
def test_it_is_as_if_all_were_remembered(before: list[tuple[str, str, str]], since: list[tuple[str, str, str]]) -> None:
    heard = Heard()
    for what, call, of in before:
        _tell(heard, what, call, of)
    then = heard.now
    for what, call, of in since:
        _tell(heard, what, call, of)
    others = [what for what, call, of in since if (call, what != "probed") == ("messages", True) and of != "mine"]
    probed = any((what, call) == ("probed", "messages") for what, call, _ in since)
    expected = "answered" in others or ("failed" not in others and probed)
    assert heard.is_own(MINE, then) is expected


def _tell(heard: Heard, what: str, call: str, of: str) -> None:
    if what == "probed":
        heard.probed(call)
    else:
        (heard.answered if what == "answered" else heard.failed)(Asked(call, of))
