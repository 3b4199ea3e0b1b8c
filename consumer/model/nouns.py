"""The nouns. A record is Kafka's, an event is Genesys's inside it, a task is one event of one conversation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Literal, NamedTuple

from consumer.identity import announced_attachment_identity, announcement_identity, identity, message_identity
from consumer.model.filled import filled_at_once

TRACEPARENT = "traceparent"  # of W3C's trace context; on a task the intake's own span, the record's is carried

Headers = tuple[tuple[str, bytes | None], ...]  # of a record: in order, repeats and nulls included
Doubt = Literal["unsigned", "other_key", "forged"]  # why a record of ours need not be ours


class Kind(StrEnum):
    """What Genesys says an attachment is (`mediaType` of a normalized message)."""

    IMAGE = "Image"
    VIDEO = "Video"
    AUDIO = "Audio"
    FILE = "File"
    LINK = "Link"  # an external link, never a stored file: never fetched


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    UNKNOWN = "unknown"  # treated as inbound: when in doubt, judge


class Tries(StrEnum):
    """Of one file's examination, whose worker may be ended from outside, by the kernel when memory runs out."""

    ALL = "all"  # one after the other: whoever asks has no task that it could write down
    BUT_LAST = "but_last"  # before the last one the task is written down, so that nobody begins it twice
    LAST = "last"
    NONE = "none"  # the last one was begun, and the process that began it ended


class MediaStatus(StrEnum):
    """Where the upload of an attachment stands, as far as the shape it came from tells."""

    UPLOADING = "uploading"
    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"


class Shape(StrEnum):
    """The payload an attachment was read from; numbers as in ARCHITECTURE.md, "Payload shapes"."""

    MESSAGE = "S1"  # MessageData.normalizedMessage.content[].attachment: the authoritative one
    MESSAGE_LEGACY = "S2"  # MessageData.media[]
    CONVERSATION = "S3"  # participants[].messages[].messages[].media[]
    MESSAGE_CONVERSATION = "S4"  # participants[].messages[].media[]
    EVENT = "S5"  # eventBody as S3
    EVENT_MESSAGES = "S6"  # eventBody as S4, id in message.id
    WEBHOOK = "S7"  # open messaging: content[].attachment at top level
    GUEST = "S8"  # web messaging guest side: fileSize
    MEDIA = "S9"  # MessageMediaData: has the upload status
    RECORDING = "S10"  # messagingTranscript[].messageMediaAttachments[]
    TUTORIAL = "S11"  # messages[].attachments[]: not Genesys's, accepted


FIRST_MS = 946_684_800_000  # the year 2000: nothing that is told here is older
LAST_MS = 253_402_300_800_000  # the end of the year 9999, where datetime ends


