"""The events of a conversation, in every shape; the noise around them; and what no one can read."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import orjson

from consumer.model import DeadReason, Direction
from consumer.sandbox import envelopes, payloads
from consumer.sandbox.expectation import Expected, of_value
from consumer.sandbox.payloads import event_link, stamp
from consumer.sandbox.world import OTHER_ORGANIZATION_ID, Conversation, SentMessage, World
from consumer.wire.fields import Json


def announce(world: World, talk: Conversation, upto: int, rng: random.Random) -> Any:
    """An event about the message number `upto`: alone, in a snapshot of all so far, or by ids only; packed somehow."""
    moment = world.now - timedelta(minutes=10)
    if talk.tutorial:
        told = payloads.tutorial_body(talk, talk.messages, lambda file: None)
        return rng.choice([{"conversationId": talk.conversation_id}, told])
    if not talk.messages:
        return {"conversationId": talk.conversation_id}
    message = talk.messages[upto]
    shape = rng.choice(_shapes(talk, message))
    return envelopes.packed(_event(world, talk, message, shape, rng), stamp(moment), rng)


def _shapes(talk: Conversation, message: SentMessage) -> list[str]:
    if talk.snapshots_only:
        return ["user", "queue"]
    full = ["user", "queue", "user_messages", "queue_messages"]
    if message.ghosts or not message.known:
        return [*full, "webhook"]
    if not talk.readable:
        return [*full, "webhook", "ids"]  # a bare conversation is a dead letter of its own
    return [*full, *full, "webhook", "ids", "conversation", "message", "ended"]


def _event(world: World, talk: Conversation, message: SentMessage, shape: str, rng: random.Random) -> Json:
    sent = [m for m in talk.messages if m.direction is Direction.OUTBOUND]
    inbound = [m for m in talk.messages if m.direction is not Direction.OUTBOUND]
    so_far = inbound[: inbound.index(message) + 1] + sent

    def clock(of: SentMessage) -> datetime:
        return world.now - timedelta(seconds=of.age_s)

    correlation = envelopes.random_uuid(rng)
    match shape:
        case "user" | "queue":
            body = payloads.conversation_body(talk, so_far, clock, event_link)
        case "user_messages" | "queue_messages":
            body = payloads.message_event_body(talk, so_far, clock, event_link)
        case "webhook":
            return payloads.webhook_body(message, clock(message), event_link)
        case "ids":
            return {"conversationId": talk.conversation_id, "messageId": message.message_id}
        case "conversation":
            return {"conversationId": talk.conversation_id}
        case "message":
            return {"messageId": message.message_id}
        case _:
            return _detail_event(talk, "customer.end", clock(message), correlation)
    return envelopes.notification(envelopes.TOPICS[shape], body, correlation)


def _detail_event(talk: Conversation, kind: str, at: datetime, correlation: str) -> Json:
    body = {
        "eventTime": int(at.timestamp() * 1000),
        "conversationId": talk.conversation_id,
        "participantId": talk.customer_id,
        "sessionId": talk.communication_id,
        "mediaType": "MESSAGE",
        "messageType": "WEBMESSAGING",
        "provider": "Webmessaging",
        "direction": "INBOUND",
        "conversationExternalContactIds": [],
    }
    topic = f"v2.detail.events.conversation.{talk.conversation_id}.{kind}"
    return envelopes.notification(topic, body, correlation)


def noise(world: World, talk: Conversation, rng: random.Random) -> Any:
    """An event that names no file, and says so."""
    moment = world.now - timedelta(minutes=10)
    correlation = envelopes.random_uuid(rng)
    plain = SentMessage(talk.conversation_id, rng.randbytes(16).hex(), text="hello")
    body = payloads.message_event_body(talk, [plain], lambda _: moment, event_link)
    told = envelopes.notification(envelopes.TOPICS["user_messages"], body, correlation)
    match rng.randrange(6):
        case 0:
            return {"topicName": "channel.metadata", "eventBody": {"message": "WebSocket Heartbeat"}}
        case 1:
            return _retyped(told, "Receipt", "delivery-success")
        case 2:
            return _retyped(told, "Event", "received")
        case 3:
            receipt = payloads.webhook_body(plain, moment, event_link) | {"type": "Receipt", "status": "Delivered"}
            return receipt | {"direction": "Outbound", "isFinalReceipt": True}
        case 4:
            return _detail_event(talk, "customer.start", moment, correlation)
        case _:
            return envelopes.packed(told, stamp(moment), rng)


def _retyped(event: Json, kind: str, status: str) -> Json:
    for participant in event["eventBody"]["participants"]:
        for entry in participant["messages"]:
            entry["messageMetadata"] = {"type": kind}
            entry["messageStatus"] = status
    return event


def unreadable(number: int, rng: random.Random) -> tuple[bytes | None, Expected]:
    """The `number`-th kind of record that can't be judged; each is different bytes, so that each can be told apart."""
    unique = rng.randbytes(8).hex()
    if number % len(KINDS) == 0:
        return _stranger(rng)
    name, reason, template = KINDS[number % len(KINDS)]
    value = template.replace(b"UNIQUE", unique.encode())
    return value, of_value(value, reason, name)


def _stranger(rng: random.Random) -> tuple[bytes, Expected]:
    """Told by a hash of its bytes, so it names no moment."""
    conversation, message, attachment = (envelopes.random_uuid(rng) for _ in range(3))
    entry = {
        "message": {"id": message},
        "media": [{"id": attachment, "mediaType": "image/png", "name": "a.png", "contentLengthBytes": 100}],
        "messageMetadata": {"type": "Text", "content": [{"contentType": "Attachment", "subType": "Image"}]},
    }
    body = {"id": conversation, "participants": [{"id": "p", "purpose": "customer", "messages": [entry]}]}
    event = envelopes.notification(envelopes.TOPICS["queue_messages"], body, conversation)
    value = orjson.dumps(envelopes.event_bridge(event, "2026-02-03T10:16:41Z", conversation, OTHER_ORGANIZATION_ID))
    return value, of_value(value, DeadReason.OTHER_ORGANIZATION, "other_organization")


KINDS: tuple[tuple[str, DeadReason, bytes], ...] = (
    ("other_organization", DeadReason.OTHER_ORGANIZATION, b""),
    ("not_json", DeadReason.UNREADABLE, b"conversation UNIQUE was updated"),
    ("no_ids", DeadReason.NO_IDS, b'{"topicName":"v2.users.x.conversations","eventBody":{"note":"UNIQUE"}}'),
    ("not_utf8", DeadReason.UNREADABLE, b'{"conversationId":"\xff\xfe UNIQUE"}'),
    ("cut", DeadReason.UNREADABLE, b'{"conversationId":"UNIQUE"'),
    ("climbing_id", DeadReason.NO_IDS, b'{"conversationId":"../../../etc/UNIQUE"}'),
    ("too_deep", DeadReason.UNREADABLE, b'{"UNIQUE":' + b'{"a":[' * 20_000 + b"]}" * 20_000 + b"}"),
    ("nul_in_id", DeadReason.NO_IDS, b'{"conversationId":"UNIQUE\\u0000"}'),
    ("number_as_id", DeadReason.NO_IDS, b'{"conversationId":42,"note":"UNIQUE"}'),
    ("long_id", DeadReason.NO_IDS, b'{"conversationId":"' + b"x" * 10_000 + b'UNIQUE"}'),
    ("right_to_left_id", DeadReason.NO_IDS, '{"conversationId":"\u202eUNIQUE"}'.encode()),
    ("text", DeadReason.UNREADABLE, b'"UNIQUE"'),
)
