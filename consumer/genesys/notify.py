"""Tells the customer, or whoever works on the conversation, that a file was rejected. At most once.

Sending is not idempotent in Genesys, so the place in the rejected topic is committed first: a crash between the two
loses a message, and never doubles one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import anyio
import orjson

from consumer.errors import Failure, Malformed, NotYet, Throttled, Unavailable
from consumer.genesys.api import Api
from consumer.model import Reason
from consumer.wire.fields import BadId, Json, objects, read_id, text, word

Outcome = Literal["sent", "failed", "skipped"]
Channel = Literal["message", "attributes"]
Sentence = Callable[[Reason, str], str]  # for people, by reason and language ("de", "en"; "" if nobody knows it)
Record = tuple[bytes | None, Callable[[], Awaitable[None]]]  # a result, and how its place is committed

T = TypeVar("T")

TRIES = 3
BACKOFF_S = 2.0
LONGEST = {"sms": 765}
LONGEST_ELSEWHERE = 2_000
BY_CONTACT = {"webmessaging"}  # reached by the external contact alone
BY_ADDRESS = {"open", "sms"}  # WhatsApp and Apple take templates only
OVER = {"disconnected", "terminated"}


@dataclass(frozen=True, slots=True)
class Told:
    outcome: Outcome
    detail: str  # our own sentence, safe to log


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


class Notifier:
    """`channel` says who is told: the customer by a message, or flow and agent by the participant's attributes.

    A customer who can't be sent a text is told by attributes as well. `silent` are reasons that nobody is told.
    """

    def __init__(
        self,
        api: Api,
        sentence: Sentence,
        *,
        channel: Channel = "message",
        silent: AbstractSet[Reason] = frozenset({Reason.REMOVED}),
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._api = api
        self._sentence = sentence
        self._channel = channel
        self._silent = silent
        self._sleep = sleep

    async def tell(self, value: bytes | None) -> Told:
        """Tells of one rejected result. Raises nothing that Genesys or the record could cause."""
        try:
            rejection = read_rejection(value)
            if rejection.reason in self._silent:
                return Told("skipped", f"nobody is told of {rejection.reason}")
            raw = await self._patiently(lambda: self._api.conversation(rejection.conversation_id), Unavailable)
            customer = read_customer(raw)
            if customer is None:
                return Told("skipped", "the conversation has no customer")
            return await self._send(rejection, customer)
        except Failure as failure:
            return Told("failed", failure.detail)

    async def _send(self, rejection: Rejection, customer: Customer) -> Told:
        words = self._sentence(rejection.reason, customer.language)
        body = agentless_message(customer, f"{rejection.name}: {words}" if rejection.name else words)
        if self._channel == "message" and body is not None:
            await self._patiently(lambda: self._api.send_message(body), Throttled)
            return Told("sent", "by message")
        attributes = {
            "attachment.verdict": "rejected",
            "attachment.reason": rejection.reason.value,
            "attachment.messageId": rejection.message_id,
        }
        conversation_id, participant_id = rejection.conversation_id, customer.participant_id
        await self._patiently(
            lambda: self._api.set_attributes(conversation_id, participant_id, attributes), Unavailable
        )
        return Told("sent", "by attributes")

    async def _patiently(self, call: Callable[[], Awaitable[T]], worth: type[Unavailable]) -> T:
        """A few tries, and only after failures of which it is certain that trying again does no harm."""
        for tried in range(1, TRIES):
            try:
                return await call()
            except worth as failure:
                if isinstance(failure, NotYet):
                    raise
                await self._sleep(failure.retry_after_s or BACKOFF_S * tried)
        return await call()


async def notify(
    records: AsyncIterator[Record], notifier: Notifier, on_told: Callable[[Told], None] = lambda told: None
) -> None:
    """Tells of each record, its place committed first, so that none is told of twice. Ends when `records` do."""
    async for value, commit in records:
        await commit()
        on_told(await notifier.tell(value))
