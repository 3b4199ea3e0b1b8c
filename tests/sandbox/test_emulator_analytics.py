"""The emulator's analytics query, as the pages of Genesys describe it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.world import Conversation, World
from tests.sandbox.worlds import file_of, talk_with

NOW = datetime(2026, 11, 29, 1, 0, tzinfo=UTC)
OF_MESSAGES = {
    "segmentFilters": [
        {"type": "and", "predicates": [{"dimension": "mediaType", "operator": "matches", "value": "message"}]}
    ]
}


def talk(number: int, age: timedelta) -> Conversation:
    one, name = talk_with(file_of("genuine")), f"00000000-0000-4000-8000-{number:012}"
    (message,) = one.messages
    aged = replace(message, conversation_id=name, message_id=f"m{number}", age_s=age.total_seconds())
    return replace(one, conversation_id=name, messages=(aged,))


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    talks = [talk(number, timedelta(minutes=number)) for number in range(5)]
    async with Emulator(World([*talks, talk(50, timedelta(hours=2)), talk(99, timedelta(days=3))], NOW)) as running:
        yield running


async def ask(emulator: Emulator, begin: datetime, end: datetime, **query: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=emulator.api_url, trust_env=False) as client:
        headers = {"authorization": f"Bearer {emulator.state.new_token()}"}
        body = {"interval": f"{begin.isoformat()}/{end.isoformat()}"} | query
        return await client.post("/api/v2/analytics/conversations/details/query", json=body, headers=headers)


def ids(answer: httpx.Response) -> list[int]:
    return [int(one["conversationId"][-12:]) for one in answer.json().get("conversations", [])]


async def test_a_conversation_is_found_by_the_day_on_which_it_began_and_no_other(emulator: Emulator) -> None:
    half_an_hour = NOW - timedelta(minutes=30)
    assert ids(await ask(emulator, half_an_hour, NOW)) == [4, 3, 2, 1, 0]
    assert ids(await ask(emulator, NOW - timedelta(minutes=3), NOW)) == [4, 3, 2, 1, 0], "all of the day is touched"
    assert ids(await ask(emulator, NOW - timedelta(hours=3), NOW)) == [50, 4, 3, 2, 1, 0]
    assert ids(await ask(emulator, NOW - timedelta(days=5), NOW - timedelta(days=2))) == [99]


async def test_pages_follow_each_other_and_the_last_has_no_conversations(emulator: Emulator) -> None:
    pages = [
        await ask(emulator, NOW - timedelta(minutes=5), NOW, paging={"pageSize": 2, "pageNumber": number})
        for number in (1, 2, 3, 4)
    ]
    assert [ids(page) for page in pages] == [[4, 3], [2, 1], [0], []]
    assert [page.json()["totalHits"] for page in pages] == [5] * 4
    assert "conversations" not in pages[3].json()


BAD: list[dict[str, Any]] = [
    {"interval": "yesterday"},
    {"interval": "2026-11-29T00:00:00Z/2026-11-28T00:00:00Z"},
    {"interval": "2026-11-20T00:00:00Z/2026-11-28T00:00:00Z"},
    {"interval": "2026-10-20T00:00:00Z/2026-11-28T00:00:00Z", **OF_MESSAGES},
    {"paging": {"pageSize": 101}},
    {"paging": {"pageNumber": 0}},
    {"order": "upwards"},
    {"cursor": "abc"},
]


@pytest.mark.parametrize("query", BAD, ids=str)
async def test_what_the_query_does_not_take_is_a_400_of_genesys(emulator: Emulator, query: dict[str, Any]) -> None:
    answer = await ask(emulator, NOW - timedelta(days=1), NOW, **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad.request")


async def test_a_month_may_be_asked_for_with_a_filter(emulator: Emulator) -> None:
    assert len(ids(await ask(emulator, NOW - timedelta(days=30), NOW, **OF_MESSAGES))) == 7
    calls = {"segmentFilters": [{"type": "and", "predicates": [{"dimension": "mediaType", "value": "voice"}]}]}
    assert ids(await ask(emulator, NOW - timedelta(days=30), NOW, **calls)) == []


async def test_it_needs_a_permission_of_its_own_and_counts_to_the_limit(emulator: Emulator) -> None:
    emulator.state.switch({"permissions": ["conversation:communication:view"]})
    refused = await ask(emulator, NOW - timedelta(days=1), NOW)
    assert (refused.status_code, refused.json()["code"]) == (403, "missing.any.permissions")
    assert "analytics:conversationDetail:view" in refused.json()["message"]
    assert refused.headers["inin-ratelimit-count"] == "1"
