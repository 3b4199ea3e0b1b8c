"""Every payload shape that names attachments, S1 to S11, becomes the same `Message` and `Attachment`.

Pure, and shared by events and API answers. Raises `Malformed` where the structure is not what it must be, and its
`BadId` for a conversation id that can't be one; single fields of a wrong type count as missing. A message whose
conversation is not known has "" for it, and so has one without a usable id of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from consumer.errors import Malformed
from consumer.model import Attachment, Direction, Message, Shape
from consumer.wire import fields
from consumer.wire.described import (
    Head,
    Ids,
    attachment_of,
    direction_of,
    ids_of,
    is_attachment,
    may_be_attachment,
    of_content,
    united,
    with_listed,
)
from consumer.wire.fields import Json, an_object, objects, read_id, usable_id, word

# Only a message, never the communication around it, has one of these.
MESSAGE_FIELDS = {
    "messageId",
    "message",
    "messageURI",
    "messageUri",
    "messageTime",
    "messageStatus",
    "messageMetadata",
    "media",
    "stickers",
    "attachments",
    "content",
    "normalizedMessage",
}
# Types of which a message that lists no attachment has none; one of another type may hold anything.
KNOWN_TYPES = {"text", "structured", "receipt", "event"}
# What the status of a message tells that names no direction: only what goes to a customer is sent and delivered.
_DIRECTIONS = {"received": "inbound", **dict.fromkeys(("sent", "delivery-success", "delivery-failed"), "outbound")}
POSTED_FIELDS = {"text", "events", "status", "type", "buttonResponse"}
DELIVERY = {"sent", "delivered", "read", "failed", "published", "removed"}  # what a receipt tells
OF_POSTED = POSTED_FIELDS | {"channel", "content", "enrichment", "metadata", "reasons", "relatedMessages"}
GUEST_FIELDS = {"text", "events"}
NAMED = {"messageId", "conversationId", "conversation"}
# What shows that an entry is a communication, and no message.
COMMUNICATION_FIELDS = {
    "messages",
    "state",
    "initialState",
    "held",
    "provider",
    "segments",
    "toAddress",
    "fromAddress",
    "connectedTime",
    "disconnectedTime",
}


class TypedMessage(NamedTuple):
    """A message, and what it says that it is: "text", "receipt", "event", … or "" """

    message: Message
    type: str


def message_data(raw: Json, conversation_id: str = "") -> TypedMessage:
    """S1 `MessageData`, with what S2 (`media`, gone since 2026-03-31) adds. `conversation_id` is for one without."""
    normalized = an_object(raw.get("normalizedMessage"), "normalizedMessage")
    told = normalized or {}
    head = Head(
        ids=_own_ids(raw, conversation_id, raw.get("messageId"), told.get("id")),
        shape=Shape.MESSAGE,
        direction=direction_of(raw.get("direction"), told.get("direction"), _DIRECTIONS.get(word(raw.get("status")))),
        removed=word(raw.get("status")) == "removed",
        time=fields.time(raw.get("timestamp")),
        messenger=word(raw.get("messengerType")) or None,
    )
    described, announced = of_content(told.get("content"), head)
    listed_as = head._replace(shape=Shape.MESSAGE_LEGACY) if raw.get("media") or raw.get("attachments") else head
    attachments = with_listed(described, raw, listed_as)
    type_ = word(told.get("type"))
    silent = (not normalized and raw.get("media") is None) or _may_hold_more(raw, type_, told.get("content"))
    silent = silent or (not attachments and fields.holds_more(told, OF_POSTED))
    return TypedMessage(head.message(attachments, announced, silent), type_)


def _may_hold_more(raw: Json, type_: str, contents: object = None) -> bool:
    """Whether a message may carry a file that it does not list: it or its content is of a type that nobody knows, or
    it has stickers."""
    if (type_ and type_ not in KNOWN_TYPES) or raw.get("stickers"):
        return True
    return contents is not None and any(
        not is_attachment(content) and may_be_attachment(content) for content in objects(contents, "content")
    )


def _own_ids(raw: Json, conversation_id: str, *others: object) -> Ids:
    """Of a message that lies there by itself; `conversation_id` and `others` are for one that does not name its own."""
    own = read_id(raw.get("conversationId"), "conversationId")
    return Ids(own or conversation_id, *usable_id(raw.get("id"), *others))


def webhook(raw: Json, conversation_id: str = "") -> TypedMessage:
    """S7 open messaging, S8 web messaging's guest side. The channel's time is not Genesys's, so it is not taken."""
    channel = an_object(raw.get("channel"), "channel") or {}
    head = Head(
        ids=_own_ids(raw, conversation_id, channel.get("messageId")),
        shape=Shape.WEBHOOK,
        direction=direction_of(raw.get("direction")),
        removed=word(raw.get("status")) == "removed",
        messenger=word(channel.get("platform")) or None,
    )
    described, announced = of_content(raw.get("content"), head)
    type_ = word(raw.get("type")) or _type_of_posted(raw)
    silent = not type_ or _may_hold_more(raw, type_, raw.get("content")) or fields.holds_more(raw, OF_POSTED)
    return TypedMessage(head.message(with_listed(described, raw, head), announced, silent), type_)


