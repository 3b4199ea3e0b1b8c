"""Fields named in snake_case, as Genesys's SDK for Python shows its models, and as databases name their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from consumer.wire.fields import Json

TELLING = frozenset({"conversation_id", "message_id", "topic_name", "event_body", "normalized_message"})
READ = (
    *sorted(TELLING), "communication_id", "connected_time", "content_length", "content_length_bytes",
    "content_size_bytes", "content_type", "disconnected_time", "event_time", "file_size", "from_address",
    "initial_state", "media_type", "message_media_attachments", "message_metadata", "message_status", "message_time",
    "message_uri", "messaging_transcript", "messenger_type", "sub_type", "to_address",
)  # fmt: skip
# Columns as ksqlDB, Oracle and Snowflake name them, and Postgres and Hive; fields as .NET and Go do.
OTHER_CASES = {
    "CONVERSATIONID": "conversationId", "CONVERSATION_ID": "conversationId", "ConversationID": "conversationId",
    "ConversationId": "conversationId", "EventBody": "eventBody", "MESSAGEID": "messageId", "MESSAGE_ID": "messageId",
    "MessageID": "messageId", "MessageId": "messageId", "TopicName": "topicName", "conversationID": "conversationId",
    "conversationid": "conversationId", "eventbody": "eventBody", "messageID": "messageId", "messageid": "messageId",
    "topicname": "topicName",
}  # fmt: skip
_TELLING_CASES = OTHER_CASES.keys() - {"MessageID", "MessageId", "messageID", "messageid"}  # carriers write these, too
_MAY_TELL = TELLING | _TELLING_CASES | {"participants"}
MOST = 40_000  # objects and lists: an event has far fewer, and each is made once more


def _as_key(name: str) -> bytes:
    return f'"{name}":'.encode()


def _in_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


_CAMEL = {_as_key(name): _as_key(_in_camel_case(name)) for name in READ}
_KEY = re.compile(
    rb'"(?=[a-z]{3,13}_)(?:' + b"|".join(name.encode() for name in READ) + b')":'
)  # looks first, since most are none


def _camel(key: re.Match[bytes]) -> bytes:
    return _CAMEL[key.group()]


def _listed(conversation: Json) -> Iterator[Json]:
    """The messages of its participants' communications."""
    for participant in _objects(conversation.get("participants")):
        for communication in _objects(participant.get("messages")):
            yield from _objects(communication.get("messages"))


def _lists_snake_case(node: Json) -> bool:
    return not all(TELLING.isdisjoint(message) for message in _listed(node))


def _objects(raw: Any) -> list[Json]:
    return [each for each in raw if isinstance(each, dict)] if isinstance(raw, list) else []


def in_camel_case(node: Json) -> Json:
    """The same with Genesys's own names, where a name at its top, or of a message that a conversation lists, says that
    it is written so; else `node` itself.

    In JSON as it is written here, a name and a colon are a key: a quote inside of a text has a backslash before it.
    """
    if _MAY_TELL.isdisjoint(node):
        return node
    if not _TELLING_CASES.isdisjoint(node):
        return {OTHER_CASES.get(name, name): value for name, value in node.items()}
    if TELLING.isdisjoint(node) and not _lists_snake_case(node):
        return node
    try:
        written = orjson.dumps(node)
    except TypeError:
        return node  # nested too deeply for an event
    if written.count(b"{") + written.count(b"[") > MOST:
        return node
    read: Json = orjson.loads(_KEY.sub(_camel, written))
    return read
