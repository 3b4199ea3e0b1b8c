"""What a message tells of itself and of its attachments, in whichever shape it came."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from consumer.identity import attachment_key
from consumer.model import Attachment, Direction, Kind, Message, Shape
from consumer.wire import fields
from consumer.wire.fields import Json, an_object, objects, usable_id, word

MESSAGE_URI = re.compile(r"/conversations/messages/([^/?#]+)/messages/([^/?#]+)")
# What content may be besides, none of it a file, by the models of Genesys's SDKs.
OTHER_CONTENTS = frozenset({
    "buttonresponse", "card", "carousel", "datepicker", "form", "generictemplate", "interactiveapplication", "list",
    "listpicker", "listtemplate", "location", "mention", "notification", "notificationresponse", "paymentrequest",
    "paymentresponse", "postback", "push", "quickreply", "quickreplyv2", "reactions", "richlink", "roadsideassistance",
    "story", "text",
})  # fmt: skip
_TELLING = frozenset({"message", "messageId", "messageURI", "messageUri", "selfUri"})
_DIRECTIONS = {direction.value: direction for direction in (Direction.INBOUND, Direction.OUTBOUND)}


class Ids(NamedTuple):
    """Whose a message is and which, as far as it says so; `odd` stands where a message id should be."""

    conversation_id: str
    message_id: str
    odd: str


_NO_IDS = Ids("", "", "")


class Head(NamedTuple):
    """What a message tells all of its attachments."""

    ids: Ids
    shape: Shape
    direction: Direction = Direction.UNKNOWN
    removed: bool = False
    time: datetime | None = None
    communication_id: str | None = None
    messenger: str | None = None

    def message(self, attachments: Iterable[Attachment], announced: int = 0, silent: bool = False) -> Message:
        """`announced`: how many attachments it counts; `silent`: it does not say whether it has any."""
        attachments = tuple(attachments)
        return Message(
            conversation_id=self.ids.conversation_id,
            message_id=self.ids.message_id,
            attachments=attachments,
            announces_media=silent or announced > 0 or bool(attachments),
            announced=announced,
            direction=self.direction,
            removed=self.removed,
            time=self.time,
            communication_id=self.communication_id,
            trace=() if self.ids.message_id else self._trace(attachments),
        )

    def _trace(self, attachments: tuple[Attachment, ...]) -> tuple[str, ...]:
        """What stays the same of a message without an id, whichever event lists it and however its links are signed."""
        keys = sorted(attachment.key or "" for attachment in attachments)
        return (self.ids.odd, "" if self.time is None else self.time.isoformat(), *keys)


def attachment_of(raw: Json, head: Head, kind: Kind | None = None) -> Attachment:
    attachment_id, url = fields.attachment_id(raw.get("id")), fields.text(raw.get("url"))
    link = None if attachment_id else url  # which tells it where it has no id
    return Attachment(
        conversation_id=head.ids.conversation_id,
        message_id=head.ids.message_id,
        attachment_id=attachment_id,
        key=attachment_key(attachment_id, fields.download_id(link), fields.host_and_path(link)),
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


def is_attachment(content: Json) -> bool:
    return word(content.get("contentType")) == "attachment" or "attachment" in content


def may_be_attachment(content: Json) -> bool:
    """Also what is of a type that nobody knows, be it that Genesys does not, or that it is newer than we are."""
    return is_attachment(content) or word(content.get("contentType")) not in OTHER_CONTENTS


def of_content(raw: object, head: Head) -> tuple[list[Attachment], int]:
    """S1, S7, S8, and how many there are. Stories, cards, templates and rich links carry URLs too, and are no files."""
    if raw is None:
        return [], 0
    contents = [content for content in objects(raw, "content") if is_attachment(content)]
    described = [an_object(content.get("attachment"), "content.attachment") for content in contents]
    return [attachment_of(attachment, head) for attachment in described if attachment is not None], len(contents)


def with_listed(found: list[Attachment], raw: Json, head: Head, kind: Kind | None = None) -> list[Attachment]:
    """Those, and what the lists beside them add."""
    listed = (*objects(raw.get("media"), "media"), *objects(raw.get("attachments"), "attachments"))
    if not listed and len(found) < 2:
        return found
    if not found and len(listed) == 1:
        return [attachment_of(listed[0], head, kind)]
    return united(found, (attachment_of(entry, head, kind) for entry in listed))


def united(*described: Iterable[Attachment]) -> list[Attachment]:
    """Each file once: told by its key, or by its link where one description has no id. Linear in their number."""
    found: list[Attachment] = []
    keys, links, links_without_id = set[str](), set[str](), set[str]()
    for one in chain(*described):
        link = fields.link_of(one.url)
        if one.key in keys or link in (links if one.attachment_id is None else links_without_id):
            continue
        found.append(one)
        if one.key:
            keys.add(one.key)
        if link:
            links.add(link)
            if one.attachment_id is None:
                links_without_id.add(link)
    return found


def ids_of(raw: Json, *others: object) -> Ids:
    """Those of a listed message or a bare event."""
    if not others and _TELLING.isdisjoint(raw):
        return _NO_IDS
    nested = raw.get("message")
    nested_id = nested.get("id") if isinstance(nested, dict) else None
    address = fields.first_text(raw, "messageURI", "messageUri", "selfUri")
    uri = MESSAGE_URI.search(address) if address is not None else None
    if uri is None:
        return Ids("", *usable_id(raw.get("messageId"), nested_id, *others))
    conversation_id, message_id = uri.groups()
    return Ids(usable_id(conversation_id)[0], *usable_id(raw.get("messageId"), nested_id, message_id, *others))


def direction_of(*values: object) -> Direction:
    for value in values:
        direction = _DIRECTIONS.get(word(value))
        if direction is not None:
            return direction
    return Direction.UNKNOWN
