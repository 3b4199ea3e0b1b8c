"""The failures, as a tree by remedy. A verdict is never one of them: it is a value (`model.Verdict`).

    Failure
    ├── Malformed      nothing can be read here               → dead letter at once
    ├── NotJudged      this one can't be judged, others can   → dead letter at once
    ├── Unavailable    a dependency is away or says "later"   → backoff and try again, behind its gate
    └── Refused        our credentials or settings are wrong  → intake stops, keeps trying slowly

Anything else that is raised is a bug: traceback, dead letter, counted.

No text of a foreign exception goes into these: it can hold a signed link. `detail` is our own sentence.
"""

from consumer.model import DeadReason, Dependency, Reason


class Failure(Exception):
    """Something that the service expects to go wrong. `detail` is safe to log and to publish."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Malformed(Failure):
    """Bytes that can't be read as an event, or an event without the ids that it must have."""


class NotJudged(Failure):
    """Trying again would not help this task, and others are not affected: its dead letter says `reason`."""

    def __init__(self, reason: DeadReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Unavailable(Failure):
    """`dependency` did not answer, or said "later"; `retry_after_s` is its own word for when, if it gave one.

    `host` is set for a file host that is not one of the region's: such a host has no gate, only patience by the clock.
    """

    def __init__(
        self, dependency: Dependency, detail: str, *, retry_after_s: float | None = None, host: str | None = None
    ) -> None:
        super().__init__(detail)
        self.dependency = dependency
        self.retry_after_s = retry_after_s
        self.host = host


class NotYet(Unavailable):
    """The dependency answered, and what was asked for is not there yet: wait and ask again, no gate closes.

    `final` is the verdict when waiting did not help; without one it becomes a dead letter of the reason `dead`.
    """

    def __init__(
        self,
        dependency: Dependency,
        detail: str,
        *,
        final: Reason | None = None,
        dead: DeadReason = DeadReason.UNAVAILABLE,
        retry_after_s: float | None = None,
        host: str | None = None,
    ) -> None:
        super().__init__(dependency, detail, retry_after_s=retry_after_s, host=host)
        self.final = final
        self.dead = dead


class Throttled(Unavailable):
    """The dependency answers, and asks us to slow down: a wait of `retry_after_s`, which counts as no attempt."""


class Refused(Failure):
    """`dependency` will not serve us as we are set up; `detail` says what exactly is missing."""

    def __init__(self, dependency: Dependency, detail: str) -> None:
        super().__init__(detail)
        self.dependency = dependency
