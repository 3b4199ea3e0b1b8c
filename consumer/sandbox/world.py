"""What Genesys knows in the sandbox: conversations, messages, files. Built by `plan`, served by the emulator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from consumer.identity import (
    announced_attachment_identity,
    attachment_key,
    conversation_identity,
    identity,
    message_identity,
)
from consumer.model import Direction, Kind
from consumer.sandbox.cases import Case
from consumer.sandbox.files import build

REGION = "mypurecloud.com"
ORGANIZATION_ID = "0b1f6c1e-6c0f-4d57-9a36-5a4d0b7c2e11"
OTHER_ORGANIZATION_ID = "9d0c4a77-1111-4222-8333-abcdefabcdef"


@dataclass(frozen=True, slots=True)
class SentFile:
    """One attachment as its message declares it; its bytes come from recipe and seed."""

    case: Case
    recipe: str
    seed: int
    attachment_id: str | None
    download_id: str
    name: str
    mime: str
    kind: Kind
    declared_size: int | None
    declared_sha256: str | None

    @property
    def body(self) -> bytes:
        return build(self.recipe, self.seed)

    @property
    def link(self) -> str:
        """The stable address that metadata gives: a download link of the region, unless the case has one of its own."""
        return self.case.url or f"https://api-downloads.{REGION}/api/v2/downloads/{self.download_id}"

    def identity(self, conversation_id: str, message_id: str) -> bytes:
        return identity("attachment", conversation_id, message_id, self._key)

    def announcement(self, conversation_id: str, message_id: str) -> bytes:
        """By which events are known that name it before the API does."""
        return announced_attachment_identity(conversation_id, message_id, self._key)

    @property
    def _key(self) -> str:
        key = attachment_key(self.attachment_id, self.download_id, None)
        assert key is not None, "every file has a download id"
        return key


@dataclass(frozen=True, slots=True)
class SentMessage:
    conversation_id: str
    message_id: str
    files: tuple[SentFile, ...] = ()
    text: str = ""
    direction: Direction = Direction.INBOUND
    removed: bool = False
    known: bool = True  # False: events announce it, and the API does not know it
    legacy: bool = False  # the API still gives the deprecated media list beside the normalized message
    age_s: float = 3_600.0
    ghosts: tuple[SentFile, ...] = ()  # events announce them, and the API does not know them

    @property
    def young(self) -> bool:
        return any(file.case.young for file in self.files)

    @property
    def identity(self) -> bytes:
        return message_identity(self.conversation_id, self.message_id)


@dataclass(frozen=True, slots=True)
class Conversation:
    conversation_id: str
    communication_id: str
    customer_id: str  # participants
    agent_id: str
    messages: tuple[SentMessage, ...] = ()
    tutorial: bool = False  # the API answers in the shape of the tutorial, with signed links at once
    last: bool = False  # its one good file comes when all others have
    readable: bool = True  # False: the API answers 403 to our client
    known: bool = True
    ended_s: float | None = None  # seconds since its end; None: it goes on
    failing: bool = False  # True: the API answers 500 to every question about it
    snapshots_only: bool = (
        False  # its events all name the communication, without which an upload's status can't be asked
    )

    @property
    def identity(self) -> bytes:
        return conversation_identity(self.conversation_id)


class World:
    """All of it, with the look-ups that the API needs. Messages are dated back from `now`."""

    def __init__(self, conversations: list[Conversation], now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)
        self.conversations = {talk.conversation_id: talk for talk in conversations}
        self.messages = {message.message_id: message for talk in conversations for message in talk.messages}
        self.files = {file.download_id: (message, file) for message in self.messages.values() for file in message.files}
