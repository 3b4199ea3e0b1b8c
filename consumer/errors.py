"""The failures, as a tree by remedy. A verdict is never one of them: it is a value (`model.Verdict`).

    Failure
    ├── Malformed      nothing can be read here               → dead letter at once
    ├── NotJudged      this one can't be judged, others can   → dead letter at once
    ├── Unavailable    a dependency is away or says "later"   → backoff and try again, behind its gate
    └── Refused        our credentials or settings are wrong  → intake stops, keeps trying slowly

Anything else that is raised is a bug: traceback, dead letter, counted.

No text of a foreign exception goes into these: it can hold a signed link. `detail` is our own sentence.
"""

from consumer.model import Attachment, DeadReason, Dependency, Reason, Settled
from consumer.model.heard import Asked


class Failure(Exception):
    """Something that the service expects to go wrong. `detail` is safe to log and to publish.

    `settled`: what a host said that led to it, for whoever reads the dead letter.
    """

    def __init__(self, detail: str, *, settled: Settled | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.settled = settled


class Malformed(Failure):
    """Bytes that can't be read as an event, or an event without the ids that it must have."""


class NotJudged(Failure):
    """Trying again would not help this task, and others are not affected: its dead letter says `reason`."""

    def __init__(self, reason: DeadReason, detail: str, *, settled: Settled | None = None) -> None:
        super().__init__(detail, settled=settled)
        self.reason = reason


class RefusedAlone(NotJudged):
    """This one was refused, and what cannot exist was not: it is settled once that is said again, some time after. Who
    is not well may refuse one question and answer the next."""


class LastTryAhead(Exception):
    """The workers of a file were ended from outside, all but the last one that it gets: the caller writes that down,
    so that a file which ends this whole process is not begun for ever."""


class Unavailable(Failure):
    """`dependency` did not answer, or somebody else did in its place, or it said "later".

    It proves nothing about what was asked for: it counts against that only once others are answered (`heard`).
    `asked` is the question, None for a piece of work of its own. `retry_after_s` is the host's own word for when.
    `host` is set for a file host that is not one of the region's: such a host has no gate, only patience by the clock.
    `taken_back` is the share of such answers, lately, in place of which a good one came when it was asked again.
    """

    def __init__(
        self,
        dependency: Dependency,
        detail: str,
        *,
        retry_after_s: float | None = None,
        host: str | None = None,
        asked: Asked | None = None,
        settled: Settled | None = None,
    ) -> None:
        super().__init__(detail, settled=settled)
        self.dependency = dependency
        self.retry_after_s = retry_after_s
        self.host = host
        self.asked = asked
        self.taken_back = 0.0


class Doubtful(Unavailable):
    """A file host's answer that may be a portal's or a proxy's. `final` is the verdict once it is known to be about
    this file alone; None: a dead letter."""

    def __init__(
        self,
        detail: str,
        *,
        final: Reason | None,
        asked: Asked,
        host: str | None = None,
        settled: Settled | None = None,
    ) -> None:
        super().__init__(Dependency.FILES, detail, host=host, asked=asked, settled=settled)
        self.final = final


class Strange(Doubtful):
    """A whole body that may be a portal's: it is not what was declared. Once it is known to be about this file alone,
    it is the file, and is judged as it is. `sha256` of it, in lower-case hex. `is_own`: it came for this file the time
    before as well, and for no other."""

    def __init__(self, detail: str, *, asked: Asked, host: str | None, settled: Settled | None, sha256: str) -> None:
        super().__init__(detail, final=None, asked=asked, host=host, settled=settled)
        self.sha256 = sha256
        self.is_own = False


class HostNotAllowed(Unavailable):
    """Genesys's own link leads to `host`, which the settings do not allow: an operator has to look at it."""

    def __init__(self, detail: str, *, host: str) -> None:
        super().__init__(Dependency.FILES, detail, host=host)


class NotYet(Unavailable):
    """The dependency answered, and what was asked for is not there yet: wait and ask again, no gate closes.

    `final` is the verdict when waiting did not help; without one it becomes a dead letter of the reason `dead`. With
    `asked` each of its answers counts only if others' was there since the one before: who is not well may say so of
    everything. `enough`: so many answers are enough, where it is not to be expected that it comes; None: as many as of
    anything.
    """

    def __init__(
        self,
        dependency: Dependency,
        detail: str,
        *,
        final: Reason | None = None,
        dead: DeadReason = DeadReason.UNAVAILABLE,
        asked: Asked | None = None,
        enough: int | None = None,
        settled: Settled | None = None,
    ) -> None:
        super().__init__(dependency, detail, asked=asked, settled=settled)
        self.final = final
        self.dead = dead
        self.enough = enough


ENOUGH_OF_OLD = 3


def not_there(
    dependency: Dependency, detail: str, attachment: Attachment, asked: Asked | None, settled: Settled | None
) -> NotYet:
    """Of a file that `dependency` says is not there. A new one may be on its way, and only new ones show whether they
    come; an old one is there or gone, and a few answers apart in time tell."""
    young = attachment.is_young
    return NotYet(
        dependency,
        detail,
        final=Reason.NO_LONGER_AVAILABLE,
        asked=asked.of_new if young and asked else asked,
        enough=None if young else ENOUGH_OF_OLD,
        settled=settled,
    )


class Incomplete(NotYet):
    """What was asked for is there, and not yet all that was announced of it."""


class Throttled(Unavailable):
    """The dependency answers, and asks us to slow down: a wait of `retry_after_s`, which counts as no attempt."""


class Refused(Failure):
    """`dependency` will not serve us as we are set up; `detail` says what exactly is missing. `asked` as above."""

    def __init__(
        self, dependency: Dependency, detail: str, *, asked: Asked | None = None, settled: Settled | None = None
    ) -> None:
        super().__init__(detail, settled=settled)
        self.dependency = dependency
        self.asked = asked
