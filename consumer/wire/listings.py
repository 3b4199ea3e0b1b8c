"""What the lists of an event hold, before they are read. Pure."""

from __future__ import annotations

from consumer.wire.fields import Json, objects
from consumer.wire.shapes import COMMUNICATION_FIELDS, MESSAGE_FIELDS

LISTS_OF_LISTS = frozenset({"participants", "messages", "messagingTranscript"})
LISTS = LISTS_OF_LISTS | {"media", "attachments", "messageMediaAttachments", "content"}
WITH_LISTS = frozenset({"normalizedMessage", "messageMetadata"})
OF_PARTICIPANTS = frozenset({
    "callbacks", "calls", "chats", "cobrowsesessions", "emails", "internalMessages", "messages", "screenshares",
    "socialExpressions", "videos",
})  # fmt: skip


def listed_in(body: Json, limit: int) -> int:
    """How many objects its lists hold, the ones inside each other too; it stops counting once they are too many."""
    found, waiting = 0, [body]
    while waiting and found <= limit:
        node = waiting.pop()
        for name in LISTS & node.keys():
            listed = node[name]
            if isinstance(listed, list):
                found += len(listed)
                if found <= limit and name in LISTS_OF_LISTS:
                    waiting.extend(each for each in listed if isinstance(each, dict))
        waiting.extend(node[name] for name in WITH_LISTS & node.keys() if isinstance(node[name], dict))
    return found


def is_analytics_detail(body: Json) -> bool:
    """An analytics conversation detail counts what sessions did, and says nothing of a single message. It alone says
    when the conversation started, and may have come before its sessions."""
    participants = body.get("participants")
    if not isinstance(participants, list):
        return False
    silent = [each for each in participants if isinstance(each, dict) and "messages" not in each]
    started = "conversationStart" in body and len(silent) == len(participants)
    return started or any("sessions" in participant for participant in silent)


def is_cut_down(body: Json, of_messages: bool) -> bool:
    """Whether an event lists something that may be a message or a communication, as projections leave of either: its
    id, a direction, a type; or participants alone, without what any of them took part in. `of_messages`: its topic may
    bring messages; the participants of a call, say, are all that there is."""
    participants = objects(body.get("participants"), "participants")
    if of_messages and participants and all(map(OF_PARTICIPANTS.isdisjoint, participants)):
        return True
    return any(
        (MESSAGE_FIELDS | COMMUNICATION_FIELDS).isdisjoint(entry)
        for participant in participants
        for entry in objects(participant.get("messages"), "participants[].messages")
    )
