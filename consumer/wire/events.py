"""Bytes of the input topic to events. Whatever the bytes are, nothing is raised and nothing vanishes.

Two steps: `_leaves` takes off what transports put around events (arrays, SQS, SNS, JSON inside a JSON string), and
`_read` reads one event: a raw notification, an EventBridge envelope, its `detail` alone, an `eventBody` alone, an open
messaging webhook, `MessageData`, the tutorial's conversation, or bare ids.

What `decode` returns for one element, it returns again for that item's `value`: intake and judge see the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import orjson

from consumer.errors import Malformed
from consumer.model import DeadReason, Event, Message
from consumer.wire import fields, shapes
from consumer.wire.described import ids_of
from consumer.wire.fields import BadId, Json, an_object, read_id, word
from consumer.wire.shapes import Seen

MAX_EVENTS = 10_000  # in one record: 2 MB of "0,0,0,…" would be a million dead letters
MAX_WRAPPING = 8  # arrays, strings and transport envelopes around one event
BOM = b"\xef\xbb\xbf"
TOPIC_NAME_LENGTH = 512

ORGANIZATION = re.compile(r"aws\.partner/genesys\.com/cloud/([0-9A-Za-z-]{1,64})(?:/|$)")
TOPIC_CONVERSATION = re.compile(
    r"v2\.(?:detail\.events\.conversation|conversations(?:\.[a-z]+)?)\.([0-9a-fA-F-]{36})\."
)
OTHER_MEDIA = {"voice", "callback", "email", "cobrowse", "screenshare", "video", "socialexpression"}
QUIET_TYPES = {"receipt", "event"}
# No transport's envelope has one of these.
GENESYS_FIELDS = {
    "conversationId",
    "conversation",
    "topicName",
    "eventBody",
    "detail",
    "participants",
    "channel",
    "sender",
}


# Why an event holds nothing to judge, each with its proof. A closed list: a metric label holds the same.
NoiseKind = Literal[
    "no_value",  # a record without a value: a tombstone
    "empty_batch",  # an array without elements
    "heartbeat",  # of the notification WebSocket: topic channel.metadata
    "receipt",  # every message in it is a delivery receipt
    "event_message",  # every message in it is an Event: typing, presence, …
    "no_attachment",  # no message in it carries media, nor does its metadata name an Attachment
    "other_media",  # a detail event of a session that is no messaging: voice, e-mail, …
    "other_topic",  # a Genesys topic about something else than conversations
]


@dataclass(frozen=True, slots=True)
class Noise:
    """Proven to hold nothing to judge: dropped and counted."""

    kind: NoiseKind


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What no event can be read from: it becomes a dead letter with these bytes."""

    reason: DeadReason
    detail: str
    value: bytes
    path: str = ""


Item = Event | Noise | Unreadable


def decode(value: bytes | None) -> list[Item]:
    """What a record's value announces: at least one item, one for each element of an array. Raises nothing."""
    if value is None:
        return [Noise("no_value")]
    try:
        leaves = list(_leaves(_Leaf(_parse(value.removeprefix(BOM)), value, "")))
    except Malformed as malformed:
        return [Unreadable(DeadReason.UNREADABLE, malformed.detail, value)]
    return [_item(leaf) for leaf in leaves] or [Noise("empty_batch")]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One event, still as JSON: with its own bytes and its place in the record's arrays."""

    node: Any
    value: bytes
    path: str


