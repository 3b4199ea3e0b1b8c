"""Messages of Google Pub/Sub, which have data, attributes, or both."""

from __future__ import annotations

from collections.abc import Callable

from consumer.errors import Malformed
from consumer.wire.fields import Json, holds_nothing
from consumer.wire.payloads import Nothing, Payload, at, json_or_base64

TELLING_ATTRIBUTES = frozenset({
    "conversationId", "conversation_id", "eventBody", "event_body", "messageId", "message_id", "topicName",
    "topic_name",
})  # fmt: skip


def background(node: Json) -> bool:
    """Whether it is what Google hands to a function: an event of Pub/Sub and its context."""
    return is_published(node["data"]) and node["context"].keys() >= {"eventId", "eventType"}


OF_MESSAGES = frozenset({
    "@type", "attributes", "data", "messageId", "message_id", "orderingKey", "ordering_key", "publishTime",
    "publish_time", "subscription_name",
})  # fmt: skip
AROUND_MESSAGES = frozenset({
    "ackId", "ack_id", "context", "data", "deliveryAttempt", "delivery_attempt", "message", "subscription",
})  # fmt: skip


def is_published(message: Json) -> bool:
    """Whether it is a message of Pub/Sub."""
    if message.get("data") is None:
        return isinstance(message.get("attributes"), dict)
    return isinstance(message["data"], str)


def published(*path: str) -> Callable[[Json], Payload]:
    """Without data it holds nothing, unless its attributes may be, or may hold, an event, or something is beside."""
    inner = at(*path)

    def payload(node: Json) -> Payload:
        message: Json = inner(node)
        if message.get("data"):
            return json_or_base64(message["data"])  # which is no base64 in a row of BigQuery's
        if not (message.keys() <= OF_MESSAGES and node.keys() <= OF_MESSAGES | AROUND_MESSAGES):
            raise Malformed("a message of Pub/Sub without its data")
        attributes: Json = message.get("attributes") or {}
        may_tell = not TELLING_ATTRIBUTES.isdisjoint(attributes) or not holds_nothing(attributes)
        return attributes if may_tell else Nothing("no_value")

    return payload
