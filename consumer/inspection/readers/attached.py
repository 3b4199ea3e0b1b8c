"""A file inside another one: in a mail, in a contact, in an archive. Judged as if it had been sent by itself."""

from __future__ import annotations

from consumer.inspection.readers.programs import is_program
from consumer.inspection.readers.seen import Limits, Seen
from consumer.model import Reason

HEAD = 4096


def judge(name: str, declared: str, content: bytes, seen: Seen, limits: Limits) -> Seen:
    """What is seen in it; what would reject it is found in the file that carries it as well."""
    inner = seen.inside(content, name, declared)
    if is_program(content[:HEAD], name):
        seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached")
    for finding in inner.findings:
        seen.find(finding.code, finding.detail)
    return inner