def _parse(value: bytes | str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        raise Malformed("this is not JSON in UTF-8") from None


def _leaves(root: _Leaf) -> Iterator[_Leaf]:
    """The events inside `root`, in order. Raises `Malformed` for what can't be taken apart as a whole."""
    waiting = [(root, 0)]
    found = 0
    while waiting:
        leaf, depth = waiting.pop()
        elements, inner = _unwrapped(leaf.node)
        if (elements is not None or inner is not None) and depth == MAX_WRAPPING:
            raise Malformed(f"more than {MAX_WRAPPING} wrappings around an event")
        if elements is not None:
            found += len(elements)
            if found > MAX_EVENTS:
                raise Malformed(f"more than {MAX_EVENTS} events in one record")
            inside = [(_Leaf(e, _written(e), f"{leaf.path}[{i}]"), depth + 1) for i, e in enumerate(elements)]
            waiting.extend(reversed(inside))
        elif inner is not None:
            waiting.append((replace(leaf, node=_parse(inner) if isinstance(inner, str) else inner), depth + 1))
        else:
            yield leaf


def _unwrapped(node: Any) -> tuple[list[Any] | None, str | Json | None]:
    """The elements of an array, or what is inside a wrapping; neither, if `node` is an event (or nothing known)."""
    if isinstance(node, list):
        return node, None
    if isinstance(node, str):
        return None, node
    if not isinstance(node, dict):
        return None, None
    if isinstance(node.get("Records"), list):
        return node["Records"], None
    if isinstance(node.get("Sns"), dict):
        return None, node["Sns"]
    if GENESYS_FIELDS & node.keys():
        return None, None  # what a customer wrote in a `body` must not pass for an event
    for name in ("Message", "body"):
        if isinstance(node.get(name), str) and node[name].lstrip()[:1] in ("{", "[", '"'):
            return None, node[name]
    return None, None


def _written(element: Any) -> bytes:
    try:
        return orjson.dumps(element)
    except TypeError:  # orjson reads deeper nesting than it writes
        raise Malformed("nested too deeply") from None


def _item(leaf: _Leaf) -> Item:
    try:
        item = _read(leaf.node)
    except BadId as bad:
        return Unreadable(DeadReason.NO_IDS, bad.detail, leaf.value, leaf.path)
    except Malformed as malformed:
        return Unreadable(DeadReason.UNREADABLE, malformed.detail, leaf.value, leaf.path)
    return item if isinstance(item, Noise) else replace(item, value=leaf.value, path=leaf.path)


def _read(node: Any) -> Event | Noise:
    """One event. Raises `Malformed`."""
    if not isinstance(node, dict):
        raise Malformed("JSON, but not an object")
    notification = _inside(node, "detail") or node
    topic = _topic_name(notification.get("topicName")) or _topic_name(node.get("detail-type"))
    body = _inside(notification, "eventBody")
    if topic == "channel.metadata":
        return Noise("heartbeat")
    if body is None:
        body = notification
    event = _read_body(body, topic)
    if isinstance(event, Noise):
        return event
    source = node.get("source")
    organization = ORGANIZATION.match(source) if isinstance(source, str) else None
    return replace(
        event,
        organization_id=organization.group(1) if organization else None,
        time=_event_time(node, notification, body),
        topic_name=topic,
    )


def _inside(node: Json, name: str) -> Json | None:
    """The object at `name`, which some bridges leave as a JSON string."""
    raw = node.get(name)
    return an_object(_parse(raw) if isinstance(raw, str) else raw, name)


def _topic_name(raw: object) -> str | None:
    return raw if isinstance(raw, str) and 0 < len(raw) <= TOPIC_NAME_LENGTH and raw.isprintable() else None


def _event_time(envelope: Json, notification: Json, body: Json) -> datetime | None:
    return fields.first_time(notification.get("timestamp"), envelope.get("time"), body.get("eventTime"))


def _read_body(body: Json, topic: str | None) -> Event | Noise:
    conversation_id = _conversation_id(body, topic)
    seen = _messages(body, conversation_id or "")
    if seen is None:
        return _bare(body, conversation_id, topic)
    announced = [one.message for one in seen if one.message.announces_media]
    if not announced:
        return Noise(_noise_kind(seen))
    announced.sort(key=lambda message: not message.message_id)  # without a conversation, the first one keys the task
    conversation_id = announced[0].conversation_id or None
    if any(message.conversation_id != announced[0].conversation_id for message in announced):
        raise Malformed("messages of several conversations in one event")
    if conversation_id is None and not announced[0].message_id:
        raise BadId("a message without an id that could be one, and no conversation")
    return Event(conversation_id, tuple(announced))


def _messages(body: Json, conversation_id: str) -> list[Seen] | None:
    """The messages that `body` lists, by the shape that its keys show; None if it has no place for any."""
    if "normalizedMessage" in body or "messengerType" in body:
        return [shapes.message_data(body, conversation_id)]
    if "participants" in body or isinstance(body.get("messages"), list):
        return shapes.conversation(body, conversation_id, event=True)
    if "messagingTranscript" in body:
        return shapes.recording(body)
    if "content" in body or ("channel" in body and "type" in body):
        return [shapes.webhook(body, conversation_id)]
    return None


def _noise_kind(seen: list[Seen]) -> NoiseKind:
    types = {one.type for one in seen}
    if types == {"receipt"}:
        return "receipt"
    if types == {"event"}:
        return "event_message"
    return "no_attachment"


def _conversation_id(body: Json, topic: str | None) -> str | None:
    nested = body.get("conversation")
    found = read_id(body.get("conversationId"), "conversation id")
    if found is None and isinstance(nested, dict):
        found = read_id(nested.get("id"), "conversation id")
    if found is None and ("participants" in body or isinstance(body.get("messages"), list)):
        found = read_id(body.get("id"), "conversation id")
    if found is None and topic is not None and (match := TOPIC_CONVERSATION.match(topic)):
        found = match.group(1)
    return found


def _bare(body: Json, conversation_id: str | None, topic: str | None) -> Event | Noise:
    """Ids and no message: what is behind them has to be asked."""
    ids = ids_of(body)
    conversation_id = conversation_id or ids.conversation_id or None
    if ids.message_id:
        if word(body.get("type")) in QUIET_TYPES:
            return Noise("receipt" if word(body.get("type")) == "receipt" else "event_message")
        return Event(conversation_id, (Message(conversation_id or "", ids.message_id, announces_media=True),))
    if ids.odd:
        raise BadId("its message id is not one")
    if word(body.get("mediaType")) in OTHER_MEDIA:
        return Noise("other_media")
    if conversation_id is not None:
        return Event(conversation_id)
    if topic is not None and topic.startswith("v2.") and "conversation" not in topic:
        return Noise("other_topic")
    raise BadId("it names no conversation and no message")
