"""Tells the customer, or whoever works on the conversation, that a file was rejected. At most once.

Sending is not idempotent in Genesys, so the place in the rejected topic is committed first: a crash between the two
loses a message, and never doubles one. All that can be asked of Genesys is asked before the commit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import anyio

from consumer.errors import Failure, NotJudged, Throttled
from consumer.genesys.api import Api
from consumer.model import DeadReason, Reason
from consumer.notify.customer import Customer, Rejection, agentless_message, read_customer, read_rejection
from consumer.notify.naming import called
from consumer.telemetry.labels import Notification
from consumer.wire.fields import Json

Channel = Literal["message", "attributes"]
Sentence = Callable[[Reason, str], str]  # for people, by reason and language ("de", "en"; "" if nobody knows it)

T = TypeVar("T")

TRIES = 3
BACKOFF_S = 2.0


class WaitOut(Protocol):
    """Gives what the step does, after as many tries as it takes."""

    async def __call__(self, step: Callable[[], Awaitable[T]], /) -> T: ...


async def _at_once(step: Callable[[], Awaitable[T]]) -> T:
    return await step()


@dataclass(frozen=True, slots=True)
class Notified:
    outcome: Notification
    detail: str  # our own sentence, safe to log


@dataclass(frozen=True, slots=True)
class Notice:
    """All that one call needs to tell of a rejection."""

    conversation_id: str
    participant_id: str
    message: Json | None  # None: by attributes
    attributes: dict[str, str]


class Notifier:
    """`channel` says who is told: the customer by a message, or flow and agent by the participant's attributes.

    A customer who can't be sent a text is told by attributes as well. `silent` are reasons that nobody is told.
    Telling comes in two steps, and between them the place is committed: `prepare` may be left and done again, `send`
    may not. `wait_out` is given each call of `prepare`, and may make it again.
    """

    def __init__(
        self,
        api: Api,
        sentence: Sentence,
        *,
        channel: Channel = "message",
        silent: AbstractSet[Reason] = frozenset({Reason.REMOVED}),
        wait_out: WaitOut = _at_once,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._api = api
        self._sentence = sentence
        self._channel = channel
        self._silent = silent
        self._wait_out = wait_out
        self._sleep = sleep
        self._forbidden = False  # the last message was: maybe it alone, maybe all that come

    async def prepare(self, value: bytes | None) -> Notice | Notified:
        """What to send for a rejected result, or why nothing. Raises nothing that Genesys or the record could cause."""
        try:
            rejection = read_rejection(value)
            if rejection.reason in self._silent:
                return Notified("skipped", f"nobody is told of {rejection.reason}")
            raw = await self._wait_out(lambda: self._api.conversation(rejection.conversation_id))
            customer = read_customer(raw)
            if customer is None:
                return Notified("skipped", "the conversation has no customer")
            notice = self._notice(rejection, customer)
            if notice.message is not None and self._forbidden:
                await self._wait_out(self._api.check_sending)
            return notice
        except Failure as failure:
            return Notified("failed", failure.detail)

    def _notice(self, rejection: Rejection, customer: Customer) -> Notice:
        words = self._sentence(rejection.reason, customer.language)
        name = called(rejection.name)
        body = agentless_message(customer, f"{name}: {words}" if name else words)
        return Notice(
            rejection.conversation_id,
            customer.participant_id,
            body if self._channel == "message" else None,
            {
                "attachment.verdict": "rejected",
                "attachment.reason": rejection.reason.value,
                "attachment.messageId": rejection.message_id,
            },
        )

    async def send(self, notice: Notice) -> Notified:
        """Tells, by one call: again only after `Throttled`, which alone proves that the first did nothing."""
        try:
            for _ in range(TRIES - 1):
                try:
                    return await self._send(notice)
                except Throttled as failure:
                    await self._sleep(failure.retry_after_s or BACKOFF_S)
            return await self._send(notice)
        except Failure as failure:
            self._forbidden = isinstance(failure, NotJudged) and failure.reason is DeadReason.FORBIDDEN
            return Notified("failed", failure.detail)

    async def _send(self, notice: Notice) -> Notified:
        if notice.message is not None:
            await self._api.send_message(notice.message)
            self._forbidden = False
            return Notified("sent", "by message")
        await self._api.set_attributes(notice.conversation_id, notice.participant_id, notice.attributes)
        return Notified("sent", "by attributes")
