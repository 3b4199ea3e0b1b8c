"""What is seen in a file, and what the shipped policy says to it."""

from __future__ import annotations

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.policy.policy import Policy
from consumer.inspection.readers.seen import Seen
from consumer.model import Facts, Reason
from tests.inspection.files import attachment

POLICY = Policy.load()
DETECTOR = Detector()


def seen(data: bytes) -> Seen:
    return examine(data, DETECTOR)


def codes(data: bytes) -> set[Reason]:
    return {finding.code for finding in seen(data).findings}


def reason(data: bytes, name: str = "a.docx") -> Reason | None:
    """None: accepted under that name."""
    found = seen(data)
    facts = Facts(size=len(data), detected_type=found.detected_type, findings=tuple(found.findings))
    return POLICY.decide(attachment(name), facts)
