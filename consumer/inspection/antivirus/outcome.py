"""What every scanner's answer becomes, and how its failures are told: never in its own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from consumer.errors import Refused, Unavailable
from consumer.model import Dependency, Facts, Finding, Reason


class Scanned(Protocol):
    """What is scanned: a body's bytes."""

    def chunks(self) -> Iterator[bytes]: ...


def scanned(facts: Facts, detectors: dict[str, str], finding: Finding | None) -> Facts:
    """`facts` with what a scanner found, and who it is. What it did not look at in full does not count as scanned."""
    return replace(
        facts,
        scanned=finding is None or finding.code is not Reason.SCAN_LIMIT_EXCEEDED,
        findings=facts.findings if finding is None else (*facts.findings, finding),
        detectors={**facts.detectors, **detectors},
    )


def printable(text: str) -> str:
    """Names of signatures and versions, short and of harmless characters."""
    return re.sub(r"[^A-Za-z0-9 ._:/+-]", "?", text)[:100]


def unknown(who: str) -> Refused:
    return Refused(Dependency.ANTIVIRUS, f"what answers at ANTIVIRUS__ADDRESS is no {who}")


def away(who: str, what: str) -> Unavailable:
    return Unavailable(Dependency.ANTIVIRUS, f"{who}: {what}")
