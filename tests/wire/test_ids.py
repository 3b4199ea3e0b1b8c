"""Whose an id is: a carrier numbers what it carries as well."""

from typing import Any

import orjson
import pytest

from consumer.model import DeadReason, Event
from consumer.wire.events import Item, UnreadableEvent, decode
from tests.wire.carriers import text

CONVERSATION = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10"
MESSAGE = "4a8c9e2d71b04d0f9b6e3c5a7d8f1e20"
BARE = {"conversationId": CONVERSATION}


def one(raw: object) -> Item:
    (item,) = decode(orjson.dumps(raw))
    return item


def event(raw: object) -> Event:
    found = one(raw)
    assert isinstance(found, Event), found
    return found


@pytest.mark.parametrize(
    "carried",
    [
        {"messageId": "ID:amq-1", "timestamp": 1, "payload": "words", "type": "text"},
        {"messageId": "ajs-next-123", "type": "track", "timestamp": "2026-02-03T10:16:40.021Z", "userId": "u"},
        {"messageId": "ajs-next-123", "type": "identify", "anonymousId": "a", "context": {}},
        {"messageId": "2034", "to": "41793026727", "status": {"groupName": "DELIVERED"}},
        {"message_id": "19dd", "topic": "t", "message": "words"},
        {"messageId": "m", "attributes": {}},
        {"messageId": "m", "headers": {}},
        {"message": {"id": "m", "text": "words"}, "update_id": 1},
        {"messageId": "C6DB60D1574661357FA227277445", "message": "words"},
        {"messageId": "C6DB60D1574661357FA227277445", "messageBody": "words", "enqueueTime": 1},
        {"messages": [{"id": "vgQp:0:0", "timestamp": 1, "name": "n", "data": "words", "connectionId": "c"}]},
        {"source": "channel.presence", "channel": "c", "messages": [{"id": "vgQp:0:0", "data": "words"}]},
        {"messages": [{"id": "m-1"}, {"id": "msg_01", "role": "user"}]},
        {"id": "msg_01", "role": "assistant", "content": [{"type": "text", "text": "words"}]},
    ],
)
def test_the_id_of_a_carrier_is_none_of_genesys(carried: dict[str, Any]) -> None:
    found = one(carried)
    assert isinstance(found, UnreadableEvent)
    assert found.reason is DeadReason.NO_IDS
    assert "carrier" in found.detail
    known = event({**carried, "conversationId": CONVERSATION})
    assert known.conversation_id == CONVERSATION, "beside a conversation's id it is"


@pytest.mark.parametrize(
    "beside",
    [
        {"timestamp": "2026-02-03T10:16:40.021Z"},
        {"direction": "inbound", "type": "Text", "messengerType": "whatsapp"},
        {"organizationId": "o", "queueId": "q", "participantId": "p"},
    ],
)
def test_the_id_of_a_message_among_words_of_genesys_is_one(beside: dict[str, Any]) -> None:
    assert [message.message_id for message in event({"messageId": MESSAGE, **beside}).messages] == [MESSAGE]
    assert event(
        {"topicName": "v2.users.u.conversations.messages", "eventBody": {"messageId": MESSAGE, "odd": 1}}
    ).messages


MASSTRANSIT = {"messageId": "08dc-1", "conversationId": "08dc-2", "headers": {}}
AROUND: list[dict[str, Any]] = [
    {**MASSTRANSIT, "messageType": ["Contoso:Event"]},
    {**MASSTRANSIT, "messageType": []},
    {**MASSTRANSIT, "messageType": "urn:message:Contoso:Event"},
    {**MASSTRANSIT, "sourceAddress": "rabbitmq://h/x", "host": {"machineName": "m"}},
]


@pytest.mark.parametrize("around", AROUND)
def test_what_a_framework_calls_conversation_is_not_genesys_s_whatever_type_it_names(around: dict[str, Any]) -> None:
    assert isinstance(one({**around, "message": {"orderId": 1}}), UnreadableEvent)
    assert event({**around, "message": BARE}).conversation_id == CONVERSATION


@pytest.mark.parametrize("type_", ["webmessaging", "whatsapp", None])
def test_a_message_type_of_genesys_is_none_of_a_framework(type_: str | None) -> None:
    found = event({**BARE, "messageId": MESSAGE, "messageType": type_, "message": {"id": MESSAGE}})
    assert (found.conversation_id, [message.message_id for message in found.messages]) == (CONVERSATION, [MESSAGE])


@pytest.mark.parametrize("entry", [{"id": MESSAGE}, {"id": MESSAGE, "text": "hi", "attachments": [{"id": "a"}]}])
def test_messages_that_are_listed_in_words_of_genesys_alone_are_looked_up(entry: dict[str, Any]) -> None:
    assert [message.message_id for message in event({"messages": [entry]}).messages] == [MESSAGE]


def test_what_is_published_is_read_and_its_number_is_not() -> None:
    published = {"id": "vgQp:0:0", "name": "n", "data": text(BARE), "encoding": "json"}
    assert event({"channelId": "c", "site": "s", "messages": [published]}).conversation_id == CONVERSATION
