"""What the lists of an event hold, before they are read. Pure."""

from __future__ import annotations

from consumer.wire.fields import Json

LISTS_OF_LISTS = frozenset({"participants", "messages", "messagingTranscript"})
LISTS = LISTS_OF_LISTS | {"media", "attachments", "messageMediaAttachments"}


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
    return found


def is_analytics_detail(body: Json) -> bool:
    """An analytics conversation detail counts what sessions did, and says nothing of a single message."""
    participants = body.get("participants")
    return isinstance(participants, list) and any(
        isinstance(participant, dict) and "sessions" in participant and "messages" not in participant
        for participant in participants
    )
