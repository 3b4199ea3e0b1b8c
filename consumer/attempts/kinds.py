"""Which of its answers stay the same: only that is the last word about a piece of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from consumer.errors import Doubtful, NotYet, Refused, Unavailable
from consumer.model import DeadReason, Reason
from consumer.model.heard import Asked


@dataclass(slots=True)
class Said:
    """One kind of answer, since it came first."""

    at: float  # when that was, in seconds of the patience's clock
    heard: int  # … as `heard` counts
    times: int = 0
    counted: int = 0  # each of them known to be this work's own
    heard_last: int = 0  # as `heard` counts: when the last of those came


class FailureKind(NamedTuple):
    """One kind of answer to one call."""

    call: str
    failure: type[Unavailable | Refused]
    said: tuple[str, ...]  # what the host answered, without the id that is another each time
    outcome: Reason | DeadReason | None  # what comes of it

    @classmethod
    def of(cls, asked: Asked, failure: Unavailable | Refused) -> FailureKind:
        said = failure.settled[:3] if failure.settled else ()
        outcome: Reason | DeadReason | None = None
        if isinstance(failure, NotYet):
            outcome = failure.final or failure.dead
        elif isinstance(failure, Doubtful):
            outcome = failure.final
        return cls(asked.call, type(failure), said, outcome)


def retry_after_s(failure: Unavailable | Refused) -> float | None:
    return failure.retry_after_s if isinstance(failure, Unavailable) else None