def is_webhook(raw: Json) -> bool:
    """Whether it is a message of open messaging: as Genesys sends it, or as middleware posts it, without a type; or one
    that the guest's socket brings, which names no conversation and has no content where it is text or an event alone.
    """
    channel = isinstance(raw.get("channel"), dict) and not POSTED_FIELDS.isdisjoint(raw)
    return isinstance(raw.get("content"), list) or channel or ("channel" in raw and "type" in raw) or _is_of_guest(raw)


def _is_of_guest(raw: Json) -> bool:
    directed = direction_of(raw.get("direction")) is not Direction.UNKNOWN
    told = directed and word(raw.get("type")) in KNOWN_TYPES and not GUEST_FIELDS.isdisjoint(raw)
    return told and NAMED.isdisjoint(raw)


def _type_of_posted(raw: Json) -> str:
    """Receipts, events and messages are posted to an address each, and name no type."""
    if not isinstance(raw.get("channel"), dict):
        return ""
    if isinstance(raw.get("text"), str) or raw.get("content"):
        return "text"
    if "buttonResponse" in raw:
        return "structured"
    if "events" in raw:
        return "event" if all("eventType" in each for each in objects(raw["events"], "events")) else ""
    return "receipt" if word(raw.get("status")) in DELIVERY else ""


def conversation(raw: Json, conversation_id: str = "", *, event: bool = False) -> list[TypedMessage]:
    """S3 to S6: the messages of a conversation's participants; S11: those that lie at its top. Each message once."""
    participants = (_listed_message(*entry, conversation_id) for entry in _entries(raw, event))
    top = (_tutorial_message(entry, conversation_id) for entry in objects(raw.get("messages"), "messages"))
    return _each_once((*participants, *top))


def _each_once(seen: Iterable[TypedMessage]) -> list[TypedMessage]:
    by_id: dict[str | tuple[str, ...], list[TypedMessage]] = {}
    for one in seen:
        by_id.setdefault(one.message.message_id or one.message.trace, []).append(one)
    return [_merged(same[0], same[1:]) for same in by_id.values()]


def _entries(raw: Json, event: bool) -> Iterable[tuple[Json, Json, Shape]]:
    """Each listed message, the object around it, and the shape; S4 and S6 have one level less than S3 and S5."""
    for participant in objects(raw.get("participants"), "participants"):
        around = {**participant, "id": None}  # a participant's id names no communication
        for entry in objects(participant.get("messages"), "participants[].messages"):
            for inner in objects(entry.get("messages"), "participants[].messages[].messages"):
                yield inner, entry, Shape.EVENT if event else Shape.CONVERSATION
            if MESSAGE_FIELDS & entry.keys() or not (event or COMMUNICATION_FIELDS & entry.keys()):
                yield entry, around, Shape.EVENT_MESSAGES if event else Shape.MESSAGE_CONVERSATION


def _listed(raw: Json, head: Head, read: Callable[[Json, Head], TypedMessage]) -> TypedMessage:
    """One whose description has an unknown structure is as one that says nothing: it spoils no other of the list."""
    try:
        return read(raw, head)
    except Malformed:
        return TypedMessage(head.message((), silent=True), "")


def _listed_message(raw: Json, around: Json, shape: Shape, conversation_id: str) -> TypedMessage:
    status, ids = word(raw.get("messageStatus")), ids_of(raw, raw.get("id"))
    head = Head(
        ids=Ids(conversation_id or ids.conversation_id, ids.message_id, ids.odd),
        shape=shape,
        # The communication has a direction too: that of who began it, which tells nothing about a single message.
        direction=direction_of(raw.get("direction"), _DIRECTIONS.get(status)),
        removed=status == "removed",
        time=fields.time(raw.get("messageTime")),
        communication_id=fields.attachment_id(around.get("id")),
        messenger=word(around.get("type")) or None,
    )
    return _listed(raw, head, _details)


