"""Conversations of messages that were alive in a time, as analytics lists them.

A query finds a conversation by the UTC day on which it *started*, so each day is asked for by itself, some days back.
Pages move while conversations come and change: what comes twice is told once, and the end is a page with nothing on it.
Sources: `ConversationQuery` of the official SDK; the page *analyticsdatamanagement/analytics/detail/index*; on the
developer blog *How the Analytics Conversation Details Query API Works* (2022-04-21).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from consumer.errors import Unavailable
from consumer.model import Dependency
from consumer.wire.fields import BadId, Json, read_id

PAGE = 100
PAGES = 1_000  # of a day: what lists more is no answer to this question
OF_MESSAGES = {"type": "dimension", "dimension": "mediaType", "operator": "matches", "value": "message"}

Ask = Callable[[Json], Awaitable[list[Json]]]
"""Gives one page of the query."""


@dataclass(frozen=True, slots=True)
class Span:
    """Messages from `since` until `until`, in conversations that started at most `look_back` before that."""

    since: datetime
    until: datetime
    look_back: timedelta

    @property
    def first_day(self) -> datetime:
        return (self.since - self.look_back).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    def days(self) -> Iterator[tuple[datetime, datetime]]:
        begin = self.first_day
        while begin < self.until:
            yield begin, min(begin + timedelta(days=1), self.until)
            begin += timedelta(days=1)


async def alive(ask: Ask, span: Span) -> AsyncIterator[str]:
    """Ids, each once. Raises what `ask` does, and `Unavailable` for an answer that makes no sense."""
    seen: set[str] = set()
    for begin, end in span.days():
        async for talk in _started_in(ask, begin, end):
            conversation_id = _id_of(talk)
            if conversation_id not in seen and not _ended_before(talk, span.since):
                seen.add(conversation_id)
                yield conversation_id


async def _started_in(ask: Ask, begin: datetime, end: datetime) -> AsyncIterator[Json]:
    for number in range(1, PAGES + 1):
        page = await ask(query(begin, end, number))
        if not page:
            return
        for talk in page:
            yield talk
    raise Unavailable(Dependency.API, f"the API lists conversations of {begin:%Y-%m-%d} without end")


def query(begin: datetime, end: datetime, page: int) -> Json:
    return {
        "interval": f"{_stamp(begin)}/{_stamp(end)}",
        "order": "asc",
        "orderBy": "conversationStart",
        "paging": {"pageSize": PAGE, "pageNumber": page},
        "segmentFilters": [{"type": "and", "predicates": [OF_MESSAGES]}],
    }


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _id_of(talk: Json) -> str:
    try:
        found = read_id(talk.get("conversationId"), "conversation id")
    except BadId:
        found = None
    if found is None:
        raise Unavailable(Dependency.API, "the API lists a conversation without an id that could be one")
    return found


def _ended_before(talk: Json, moment: datetime) -> bool:
    """False for one that goes on, or whose end can't be read."""
    end: Any = talk.get("conversationEnd")
    try:
        ended = datetime.fromisoformat(end)
    except (TypeError, ValueError):
        return False
    return (ended if ended.tzinfo else ended.replace(tzinfo=UTC)) < moment
