"""A rejected result, the customer in its conversation, and the message that tells one of the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from consumer.errors import Malformed
from consumer.model import Reason
from consumer.wire.fields import BadId, Json, objects, read_id, text, word

LONGEST = {"sms": 765}
LONGEST_ELSEWHERE = 2_000
BY_CONTACT = {"webmessaging"}  # reached by the external contact alone
BY_ADDRESS = {"open", "sms"}  # WhatsApp and Apple take templates only
OVER = {"disconnected", "terminated"}


@dataclass(frozen=True, slots=True)
class Rejection:
    """What of a rejected result is needed to tell somebody."""

    conversation_id: str
    message_id: str
    reason: Reason
    detail: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Customer:
    """The customer in the conversation, as far as they can be reached now."""

    participant_id: str
    language: str
    contact_id: str | None
    messenger: str
    our_address: str | None
    their_address: str | None
    connected: bool


def read_rejection(value: bytes | None) -> Rejection:
    """Raises `Malformed` for what is no rejected result."""
    try:
        result = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        raise Malformed("not a result: no JSON") from None
    if not isinstance(result, dict) or result.get("verdict") != "rejected":
        raise Malformed("not a rejected result")
    conversation_id = read_id(result.get("conversationId"), "conversation id")
    message_id = read_id(result.get("messageId"), "message id")
    reason = next((reason for reason in Reason if reason == result.get("reason")), None)
    if conversation_id is None or message_id is None or reason is None:
        raise Malformed("a result without ids, or with a reason that this version does not know")
    detail, name = text(result.get("detail")) or "", text(result.get("name"))
    return Rejection(conversation_id, message_id, reason, detail, name)


def read_customer(conversation: Json) -> Customer | None:
    """The first customer among the participants. Raises `Malformed`."""
    for participant in objects(conversation.get("participants"), "participants"):
        if word(participant.get("purpose")) in ("customer", "external"):
            return _customer(participant)
    return None


def _customer(participant: Json) -> Customer:
    participant_id = read_id(participant.get("id"), "participant id")
    if participant_id is None:
        raise BadId("a participant without an id")
    communications = objects(participant.get("messages"), "participants[].messages")
    running = [c for c in communications if word(c.get("state")) not in OVER]
    one = (running or communications or [{}])[-1]
    ours, theirs = (
        ("fromAddress", "toAddress") if word(one.get("direction")) == "outbound" else ("toAddress", "fromAddress")
    )
    return Customer(
        participant_id=participant_id,
        language=word(participant.get("locale")).replace("_", "-").partition("-")[0],
        contact_id=text(participant.get("externalContactId")),
        messenger=word(one.get("type")),
        our_address=_address(one.get(ours)),
        their_address=_address(one.get(theirs)),
        connected=bool(running),
    )


def _address(raw: Any) -> str | None:
    return (text(raw.get("addressNormalized")) or text(raw.get("addressRaw"))) if isinstance(raw, dict) else None


def agentless_message(customer: Customer, words: str) -> Json | None:
    """The body of the agentless call; None where Genesys offers no way to send a text to this customer now."""
    if not customer.connected or customer.our_address is None:
        return None
    if customer.messenger in BY_CONTACT and customer.contact_id:
        recipient = {"externalContactId": customer.contact_id}
    elif customer.messenger in BY_ADDRESS and customer.their_address:
        recipient = {"toAddress": customer.their_address}
    else:
        return None
    return {
        "fromAddress": customer.our_address,
        "toAddressMessengerType": customer.messenger,
        **recipient,
        "textBody": words[: LONGEST.get(customer.messenger, LONGEST_ELSEWHERE)],
        "useExistingActiveConversation": True,
    }
