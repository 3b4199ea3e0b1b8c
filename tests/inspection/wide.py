"""What a policy says that lets in every type with a reader: for the types that the shipped one leaves out."""

from __future__ import annotations

from consumer.inspection.examination import examine
from consumer.inspection.policy.extensions import claimed_type
from consumer.inspection.policy.model import AllowedType
from consumer.inspection.readers.seen import Seen
from consumer.inspection.readers.table import READABLE
from consumer.model import Facts, Reason
from tests.inspection.files import archive, attachment, pdf, program
from tests.inspection.judging import DETECTOR, POLICY

WIDE = POLICY.model_copy(update={"types": dict.fromkeys(READABLE | {"text/plain"}, AllowedType(size=10 << 20))})

FOREIGN = {
    "program": program(),
    "zip": archive({"a.txt": b"hello"}),
    "pdf": pdf(),
    "rar": b"Rar!\x1a\x07\x00\xcf\x90s\0\0\r" + bytes(7) + b"\x5a\x8at \x90\x20\0" + bytes(20) + b"a",
}
"""Second formats that a program opens wherever they stand, in bytes that belong to no text."""


def seen(data: bytes, name: str) -> Seen:
    return examine(data, DETECTOR, WIDE.limits, claimed=claimed_type(name, None) or "")


def reason(data: bytes, name: str) -> Reason | None:
    """None: accepted under that name."""
    found = seen(data, name)
    facts = Facts(size=len(data), detected_type=found.detected_type, findings=tuple(found.findings))
    return WIDE.decide(attachment(name), facts)


def codes(data: bytes, name: str) -> set[Reason]:
    return {finding.code for finding in seen(data, name).findings}


def cuts(data: bytes) -> list[bytes]:
    """The file cut off at every 1/64 of it."""
    return [data[: len(data) * part // 64] for part in range(1, 64)]
