"""What has to hold for every input. What it costs is counted, not timed: no busy machine is a finding."""

from __future__ import annotations

import re
from dataclasses import replace

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.policy.policy import Policy
from consumer.inspection.readers.seen import Seen
from consumer.inspection.readers.table import FORMATS, READABLE
from consumer.model import Attachment, Facts, Reason

POLICY = Policy.load()
LIMITS = replace(POLICY.limits, types=tuple(sorted(READABLE)))
CLAIMS = ("", *sorted(row.name for row in FORMATS if row.text))
"""What an input is said to be, by its length: of texts nothing else tells which reader looks at them."""
ATTACHMENT = Attachment("fuzz", "fuzz", "fuzz", "id:fuzz")
_MIME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")


class Broken(AssertionError):
    """An input for which a promise does not hold; the text says which."""


def check(data: bytes, detector: Detector, claimed: str | None = None) -> Seen:
    """What an examination saw of `data`. `Broken` if it went on for more than it may cost, or said what a worker may
    not say."""
    seen = look(data, detector, claimed)
    if seen.work.left < 0 and not seen.has(Reason.ARCHIVE_LIMITS):
        raise Broken("it costs too much, and no word of it")
    if seen.detected_type is None and not seen.has(Reason.UNDETECTABLE):
        raise Broken("no type, and no word why")
    if seen.detected_type is not None and not _MIME.fullmatch(seen.detected_type):
        raise Broken("its type is none")
    if not all(len(f.detail) <= 200 and f.detail.isprintable() for f in seen.findings) or len(seen.findings) > 40:
        raise Broken("a finding is too long or not printable")
    facts = Facts(size=len(data), detected_type=seen.detected_type, findings=tuple(seen.findings))
    reason = POLICY.decide(ATTACHMENT, facts)
    if reason is None and seen.detected_type not in POLICY.types:
        raise Broken("accepted a type that is not allowed")
    return seen


def look(data: bytes, detector: Detector, claimed: str | None = None) -> Seen:
    return examine(data, detector, LIMITS, claimed=CLAIMS[len(data) % len(CLAIMS)] if claimed is None else claimed)


def behaviour(seen: Seen) -> tuple[object, ...]:
    """Two inputs of one behaviour teach the same."""
    details = (re.sub(r"\d+", "n", finding.detail) for finding in seen.findings)
    return (seen.detected_type, tuple(sorted(details)), tuple(sorted(seen.flags)))
