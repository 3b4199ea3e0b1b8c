"""What an event and its messages ask for. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from consumer.identity import announced_attachment_identity, attachment_key, in_one_case
from consumer.model import Attachment, Direction, Event, Kind, Message, Task
from consumer.telemetry.labels import Skipped
from consumer.wire.fields import download_id, host_and_path, link_of


def no_answer_needed(message: Message, attachment: Attachment, task: Task, horizon: timedelta) -> Skipped | None:
    """Why the attachment gets no answer of ours; None if it gets one."""
    if Direction.OUTBOUND in (message.direction, attachment.direction):
        return "outbound"
    if attachment.kind is Kind.LINK:
        return "link"
    if is_beyond(attachment.message_time or message.time or task.source.time, task, horizon):
        return "beyond_horizon"  # its own event announced it in its time; what the ledger knew of it has aged
    return None


def is_beyond(sent: datetime | None, task: Task, horizon: timedelta) -> bool:
    """Whether what was sent then is older than what the ledger knows."""
    return sent is not None and task.taken - sent > horizon


def at_home(event: Event, conversation_id: str | None) -> Event:
    """The event with the conversation that a call told, if it names none itself."""
    if event.conversation_id or conversation_id is None:
        return event
    messages = tuple(
        replace(
            message,
            conversation_id=conversation_id,
            attachments=tuple(replace(a, conversation_id=conversation_id) for a in message.attachments),
        )
        for message in event.messages
    )
    return replace(event, conversation_id=conversation_id, messages=messages)


def is_elsewhere(announced: Message, found: Message) -> bool:
    """Whether Genesys names another conversation than the event did."""
    return bool(found.message_id) and found.conversation_id != announced.conversation_id


def is_same(announced: Attachment, found: Attachment) -> bool:
    """Either may lack the id that the other gives: the link tells as well which attachment it is."""
    if in_one_case(announced.key or "") == in_one_case(found.key or ""):
        return True
    has_both = announced.attachment_id is not None and found.attachment_id is not None
    return not has_both and announced.url is not None and link_of(announced.url) == link_of(found.url)


def not_shown_in(found: Message, announced: Iterable[Attachment]) -> list[Attachment]:
    """Of those with an id or a link: nobody could say which one it is that has neither, so that it is only counted."""
    named = (attachment for attachment in announced if attachment.key is not None)
    return [attachment for attachment in named if not any(is_same(attachment, shown) for shown in found.attachments)]


def announcements_of(found: Attachment) -> list[bytes]:
    """What an event may have said of it: its id, or its link alone."""
    linked = attachment_key(None, download_id(found.url), host_and_path(found.url))
    keys = dict.fromkeys(key for key in (found.key, linked) if key is not None)
    return [announced_attachment_identity(found.conversation_id, found.message_id, key) for key in keys]


def with_communication(message: Message, communication_id: str | None) -> Message:
    """Only snapshots name the communication, and only by it can the status of an upload be asked."""
    if communication_id is None:
        return message
    known = tuple(replace(a, communication_id=a.communication_id or communication_id) for a in message.attachments)
    return replace(message, attachments=known)


def unseen_of(removed: Message) -> Attachment:
    """All that was in a removed message and that Genesys shows no more, as one: what an event names of it may be a
    file, the other name of a file that has its answer, or made up, and nobody can tell any more."""
    message_time, direction = removed.time, removed.direction
    return Attachment(
        removed.conversation_id,
        removed.message_id,
        None,
        "removed",
        removed=True,
        message_time=message_time,
        direction=direction,
    )