@dataclass(frozen=True, slots=True)
class Source:
    """Where an event came from: the record of the input topic, and the place in it if the record was an array."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int  # -1 where the record has none
    path: str = ""  # "" or "[3]"

    @property
    def time(self) -> datetime | None:
        """None as well for one that is no time: a producer may write any."""
        return (
            datetime.fromtimestamp(self.timestamp_ms / 1000, UTC) if FIRST_MS <= self.timestamp_ms < LAST_MS else None
        )

    def identity_of(self, value: bytes) -> bytes:
        """For what names nothing: its place in the log, and a hash, since a topic made anew counts from 0 again."""
        place = (self.topic, str(self.partition), str(self.offset), self.path, str(self.timestamp_ms))
        return identity("unreadable", *place, hashlib.sha256(value).hexdigest())


YOUNG = timedelta(minutes=5)


@filled_at_once
@dataclass(frozen=True)  # without slots: its identity is digested once
class Attachment:
    """One file of one message, as some payload shape described it. Only what was declared; nothing here is evidence."""

    conversation_id: str
    message_id: str
    attachment_id: str | None
    key: str | None  # what identifies it inside its message (see `attachment_key`); None: no id and no URL yet
    name: str | None = None
    declared_type: str | None = None  # lower case, without parameters
    declared_size: int | None = None
    declared_sha256: str | None = None  # lower-case hex
    kind: Kind | None = None
    url: str | None = None  # may be signed: never logged, never published
    direction: Direction = Direction.UNKNOWN
    status: MediaStatus = MediaStatus.UNKNOWN
    removed: bool = False
    message_time: datetime | None = None  # Genesys's own time of the message
    communication_id: str | None = None
    messenger: str | None = None
    shape: Shape = Shape.MESSAGE
    announced_at: datetime | None = None  # as its task says: no worker's clock decides a verdict
    tries: Tries = Tries.ALL

    @property
    def is_young(self) -> bool:
        """Whether its file was new when it was announced: it may still be on its way into the storage of Genesys. It is
        new where nobody can tell."""
        sent, announced = self.message_time, self.announced_at
        return sent is None or announced is None or announced - sent <= YOUNG

    def examined(self, announced_at: datetime, tries: Tries) -> Attachment:
        """The same, as one task has it examined. `replace` would digest its identity anew."""
        same = object.__new__(Attachment)
        same.__dict__.update(self.__dict__, announced_at=announced_at, tries=tries)
        return same

    @cached_property
    def identity(self) -> bytes | None:
        """16 bytes that name this attachment for ever, whichever event, key or shape it came by; None without a key."""
        if self.key is None:
            return None
        return identity("attachment", self.conversation_id, self.message_id, self.key)

    @property
    def announcement(self) -> bytes | None:
        """What an event says by naming it."""
        if self.key is None:
            return None
        return announced_attachment_identity(self.conversation_id, self.message_id, self.key)


@filled_at_once
@dataclass(frozen=True)  # without slots: as of an attachment
class Message:
    """One message of a conversation with the attachments that a payload gave for it."""

    conversation_id: str
    message_id: str  # "": it has none that could be one, and nobody can be asked about it
    attachments: tuple[Attachment, ...] = ()
    announces_media: bool = False  # its metadata says Attachment (or says nothing), whatever `attachments` holds
    announced: int = 0  # how many attachments its metadata counts, whatever `attachments` holds
    direction: Direction = Direction.UNKNOWN
    removed: bool = False
    time: datetime | None = None
    communication_id: str | None = None
    trace: tuple[str, ...] = ()  # of one without an id: what tells it from others of its conversation

    @cached_property
    def identity(self) -> bytes:
        if not self.message_id:
            return identity("nameless", self.conversation_id, *self.trace)
        return message_identity(self.conversation_id, self.message_id)

    @property
    def announcement(self) -> bytes | None:
        """What an event says by naming it. One without an id is nothing that anybody could be asked about."""
        return announcement_identity(self.conversation_id, self.message_id) if self.message_id else None

    @property
    def counted(self) -> bytes:
        """What it says by counting its attachments."""
        return announcement_identity(self.conversation_id, self.message_id, self.announced)

    @property
    def shown_empty(self) -> bytes:
        """That Genesys showed it without attachments. It may come to have some: who counts them asks again."""
        return announcement_identity(self.conversation_id, self.message_id, 0)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one conversation, as `wire.events.decode` reads it: what it announces, nothing fetched."""

    conversation_id: str | None  # None: only a message id is known
    messages: tuple[Message, ...] = ()  # empty: a bare conversation id, everything has to be asked
    organization_id: str | None = None
    time: datetime | None = None
    topic_name: str | None = None
    value: bytes = b""  # the event's own bytes: the record's value, or its element of an array re-serialised
    path: str = ""  # its place in an array: "" or "[3]"
    cut_down: bool = False  # it lists what may be messages beside those: the whole conversation has to be asked


@dataclass(frozen=True, slots=True)
class Replay:
    """What `dlq replay` names on a task: it passes a dead answer of just this identity and generation."""

    identity: bytes
    generation: int


class AnswerKind(StrEnum):
    """What the ledger knows of an answer."""

    VERDICT = "verdict"  # accepted or rejected; of a message: all of its attachments are answered
    DEAD = "dead"  # could not be judged; a replay of just its generation passes


OF_VERDICT = 0  # the generation under which verdicts are filed; those of dead answers begin with 1


class LedgerEntry(NamedTuple):
    """A tuple: a start makes millions of them, and three times as fast as of a frozen dataclass."""

    identity: bytes  # 16 bytes
    kind: AnswerKind
    generation: int = 0  # of a dead answer: 1, and one more for each replay that failed again


@dataclass(frozen=True, slots=True)
class Task:
    """One event of one conversation, on its way to be judged: a record of the tasks topic."""

    source: Source
    value: bytes | None  # None: larger than the tasks topic takes, or a tombstone
    key: bytes | None = None  # the original record's
    headers: Headers = ()  # the original record's
    value_sha256: str | None = None  # of a value that was too large to be carried
    left_out: frozenset[str] = frozenset()  # "headers", "key": what of the original record was too large as well
    replay: Replay | None = None
    conversation_id: str | None = None  # what a call told, of an event that names only a message
    given_up: tuple[Replay, ...] = ()  # dead letters of what it announces, in the partition that it was moved from
    moves: int = 0  # how often it was written to tasks again under another key
    tried: frozenset[bytes] = frozenset()  # identities of attachments for which only the last try is left
    trace: str | None = None  # the `traceparent` of the intake's span
    taken_ms: int = 0  # the broker's time at which it became a task

    @property
    def taken(self) -> datetime:
        return datetime.fromtimestamp(self.taken_ms / 1000, UTC)

    @property
    def announced(self) -> datetime:
        """When its event was written, as far as that is known: however long it waited to be taken."""
        return min(self.source.time or self.taken, self.taken)
