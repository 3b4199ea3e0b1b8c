"""Every payload shape that names attachments, S1 to S11, becomes the same `Message` and `Attachment`.

Pure, and shared by events and API answers. Raises `Malformed` where the structure is not what it must be, and its
`BadId` for an id that can't be one; single fields of a wrong type count as missing. A message whose conversation is
not known has "" for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from consumer.model import Attachment, Direction, Kind, Message, Shape, attachment_key
from consumer.wire import fields
from consumer.wire.fields import Json, an_object, objects, read_id, word

MESSAGE_URI = re.compile(r"/conversations/messages/([^/?#]+)/messages/([^/?#]+)")
# Only a message, never the communication around it, has one of these.
MESSAGE_FIELDS = ("messageId", "message", "messageURI", "messageUri", "media", "messageMetadata")


@dataclass(frozen=True, slots=True)
class Seen:
    """A message, and what it says that it is: "text", "receipt", "event", … or "" """

    message: Message
    type: str


@dataclass(frozen=True, slots=True)
class _Head:
    """What a message tells all of its attachments."""

    conversation_id: str
    message_id: str
    shape: Shape
    direction: Direction = Direction.UNKNOWN
    removed: bool = False
    time: datetime | None = None
    communication_id: str | None = None
    messenger: str | None = None

    def message(self, attachments: Iterable[Attachment], announces: bool) -> Message:
        attachments = tuple(attachments)
        return Message(
            conversation_id=self.conversation_id,
            message_id=self.message_id,
            attachments=attachments,
            announces_media=announces or bool(attachments),
            direction=self.direction,
            removed=self.removed,
            time=self.time,
            communication_id=self.communication_id,
        )


def _attachment(raw: Json, head: _Head, kind: Kind | None = None) -> Attachment:
    attachment_id, url = fields.attachment_id(raw.get("id")), fields.text(raw.get("url"))
    return Attachment(
        conversation_id=head.conversation_id,
        message_id=head.message_id,
        attachment_id=attachment_id,
        key=attachment_key(attachment_id, fields.download_id(url), fields.host_and_path(url)),
        name=fields.name(raw),
        declared_type=fields.mime(raw),
        declared_size=fields.size(raw),
        declared_sha256=fields.sha256(raw.get("sha256")),
        kind=fields.kind(raw.get("mediaType")) or kind,
        url=url,
        direction=head.direction,
        status=fields.status(raw.get("status")),
        removed=head.removed,
        message_time=head.time,
        communication_id=head.communication_id,
        messenger=head.messenger,
        shape=Shape.GUEST if "fileSize" in raw else head.shape,
    )


def direction_of(*values: object) -> Direction:
    for value in values:
        for direction in (Direction.INBOUND, Direction.OUTBOUND):
            if word(value) == direction.value:
                return direction
    return Direction.UNKNOWN


def _is_attachment(content: Json) -> bool:
    return word(content.get("contentType")) == "attachment" or "attachment" in content


def _may_be_attachment(content: Json) -> bool:
    return _is_attachment(content) or not word(content.get("contentType"))


def _of_content(raw: object, head: _Head) -> tuple[list[Attachment], bool]:
    """S1, S7, S8. Stories, cards, templates and rich links carry URLs as well, and are no files."""
    contents = [content for content in objects(raw, "content") if _is_attachment(content)]
    described = [an_object(content.get("attachment"), "content.attachment") for content in contents]
    return [_attachment(attachment, head) for attachment in described if attachment is not None], bool(contents)


def message_data(raw: Json, conversation_id: str = "") -> Seen:
    """S1 `MessageData`, with what S2 (`media`, gone since 2026-03-31) adds. `conversation_id` is for one without."""
    normalized = an_object(raw.get("normalizedMessage"), "normalizedMessage") or {}
    head = _Head(
        conversation_id=read_id(raw.get("conversationId"), "conversationId") or conversation_id,
        message_id=_required(read_id(raw.get("id") or normalized.get("id"), "message id")),
        shape=Shape.MESSAGE,
        direction=direction_of(raw.get("direction"), normalized.get("direction")),
        removed=word(raw.get("status")) == "removed",
        time=fields.time(raw.get("timestamp")),
        messenger=word(raw.get("messengerType")) or None,
    )
    attachments, announces = _of_content(normalized.get("content"), head)
    legacy_head = replace(head, shape=Shape.MESSAGE_LEGACY)
    for media in objects(raw.get("media"), "media"):
        legacy = _attachment(media, legacy_head)
        if not any(_same_file(legacy, attachment) for attachment in attachments):
            attachments.append(legacy)
    return Seen(head.message(attachments, announces), word(normalized.get("type")))


def _same_file(one: Attachment, other: Attachment) -> bool:
    return one.key == other.key or (one.url is not None and one.url == other.url)


def webhook(raw: Json, conversation_id: str = "") -> Seen:
    """S7 open messaging, S8 web messaging's guest side. The channel's time is not Genesys's, so it is not taken."""
    channel = an_object(raw.get("channel"), "channel") or {}
    head = _Head(
        conversation_id=read_id(raw.get("conversationId"), "conversationId") or conversation_id,
        message_id=_required(read_id(raw.get("id") or channel.get("messageId"), "message id")),
        shape=Shape.WEBHOOK,
        direction=direction_of(raw.get("direction")),
        removed=word(raw.get("status")) == "removed",
        messenger=word(channel.get("platform")) or None,
    )
    attachments, announces = _of_content(raw.get("content"), head)
    return Seen(head.message(attachments, announces), word(raw.get("type")))


