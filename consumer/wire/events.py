"""Bytes of the input topic to events. Whatever the bytes are, nothing is raised and nothing vanishes.

Two steps: `envelopes.leaves` takes off what transports put around events, and `_read` reads one event: a raw
notification, an EventBridge envelope, its `detail` alone, an `eventBody` alone, an open messaging webhook,
`MessageData`, an analytics conversation detail, the tutorial's conversation, or bare ids.

What `decode` returns for one element, it returns again for that item's `value`: intake and judge see the same.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from consumer.errors import Malformed
from consumer.model import DeadReason, Event, Message
from consumer.wire import fields, shapes
from consumer.wire.described import ids_of
from consumer.wire.envelopes import Leaf, leaves
from consumer.wire.fields import ID_SIGNS, BadId, Json, word
from consumer.wire.framings import RESOLVED
from consumer.wire.ids import (
    FOR_BOTS,
    NOT_OURS,
    check_listed,
    check_posted,
    conversation_id_of,
    is_of_genesys,
    shows_conversations,
)
from consumer.wire.listings import LISTS, is_analytics_detail, is_cut_down, listed_in
from consumer.wire.notifications import Notification, told_by
from consumer.wire.payloads import Nothing
from consumer.wire.shapes import TypedMessage
from consumer.wire.topics import TopicSubject, subject_of

LARGE = 16 * 1024  # bytes
DEAR = 64 * 1024  # bytes: what is larger may cost a tenth of a second and more, and is decoded beside the loop
MAX_LISTED = 5_000  # participants, messages and attachments of one event: 1 MB of "{}," would be 340,000
BYTES_LISTED = 180  # or one for so many bytes, in all events of a record as well: those that Genesys lists take more
OF_ITS_OWN = 2  # so many of them an event takes itself there, if it may list any

OTHER_MEDIA = {"voice", "callback", "email", "cobrowse", "screenshare", "video", "socialexpression"}
QUIET_TYPES: dict[str, NoiseKind] = {"Receipt": "receipt", "Event": "event_message"}  # as Genesys writes them
SNAPSHOT_FIELDS = {"participants", "normalizedMessage"}  # shows messages, whatever the topic's template promises
LISTS_MESSAGES = LISTS | {"channel", "messengerType", "normalizedMessage", "type"}  # nothing that has none of them

# Why an event holds nothing to judge, each with its proof. A closed list: a metric label holds the same.
NoiseKind = Literal[
    "no_value",
    "empty_batch",
    "heartbeat",
    "no_longer_subscribed",
    "socket_closing",
    "guest_session",
    "bookkeeping",
    "receipt",
    "event_message",
    "no_attachment",
    "other_media",
    "other_topic",
]
NOISE: Mapping[NoiseKind, str] = {
    "no_value": "a record without a value: a tombstone",
    "empty_batch": "an array without elements",
    "heartbeat": "a heartbeat of the notification socket",
    "no_longer_subscribed": "the notification socket is no longer subscribed: events are missing from here on",
    "socket_closing": "the notification socket ends within a minute",
    "bookkeeping": "what a transport writes for itself: a heartbeat, a transaction's bounds, a subscription to confirm",
    "guest_session": "a frame of the guest's socket that is no message",
    "receipt": "every message in it is a delivery receipt",
    "event_message": "every message in it is an Event: typing, presence, …",
    "no_attachment": "no message in it carries media, nor does its metadata name an attachment",
    "other_media": "about a conversation that is no messaging: voice, e-mail, …",
    "other_topic": "a topic that carries no message of a customer",
}


@dataclass(frozen=True, slots=True)
class Noise:
    """Proven to hold nothing to judge: dropped and counted."""

    kind: NoiseKind


@dataclass(frozen=True, slots=True)
class UnreadableEvent:
    """What no event can be read from: it becomes a dead letter with these bytes."""

    reason: DeadReason
    detail: str
    value: bytes
    path: str = ""


Item = Event | Noise | UnreadableEvent


class Reading(NamedTuple):
    """An item, and what it was packed in, from the outside to the inside."""

    item: Item
    envelope: tuple[str, ...]


def decode(value: bytes | None) -> list[Item]:
    """What a record's value announces: at least one item, one for each element of an array. Raises nothing."""
    return [reading.item for reading in readings(value)]


