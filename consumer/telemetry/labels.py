"""The values that labels have, where they are no enumeration of the model; and where one partition stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Loop = Literal["intake", "stream", "notify"]
Proof = Literal["kafka", "login", "storage", "confinement"]
Noise = Literal[
    "heartbeat",
    "receipt",
    "event_message",
    "no_attachment",
    "no_value",
    "empty_batch",
    "other_media",
    "other_topic",
    "no_longer_subscribed",
    "socket_closing",
    "guest_session",
    "bookkeeping",
    "not_looked_up",
]
Skipped = Literal["outbound", "link", "answered", "beyond_horizon"]
Stage = Literal["metadata", "fetch", "examine", "scan", "store", "commit"]
LoopWork = Literal[
    "intake", "stream", "notify", "metadata", "fetch", "examine", "scan", "store", "commit", "other"
]  # fmt: skip
Transacted = Literal["committed", "failed"]
RebuildCause = Literal["fenced", "refused", "distrusted", "timeout", "failed"]
ApiCall = Literal[
    "token",
    "probe",
    "conversation",
    "message",
    "details",
    "messages",
    "media",
    "download",
    "analytics",
    "notify",
]
ApiStatus = Literal["2xx", "3xx", "400", "401", "403", "404", "409", "429", "4xx", "5xx", "none"]
WorkerEnd = Literal["budget", "filter", "crash", "babble", "outside", "deadline", "cancelled", "overtaken"]
Confined = Literal["full", "seccomp", "none"]
ReaderException = Literal[
    "MemoryError", "RecursionError", "ValueError", "IndexError", "KeyError", "TypeError", "AttributeError",
    "AssertionError", "OverflowError", "ZeroDivisionError", "UnicodeError", "LookupError", "OSError", "ImportError",
    "struct.error", "zlib.error", "another exception",
]  # fmt: skip
OddEntry = Literal["nothing", "answer", "forgery"]
Signed = Literal["ledger", "tasks"]  # the topics whose records are signed
SpanFate = Literal["ended", "taken"]
Notification = Literal["sent", "failed", "skipped"]
Slots = Literal["tasks", "resting", "downloads", "calls", "workers", "scans"]
Memory = Literal["tasks", "files"]
Limit = Literal["tasks", "resting", "downloads", "calls", "workers", "scans", "memory", "rate", "cpu"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one tasks partition stands."""

    uncommitted: int  # offsets taken above the committed one
    outbox_bytes: int  # of answers that wait for the next commit
    oldest_at: float | None  # when the oldest task that is not committed was taken, by `time.monotonic`
    ledger_entries: int
    open_dead_letters: int  # without a verdict, and not replayed
    oldest_dead_at: float | None  # when the first of them came to be, in seconds since the epoch


def status_label(status: int | None) -> ApiStatus:
    """The statuses that mean something to us by themselves, the rest by class; "none" when nobody answered."""
    match status:
        case None:
            return "none"
        case 400 | 401 | 403 | 404 | 409 | 429:
            return _NAMED[status]
        case _ if status < 300:
            return "2xx"
        case _ if status < 400:
            return "3xx"
        case _ if status < 500:
            return "4xx"
        case _:
            return "5xx"


_NAMED: dict[int, ApiStatus] = {400: "400", 401: "401", 403: "403", 404: "404", 409: "409", 429: "429"}
