"""How one attachment ends: accepted, rejected, or a dead letter; and what was seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from consumer.model.nouns import Attachment, Headers, Replay, Source
from consumer.model.reasons import DeadReason, Reason


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an examination saw. The policy decides whether it rejects (`reason`) or only tells."""

    code: Reason
    detail: str = ""  # our own words, bounded, never text out of the file
    rejects: bool | None = None  # what an operator's own rule says about it; None: the policy says


@dataclass(frozen=True, slots=True)
class Facts:
    """What was counted and seen of one attachment, as far as judging came."""

    size: int | None = None
    sha256: str | None = None
    extension_type: str | None = None  # the MIME type that the name's extension stands for
    detected_type: str | None = None
    findings: tuple[Finding, ...] = ()
    flags: tuple[str, ...] = ()  # remarks that never reject: "generic_declared_type", "size_differs", …
    scanned: bool = False
    detectors: Mapping[str, str] = field(default_factory=dict)  # name → version, "libmagic": "5.44"


@dataclass(frozen=True, slots=True)
class Accepted:
    facts: Facts
    storage_uri: str


@dataclass(frozen=True, slots=True)
class Rejected:
    reason: Reason
    detail: str  # a sentence for people, from the policy
    facts: Facts = field(default_factory=Facts)


Verdict = Accepted | Rejected


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with all that its result tells."""

    attachment: Attachment
    verdict: Verdict
    source: Source
    event_time: datetime | None
    decided_at: datetime
    attempts: int
    policy_version: str
    replay: Replay | None = None
    supersedes: Replay | None = None  # the dead letter that its announcement got when Genesys did not know it yet

    @property
    def waited_since(self) -> datetime:
        """The event's own time; else its Kafka record's; else that at which it became a task. None that is yet to come:
        whoever gave it has another clock."""
        known = (self.event_time, self.source.time, self.attachment.announced_at)
        return next((time for time in known if time is not None and time <= self.decided_at), self.decided_at)


class Settled(NamedTuple):
    """The answer that a dead letter rests on: a host's, told in closed words of ours and codes of a bounded form."""

    call: str  # "messages", "download", …; of a file, "file"
    meaning: str  # what the answer was: "answered", "refused", "down", "not_genesys", "no_answer"
    code: str = ""  # the host's own word, or its HTTP status
    correlation_id: str = ""  # what Genesys's support asks for


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What could not be judged: the original record, and why."""

    identity: bytes  # of the attachment, the message, the conversation, or the unreadable bytes
    generation: int  # 1, and one more for each replay that failed again
    reason: DeadReason
    detail: str  # our own sentence
    stage: str  # "decode", "metadata", "inspect"
    attempts: int
    source: Source
    first_at: datetime
    last_at: datetime
    key: bytes | None  # the original record's
    value: bytes | None
    headers: Headers = ()
    conversation_id: str | None = None
    message_id: str | None = None
    attachment_id: str | None = None
    value_sha256: str | None = None  # of a value that was too large for its task to carry
    left_out: frozenset[str] = frozenset()  # as of its task
    settled: Settled | None = None  # None: no answer of a host led to it
