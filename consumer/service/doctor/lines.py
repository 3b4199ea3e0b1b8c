"""One line of what was looked at: what was tried, what came, and what to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import anyio

from consumer.errors import Failure, NotJudged, Refused


class Outcome(StrEnum):
    FINE = "fine"
    WARNING = "warning"  # it works, and is rarely meant
    WRONG = "wrong"  # an operator has to change something
    AWAY = "away"  # a service does not answer: waiting may help
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class CheckLine:
    check: str  # a stable name: "kafka.tls"
    outcome: Outcome
    tried: str
    came: str
    remedy: str = ""  # what to do; "" where all is fine


def not_checked(check: str, tried: str, why: str, remedy: str) -> CheckLine:
    """`remedy`: how it is looked at after all."""
    return CheckLine(check, Outcome.NOT_CHECKED, tried, f"because {why}", remedy)


async def tried_line(
    check: str, tried: str, work: Callable[[], Awaitable[CheckLine | str]], *, until: float, remedy: str
) -> CheckLine:
    """What came of the work: its own line, or what it tells when all is fine. A failure is told in its own words, with
    `remedy`.

    `until`: the deadline, by the clock of the event loop.
    """
    try:
        with anyio.fail_after(until - anyio.current_time()):
            came = await work()
    except Failure as failure:
        wrong = isinstance(failure, Refused | NotJudged)
        return CheckLine(check, Outcome.WRONG if wrong else Outcome.AWAY, tried, failure.detail, remedy)
    except TimeoutError:
        return CheckLine(check, Outcome.AWAY, tried, "no answer in time", remedy)
    return came if isinstance(came, CheckLine) else CheckLine(check, Outcome.FINE, tried, came)
