"""What is shown of processes. Terminal, page and JSON render this, and nothing else.

Nothing here is an id, and no name but the addresses that somebody typed and the details of conditions; the status page
is given neither of the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["accepted", "rejected", "dead letters"]


@dataclass(frozen=True, slots=True)
class Process:
    name: str
    state: str  # "ready", "waiting", "starting", "stopped"; "away": it does not answer; "unknown": `/readyz` doesn't
    problem: str  # why it does not answer
    version: str
    up_s: float | None
    cpu_share: float | None  # of one processor, without its workers
    memory_bytes: float | None
    spare_per_s: float | None  # attachments that it could still take; None while it is not known
    spare_by: str  # what would be used up first


@dataclass(frozen=True, slots=True)
class ShownCondition:
    """A condition that holds."""

    process: str
    condition: str
    effect: str  # "stops", "waits", "warns"
    sentence: str
    remedy: str
    since: float | None  # seconds since the epoch
    about: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    verdict: Verdict
    reason: str  # "" for all of the verdict
    per_s: float
    total: float  # since the processes began


@dataclass(frozen=True, slots=True)
class LimitUse:
    process: str
    what: str
    taken: float
    most: float
    unit: Literal["", "bytes"]

    @property
    def share(self) -> float:
        return min(self.taken / self.most, 1.0)


@dataclass(frozen=True, slots=True)
class Partition:
    process: str
    loop: Literal["events", "tasks"]
    partition: int
    lag: float | None  # None: not known
    waits_s: float | None  # since when its first unanswered record came; None: not known
    uncommitted: float
    window: float
    outbox_bytes: float
    outbox_budget: float


@dataclass(frozen=True, slots=True)
class KindCost:
    """What examining files of one kind costs."""

    kind: str
    files_bytes: float
    cpu_s: float

    @property
    def cpu_s_per_mb(self) -> float | None:
        """None below 1 MB: what each file costs, however small, would stand for what its bytes do."""
        return self.cpu_s / (self.files_bytes / 1e6) if self.files_bytes >= 1e6 else None


@dataclass(frozen=True, slots=True)
class View:
    at: float
    over_s: float  # what the rates are means of
    processes: tuple[Process, ...]
    conditions: tuple[ShownCondition, ...]
    counts: tuple[Count, ...]
    half_within_s: float | None  # from event to answer, of those answered meanwhile; None: there were none
    nearly_all_within_s: float | None  # 99 of 100
    calls_per_attachment: float | None
    open_letters: float | None  # None: no ledger was read yet
    oldest_letter_s: float
    limits: tuple[LimitUse, ...]
    partitions: tuple[Partition, ...]
    kinds: tuple[KindCost, ...]