def conversation(raw: Json, conversation_id: str = "", *, event: bool = False) -> list[Seen]:
    """S3 to S6: the messages of a conversation's participants; S11: those that lie at its top. Each message once."""
    seen: dict[str, Seen] = {}
    for entry, around, shape in _entries(raw, event):
        one = _listed_message(entry, around, conversation_id, shape)
        earlier = seen.get(one.message.message_id)
        seen[one.message.message_id] = one if earlier is None else _merged(earlier, one)
    for entry in objects(raw.get("messages"), "messages"):
        one = _tutorial_message(entry, conversation_id)
        seen.setdefault(one.message.message_id, one)
    return list(seen.values())


def _entries(raw: Json, event: bool) -> Iterable[tuple[Json, Json, Shape]]:
    """Each listed message, the object around it, and the shape; S4 and S6 have one level less than S3 and S5."""
    for participant in objects(raw.get("participants"), "participants"):
        for entry in objects(participant.get("messages"), "participants[].messages"):
            if any(field in entry for field in MESSAGE_FIELDS):
                yield entry, {**participant, "id": None}, Shape.EVENT_MESSAGES if event else Shape.MESSAGE_CONVERSATION
                continue
            for inner in objects(entry.get("messages"), "participants[].messages[].messages"):
                yield inner, entry, Shape.EVENT if event else Shape.CONVERSATION


def _listed_message(raw: Json, around: Json, conversation_id: str, shape: Shape) -> Seen:
    metadata = an_object(raw.get("messageMetadata"), "messageMetadata")
    status = word(raw.get("messageStatus"))
    uri_conversation, message_id = ids_of(raw)
    head = _Head(
        conversation_id=conversation_id or uri_conversation or "",
        message_id=_required(message_id),
        shape=shape,
        # The communication has a direction too: that of who began it, which tells nothing about a single message.
        direction=direction_of(raw.get("direction"), "inbound" if status == "received" else None),
        removed=status == "removed",
        time=fields.time(raw.get("messageTime")),
        communication_id=fields.attachment_id(around.get("id")),
        messenger=word(around.get("type")) or None,
    )
    contents = [] if metadata is None else objects(metadata.get("content"), "messageMetadata.content")
    kinds = {fields.kind(content.get("subType")) for content in contents if _may_be_attachment(content)}
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    attachments = [_attachment(media, head, kind) for media in objects(raw.get("media"), "media")]
    type_ = "" if metadata is None else word(metadata.get("type"))
    return Seen(head.message(attachments, metadata is None or not (type_ or contents) or bool(kinds)), type_)


def ids_of(raw: Json) -> tuple[str | None, str | None]:
    """Conversation and message id of a listed message or a bare event."""
    nested = raw.get("message")
    nested_id = nested.get("id") if isinstance(nested, dict) else None
    message_id = read_id(raw.get("messageId") or nested_id, "message id")
    uri = MESSAGE_URI.search(fields.first_text(raw, "messageURI", "messageUri") or "")
    if uri is None:
        return None, message_id
    return read_id(uri.group(1), "conversation id"), message_id or read_id(uri.group(2), "message id")


def _required(message_id: str | None) -> str:
    if message_id is None:
        raise fields.BadId("a message without an id")
    return message_id


def _merged(one: Seen, other: Seen) -> Seen:
    """The same message, listed under several participants."""
    first, second = one.message, other.message
    new = [a for a in second.attachments if not any(_same_file(a, known) for known in first.attachments)]
    removed = first.removed or second.removed
    direction = Direction.INBOUND if Direction.INBOUND in (first.direction, second.direction) else first.direction
    attachments = tuple(replace(a, removed=removed, direction=direction) for a in (*first.attachments, *new))
    message = replace(
        first,
        attachments=attachments,
        announces_media=first.announces_media or second.announces_media,
        direction=direction,
        removed=removed,
        time=first.time or second.time,
        communication_id=first.communication_id or second.communication_id,
    )
    return Seen(message, one.type or other.type)


def _tutorial_message(raw: Json, conversation_id: str) -> Seen:
    head = _Head(
        conversation_id=conversation_id,
        message_id=_required(read_id(raw.get("id") or raw.get("messageId"), "message id")),
        shape=Shape.TUTORIAL,
        direction=direction_of(raw.get("direction")),
        time=fields.time(raw.get("timestamp")),
    )
    attachments = [_attachment(entry, head) for entry in objects(raw.get("attachments"), "attachments")]
    return Seen(head.message(attachments, raw.get("attachments") is None), "")


def recording(raw: Json) -> list[Seen]:
    """S10: the transcript of a recording, the long-term copy."""
    conversation_id = read_id(raw.get("conversationId"), "conversationId") or ""
    return [
        _transcribed(entry, conversation_id) for entry in objects(raw.get("messagingTranscript"), "messagingTranscript")
    ]


def _transcribed(raw: Json, conversation_id: str) -> Seen:
    head = _Head(
        conversation_id=conversation_id,
        message_id=_required(read_id(raw.get("id"), "message id")),
        shape=Shape.RECORDING,
        time=fields.time(raw.get("timestamp")),
    )
    media = objects(raw.get("messageMediaAttachments"), "messageMediaAttachments")
    return Seen(head.message((_attachment(entry, head) for entry in media), announces=False), "")


def media(raw: Json, conversation_id: str, message_id: str) -> Attachment:
    """S9: one file of a message, with the status of its upload."""
    communication_id = read_id(raw.get("communicationId"), "communicationId")
    head = _Head(conversation_id, message_id, Shape.MEDIA, communication_id=communication_id)
    return _attachment(raw, head)


def finished(known: Attachment, raw: Json) -> Attachment:
    """`known` with the status of its upload and the URL that S9 gives for it now."""
    now = media(raw, known.conversation_id, known.message_id)
    return replace(known, status=now.status, url=now.url)
