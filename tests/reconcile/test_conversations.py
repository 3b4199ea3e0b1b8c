"""Which conversations analytics is asked for, and what is made of pages that move."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.errors import Unavailable
from consumer.genesys.answers import SHAPES, Reply, judge
from consumer.service.reconcile.conversations import PAGE, Span, alive

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


GOOD = [b"{}", b'{"totalHits": 0}', b'{"conversations": [], "totalHits": 3}', b'{"conversations": [{}]}']
BAD = [b"", b"<html>", b"[]", b'{"conversations": {}}', b'{"status": "ok"}', b'{"totalHits": "many"}']


@pytest.mark.parametrize("body", [*GOOD, *BAD])
def test_a_page_of_analytics_is_known_by_its_shape(body: bytes) -> None:
    judged = judge(Reply(200, {}, body), SHAPES["analytics"])
    assert judged.found is (body in GOOD)


class Analytics:
    """Pages by day; past the last one there is nothing."""

    def __init__(self, days: dict[str, list[list[dict[str, Any]]]]) -> None:
        self.days = days
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        assert query["paging"]["pageSize"] == PAGE
        day, number = query["interval"][:10], query["paging"]["pageNumber"]
        self.asked.append((day, number))
        pages = self.days.get(day, [])
        return pages[number - 1] if number <= len(pages) else []


def talk(name: str, end: datetime | None = None) -> dict[str, Any]:
    return {"conversationId": name} | ({"conversationEnd": end.isoformat()} if end else {})


async def ids(analytics: Analytics, span: Span) -> list[str]:
    return [one async for one in alive(analytics, span)]


async def test_each_day_since_the_look_back_is_read_to_the_page_with_nothing_on_it() -> None:
    analytics = Analytics({"2026-11-28": [[talk("a"), talk("b")], [talk("c")]], "2026-11-29": [[talk("d")]]})
    assert await ids(analytics, Span(NOON - HOUR, NOON, DAY)) == ["a", "b", "c", "d"]
    assert analytics.asked == [
        ("2026-11-28", 1), ("2026-11-28", 2), ("2026-11-28", 3), ("2026-11-29", 1), ("2026-11-29", 2),
    ]  # fmt: skip


async def test_what_pages_or_days_repeat_is_told_once() -> None:
    days = {"2026-11-28": [[talk("a"), talk("b")], [talk("b"), talk("c")]], "2026-11-29": [[talk("c"), talk("a")]]}
    assert await ids(Analytics(days), Span(NOON - HOUR, NOON, DAY)) == ["a", "b", "c"]


async def test_what_ended_before_is_left_out_and_what_goes_on_or_can_t_be_read_is_not() -> None:
    since = NOON - HOUR
    odd = {"conversationId": "odd", "conversationEnd": "soon"}
    talks = [talk("over", since - HOUR), talk("later", since + HOUR), talk("goes-on"), odd]
    assert await ids(Analytics({"2026-11-29": [talks]}), Span(since, NOON, timedelta())) == ["later", "goes-on", "odd"]


@pytest.mark.parametrize("bad", [{}, {"conversationId": 5}, {"conversationId": "../a"}])
async def test_a_conversation_without_an_id_is_no_answer(bad: dict[str, Any]) -> None:
    with pytest.raises(Unavailable, match="without an id"):
        await ids(Analytics({"2026-11-29": [[bad]]}), Span(NOON - HOUR, NOON, timedelta()))


async def test_pages_without_end_end() -> None:
    async def ask(query: dict[str, Any]) -> list[dict[str, Any]]:
        return [talk("the-same-for-ever")]

    with pytest.raises(Unavailable, match="without end"):
        async for _ in alive(ask, Span(NOON - HOUR, NOON, timedelta())):
            pass


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 3, 1), timezones=st.timezones()),
    st.timedeltas(timedelta(minutes=1), timedelta(days=30)),
    st.timedeltas(timedelta(), timedelta(days=31)),
)
def test_days_cover_all_of_it_without_gaps_and_none_is_longer_than_a_day(
    since: datetime, length: timedelta, look_back: timedelta
) -> None:
    span = Span(since, since + length, look_back)
    days = list(span.days())
    assert days[0][0] <= since - look_back
    assert days[-1][1] == span.until
    assert all(end == begin for (_, end), (begin, _) in itertools.pairwise(days))
    assert all(timedelta() < end - begin <= DAY and begin.hour == 0 for begin, end in days)
