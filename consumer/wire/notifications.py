"""A notification of Genesys's, and what is around it: EventBridge, and bridges that keep a part of that. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consumer.errors import Malformed
from consumer.wire import fields
from consumer.wire.fields import Json, an_object, may_be_json
from consumer.wire.ids import TOPICS_BEGIN
from consumer.wire.parsing import parse
from consumer.wire.snake_case import in_camel_case

TOPIC_NAME_LENGTH = 512
MOST_BUSES = 3  # of one's own: what is put on one may be a whole event of Genesys's
AROUND_BODIES = frozenset({"detail", "eventBody", "topicName"})  # nothing is inside of what has none of these
TELLING = AROUND_BODIES | {"detail-type", "eventTime", "source", "time", "timestamp"}
ORGANIZATION = re.compile(r"aws\.partner/genesys\.com/cloud/([0-9A-Za-z-]{1,64})(?:/|$)")


@dataclass(slots=True)
class Notification:
    """What a notification and what is around it tell."""

    topic: str | None
    organization_id: str | None
    time: datetime | None
    body: Json
    names: tuple[str, ...]


def told_by(node: Any) -> Notification:
    """Raises `Malformed`."""
    if not isinstance(node, dict):
        raise Malformed("JSON, but not an object")
    node = in_camel_case(node)
    if TELLING.isdisjoint(node):
        return Notification(None, None, None, node, ())
    if AROUND_BODIES.isdisjoint(node):
        return _told(node, node, node, ())
    detail = _inside(node, "detail") if _is_event_bridge(node) else None
    for _ in range(MOST_BUSES):
        if not detail or not _is_event_bridge(detail):
            break
        node, detail = detail, _inside(detail, "detail")
    notification = in_camel_case(detail) if detail else node
    body = _event_body(notification) or notification
    names = ("EventBridge",) if notification is not node else ()
    return _told(node, notification, body, (*names, "notification") if body is not notification else names)


def _told(envelope: Json, notification: Json, body: Json, names: tuple[str, ...]) -> Notification:
    """`envelope` is EventBridge's. Each is the same object where it is missing."""
    source = envelope.get("source")
    organization = ORGANIZATION.match(source) if isinstance(source, str) else None
    return Notification(
        topic=_topic_name(notification.get("topicName")) or _topic_name(envelope.get("detail-type")),
        organization_id=organization.group(1).lower() if organization else None,
        time=fields.first_time(notification.get("timestamp"), envelope.get("time"), body.get("eventTime")),
        body=body,
        names=names,
    )


def _is_event_bridge(node: Json) -> bool:
    """Some bridges pass on `detail` and drop what is around it: then it has to be a whole notification."""
    detail, type_ = node.get("detail"), node.get("detail-type")
    if isinstance(type_, str) and (isinstance(node.get("source"), str) or type_.startswith(TOPICS_BEGIN)):
        return True
    return isinstance(detail, dict) and isinstance(detail.get("topicName"), str) and "eventBody" in detail


def _event_body(notification: Json) -> Json | None:
    body = notification.get("eventBody")
    if isinstance(notification.get("topicName"), str) or may_be_json(body):
        return _inside(notification, "eventBody")
    return body if isinstance(body, dict) else None


def _inside(node: Json, name: str) -> Json | None:
    """The object at `name`, which some bridges leave as a JSON string."""
    raw = node.get(name)
    return an_object(parse(raw) if isinstance(raw, str) else raw, name)


def _topic_name(raw: object) -> str | None:
    return raw if isinstance(raw, str) and 0 < len(raw) <= TOPIC_NAME_LENGTH and raw.isprintable() else None