def _details(raw: Json, head: Head) -> TypedMessage:
    metadata = an_object(raw.get("messageMetadata"), "messageMetadata") or {}
    normalized = an_object(raw.get("normalizedMessage"), "normalizedMessage") or {}
    contents = objects(metadata.get("content"), "messageMetadata.content")
    possible = [*filter(may_be_attachment, contents)]
    kinds = {fields.kind(content.get("subType")) for content in possible} if possible else set()
    described, count = of_content(normalized.get("content") or raw.get("content"), head)
    attachments = with_listed(described, raw, head, kinds.pop() if len(kinds) == 1 else None)
    type_ = word(metadata.get("type")) or word(normalized.get("type"))
    announced = max(count, sum(map(is_attachment, possible)))
    silent = bool(possible) or not (type_ or contents) or _may_hold_more(raw, type_)
    return TypedMessage(head.message(attachments, announced, silent), type_)


def _merged(one: TypedMessage, others: list[TypedMessage]) -> TypedMessage:
    """The same message, listed under several participants: mostly in the same words."""
    if not (others := [other for other in others if other != one]):
        return one
    first = one.message
    same = [first, *(other.message for other in others)]
    removed = any(message.removed for message in same)
    direction = Direction.INBOUND if any(m.direction is Direction.INBOUND for m in same) else first.direction
    attachments: Iterable[Attachment] = first.attachments
    if any(message.attachments for message in same[1:]):
        attachments = united(*(message.attachments for message in same))
    message = Message(
        conversation_id=first.conversation_id,
        message_id=first.message_id,
        attachments=tuple(
            a if (a.removed, a.direction) == (removed, direction) else replace(a, removed=removed, direction=direction)
            for a in attachments
        ),
        announces_media=any(message.announces_media for message in same),
        announced=max(message.announced for message in same),
        direction=direction,
        removed=removed,
        time=next((message.time for message in same if message.time), None),
        communication_id=next((message.communication_id for message in same if message.communication_id), None),
        trace=first.trace,
    )
    return TypedMessage(message, next((each.type for each in (one, *others) if each.type), ""))


def _tutorial_message(raw: Json, conversation_id: str) -> TypedMessage:
    head = Head(
        ids=Ids(conversation_id, *usable_id(raw.get("id"), raw.get("messageId"))),
        shape=Shape.TUTORIAL,
        direction=direction_of(raw.get("direction")),
        time=fields.time(raw.get("timestamp")),
    )
    return _listed(raw, head, _tutorial_files)


def _tutorial_files(raw: Json, head: Head) -> TypedMessage:
    silent = raw.get("attachments") is None or not fields.holds_nothing(raw)
    return TypedMessage(head.message(with_listed([], raw, head), silent=silent), "")


def recording(raw: Json) -> list[TypedMessage]:
    """S10: the transcript of a recording, the long-term copy."""
    conversation_id = read_id(raw.get("conversationId"), "conversationId") or ""
    listed = objects(raw.get("messagingTranscript"), "messagingTranscript")
    return _each_once(_transcribed(entry, conversation_id) for entry in listed)


def _transcribed(raw: Json, conversation_id: str) -> TypedMessage:
    head = Head(
        ids=Ids(conversation_id, *usable_id(raw.get("id"))),
        shape=Shape.RECORDING,
        time=fields.time(raw.get("timestamp")),
    )
    return _listed(raw, head, _copies)


def _copies(raw: Json, head: Head) -> TypedMessage:
    copies = objects(raw.get("messageMediaAttachments"), "messageMediaAttachments")
    announced = int(word(raw.get("contentType")) == "attachment")
    return TypedMessage(head.message((attachment_of(entry, head) for entry in copies), announced), "")


def media(raw: Json, conversation_id: str, message_id: str) -> Attachment:
    """S9: one file of a message, with the status of its upload."""
    communication_id = read_id(raw.get("communicationId"), "communicationId")
    head = Head(Ids(conversation_id, message_id, ""), Shape.MEDIA, communication_id=communication_id)
    return attachment_of(raw, head)


def finished(known: Attachment, raw: Json) -> Attachment:
    """`known` with the status of its upload and the URL that S9 gives for it now."""
    now = media(raw, known.conversation_id, known.message_id)
    return replace(known, status=now.status, url=now.url)
