"""The analytics query about conversations: by the day on which they began, with filters, page by page.

Sources: `conversation_query.py` of the official SDK (shape, values, and that a conversation is found by the day on
which it started); the page *analyticsdatamanagement/analytics/detail/index* (7 days without a filter, 31 with one).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from consumer.sandbox import payloads
from consumer.sandbox.emulator_state import EmulatorState
from consumer.sandbox.world import Conversation
from consumer.wire.fields import Json

DAYS, DAYS_FILTERED = 7, 31
LARGEST_PAGE = 100


class QueryPart(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class Paging(QueryPart):
    page_size: int = Field(25, ge=1, le=LARGEST_PAGE)
    page_number: int = Field(1, ge=1)


class Predicate(QueryPart):
    type: Literal["dimension"] = "dimension"
    dimension: str
    operator: Literal["matches", "exists", "notExists"] = "matches"
    value: str | None = None


class QueryFilter(QueryPart):
    type: Literal["and", "or"]
    predicates: list[Predicate] = []


class Query(QueryPart):
    interval: str
    order: Literal["asc", "desc", "unordered"] = "asc"
    order_by: Literal["conversationStart", "conversationEnd", "segmentStart", "segmentEnd"] = "conversationStart"
    paging: Paging = Paging()
    segment_filters: list[QueryFilter] = []
    conversation_filters: list[QueryFilter] = []


class Interval(NamedTuple):
    begin: datetime
    end: datetime

    def touches_day_of(self, moment: datetime) -> bool:
        return self.begin.date() <= moment.date() <= (self.end - timedelta(microseconds=1)).date()


class BadQuery(Exception):
    """What the API answers 400 to, in its words."""


def answer(body: Any, state: EmulatorState) -> Json:
    """Raises `BadQuery`. Without any hit on the page there is no `conversations`."""
    query, interval = _read(body)
    found = [talk for talk in state.world.conversations.values() if talk.known and _matches(query, talk)]
    hits = [talk for talk in found if interval.touches_day_of(began(talk, state))]
    hits.sort(key=lambda talk: (began(talk, state), talk.conversation_id), reverse=query.order == "desc")
    first = (query.paging.page_number - 1) * query.paging.page_size
    page = [_told(talk, state) for talk in hits[first : first + query.paging.page_size]]
    return ({"conversations": page} if page else {}) | {"totalHits": len(hits)}


def began(talk: Conversation, state: EmulatorState) -> datetime:
    """With its first message."""
    return min((state.clock(message) for message in talk.messages), default=state.world.now - timedelta(hours=1))


def _read(body: Any) -> tuple[Query, Interval]:
    try:
        query = Query.model_validate(body)
    except ValidationError as wrong:
        told = wrong.errors()[0]
        raise BadQuery(f"{'.'.join(map(str, told['loc']))}: {told['msg']}") from None
    interval = _interval(query.interval)
    most = DAYS_FILTERED if query.segment_filters or query.conversation_filters else DAYS
    if interval.end - interval.begin > timedelta(days=most):
        raise BadQuery(f"The interval is longer than {most} days.")
    return query, interval


def _interval(text: str) -> Interval:
    try:
        begin, end = (datetime.fromisoformat(part) for part in text.split("/"))
    except ValueError:
        raise BadQuery("The interval is not of the form YYYY-MM-DDThh:mm:ss/YYYY-MM-DDThh:mm:ss.") from None
    begin, end = (one if one.tzinfo else one.replace(tzinfo=UTC) for one in (begin, end))
    if begin >= end:
        raise BadQuery("The interval ends before it begins.")
    return Interval(begin.astimezone(UTC), end.astimezone(UTC))


def _matches(query: Query, talk: Conversation) -> bool:
    filters: Sequence[QueryFilter] = [*query.segment_filters, *query.conversation_filters]
    return all((any if one.type == "or" else all)(map(_holds, one.predicates)) for one in filters)


def _holds(predicate: Predicate) -> bool:
    """Every conversation of the sandbox is one of messages."""
    is_message = {"mediaType": "message", "messageType": "webmessaging"}.get(predicate.dimension)
    match predicate.operator:
        case "exists":
            return is_message is not None
        case "notExists":
            return is_message is None
        case _:
            return is_message is not None and is_message == (predicate.value or "").lower()


def _told(talk: Conversation, state: EmulatorState) -> Json:
    start = payloads.stamp(began(talk, state))
    ended = talk.ended_s
    end = {} if ended is None else {"conversationEnd": payloads.stamp(state.world.now - timedelta(seconds=ended))}
    session = {
        "sessionId": talk.communication_id,
        "mediaType": "message",
        "messageType": "webmessaging",
        "provider": "Webmessaging",
        "direction": "inbound",
        "mediaCount": sum(len(message.files) for message in talk.messages),
        "segments": [{"segmentStart": start, "segmentType": "interact", "conference": False}],
    }
    customer = {"participantId": talk.customer_id, "purpose": "customer", "sessions": [session]}
    told = {"conversationId": talk.conversation_id, "conversationStart": start, "originatingDirection": "inbound"}
    return told | end | {"participants": [customer]}