def readings(value: bytes | None) -> list[Reading]:
    """As `decode`, with the envelopes."""
    if value is None:
        return [Reading(Noise("no_value"), ())]
    if value == RESOLVED:
        return [Reading(Noise("bookkeeping"), ("TiCDC",))]
    collects = len(value) > LARGE and gc.isenabled()
    if collects:
        gc.disable()  # or it looks through a tree of JSON again and again while it grows, for cycles that are not there
    try:
        room = _Room(max(MAX_LISTED, len(value) // BYTES_LISTED))
        return [_reading(leaf, room) for leaf in leaves(value)] or [Reading(Noise("empty_batch"), ())]
    except Malformed as malformed:
        return [Reading(UnreadableEvent(DeadReason.UNREADABLE, malformed.detail, value), ())]
    finally:
        if collects:
            gc.enable()


class ListsTooMuch(Malformed):
    """More than Genesys writes in so many bytes."""


@dataclass(slots=True)
class _Room:
    """What the events of a record may list, all of them together."""

    left: int

    def take(self, listed: int) -> None:
        """Raises `ListsTooMuch`."""
        if self.left < 0:
            raise ListsTooMuch(
                "more participants, messages and attachments in one record than its bytes can be of Genesys's"
            )
        self.left -= OF_ITS_OWN + listed


def _reading(leaf: Leaf, room: _Room) -> Reading:
    """Raises `Malformed` for an element that can't be written for itself, and `ListsTooMuch`."""
    if isinstance(leaf.node, Nothing):
        return Reading(Noise(leaf.node.why), leaf.envelope)
    value = leaf.value
    if leaf.fault is not None:
        return Reading(UnreadableEvent(DeadReason.UNREADABLE, leaf.fault.detail, value, leaf.path), leaf.envelope)
    try:
        told = told_by(leaf.node)
        return Reading(_read(told, value, leaf.path, room), (*leaf.envelope, *told.names))
    except ListsTooMuch:
        raise
    except BadId as bad:
        return Reading(UnreadableEvent(DeadReason.NO_IDS, bad.detail, value, leaf.path), leaf.envelope)
    except Malformed as malformed:
        return Reading(UnreadableEvent(DeadReason.UNREADABLE, malformed.detail, value, leaf.path), leaf.envelope)


_SAID_BY_THE_TOPIC: dict[TopicSubject, NoiseKind] = {
    TopicSubject.HEARTBEAT: "heartbeat",
    TopicSubject.NO_LONGER_SUBSCRIBED: "no_longer_subscribed",
    TopicSubject.SOCKET_CLOSING: "socket_closing",
    TopicSubject.OTHER_MEDIA: "other_media",
    TopicSubject.OTHER: "other_topic",
}


def _read(told: Notification, value: bytes, path: str, room: _Room) -> Event | Noise:
    """Raises `Malformed`."""
    body, topic = told.body, told.topic
    quiet = _SAID_BY_THE_TOPIC.get(subject_of(topic)) if topic is not None else None  # type: ignore[arg-type]
    if quiet is not None and not SNAPSHOT_FIELDS & body.keys():
        return Noise(quiet)
    conversation_id = conversation_id_of(body, topic)
    messages: tuple[Message, ...] = ()
    cut_down = False
    lists = not LISTS_MESSAGES.isdisjoint(body)
    seen = _messages(body, conversation_id or "", max(MAX_LISTED, len(value) // BYTES_LISTED), room) if lists else None
    if seen or (seen is not None and _lists_all(body, conversation_id)):
        messages, cut_down = _announced(seen), is_cut_down(body, of_messages=quiet is None)
        if not messages and not cut_down:
            return Noise(quiet or _noise_kind(seen))
        if messages:
            conversation_id = messages[0].conversation_id or None
        elif conversation_id is None:
            raise BadId("it names no conversation, and what it lists may be messages")
    else:
        bare = _bare(body, conversation_id, topic)
        if isinstance(bare, Noise):
            return bare
        conversation_id, messages = bare
        cut_down = shows_conversations(topic) and "participants" not in body
    return Event(conversation_id, messages, told.organization_id, told.time, topic, value, path, cut_down)


def _announced(seen: list[TypedMessage]) -> tuple[Message, ...]:
    """The messages that may carry files: the ones with an id first, since the first one keys a task that names no
    conversation. Raises `Malformed`."""
    announced = [one.message for one in seen if one.message.announces_media]
    announced.sort(key=lambda message: not message.message_id)
    if any(message.conversation_id != announced[0].conversation_id for message in announced):
        raise Malformed("messages of several conversations in one event")
    if announced and not announced[0].conversation_id and not announced[0].message_id:
        raise BadId(f"it names no conversation, and its message has no id that could be asked for: {ID_SIGNS}")
    return tuple(announced)


def _messages(body: Json, conversation_id: str, limit: int, room: _Room) -> list[TypedMessage] | None:
    """The messages that `body` lists, by the shape that its keys show; None if that has none.

    Raises `Malformed`.
    """
    listed = listed_in(body, limit)
    if listed > limit:
        raise Malformed(f"more than {limit} participants, messages and attachments in one event")
    room.take(listed)
    if "normalizedMessage" in body or "messengerType" in body:
        return [shapes.message_data(body, conversation_id)]
    if is_analytics_detail(body):
        return None
    if body.get("participants") is not None or isinstance(body.get("messages"), list):
        check_listed(body, conversation_id)
        return shapes.conversation(body, conversation_id, event=True)
    if "messagingTranscript" in body:
        return shapes.recording(body)
    if shapes.is_webhook(body):
        check_posted(body, conversation_id)
        return [shapes.webhook(body, conversation_id)]
    return None


def _lists_all(body: Json, conversation_id: str | None) -> bool:
    """Whether what lists no message has none: it names none, and nothing but participants could hold one."""
    if ids_of(body).message_id:
        return False
    return bool(body.get("participants")) or (conversation_id is not None and fields.holds_nothing(body))


def _noise_kind(seen: list[TypedMessage]) -> NoiseKind:
    types = {one.type for one in seen}
    if types == {"receipt"}:
        return "receipt"
    if types == {"event"}:
        return "event_message"
    return "no_attachment"


def _bare(body: Json, conversation_id: str | None, topic: str | None) -> tuple[str | None, tuple[Message, ...]] | Noise:
    """Ids and no message: what is behind them has to be asked."""
    if FOR_BOTS in body and conversation_id:
        return conversation_id, ()
    ids = ids_of(body)
    conversation_id = conversation_id or ids.conversation_id or None
    if ids.message_id and not is_of_genesys(body, conversation_id, topic):
        raise BadId(f"its message id {NOT_OURS}")
    if ids.message_id:
        quiet = QUIET_TYPES.get(fields.text(body.get("type")) or "")
        if quiet is not None and fields.holds_nothing(body):
            return Noise(quiet)
        return conversation_id, (Message(conversation_id or "", ids.message_id, announces_media=True),)
    if ids.odd:
        raise BadId(f"its message id is not one: {ID_SIGNS}")
    is_other = "mediaType" in body and word(body["mediaType"]) in OTHER_MEDIA and conversation_id is not None
    if is_other and fields.holds_nothing(body) and not fields.is_a_file_s(body):
        return Noise("other_media")
    if conversation_id is not None:
        return conversation_id, ()
    if topic is not None and topic.startswith("v2.") and "conversation" not in topic:
        return Noise("other_topic")
    raise BadId("it names no conversation and no message")
