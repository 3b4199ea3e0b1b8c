"""What `scan --explain` shows: each finding with its place, the bytes there, and who would act on them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from consumer.inspection.inspect import Body
from consumer.inspection.readers.openers import OPENERS, RULES
from consumer.inspection.readers.seen import Evidence
from consumer.inspection.workers.pool import Workers
from consumer.model import Attachment, Facts, Reason

SHOWN, A_LINE = 32, 16  # bytes


@dataclass(frozen=True, slots=True)
class ExplainedFinding:
    """One finding, with the bytes that begin at its place."""

    evidence: Evidence
    there: bytes

    def as_json(self) -> dict[str, Any]:
        finding = self.evidence.finding
        return {
            "code": finding.code.value,
            "detail": finding.detail,
            "at": self.evidence.at,
            "hex": self.there.hex(" ") if self.there else None,
            "printable": _printable(self.there) if self.there else None,
            "opener": opener(self.evidence.opener),
        }

    def lines(self) -> Iterator[str]:
        finding, at = self.evidence.finding, self.evidence.at
        yield f"  {finding.code}: {finding.detail}"
        if at is None:
            yield "    in no single place of the file"
        else:
            yield f"    at byte {at}:"
            for begin in range(0, len(self.there), A_LINE):
                line = self.there[begin : begin + A_LINE]
                yield f"    {at + begin:08x}  {line.hex(' '):<{3 * A_LINE - 1}}  |{_printable(line)}|"
        yield from opener_lines(self.evidence.opener)


class Explaining:
    """Examines for the inspector, and keeps what the last file's findings were seen by."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._seen: tuple[ExplainedFinding, ...] = ()

    async def examine(self, body: Body, attachment: Attachment) -> Facts:
        facts, evidence = await self._workers.explain(body, attachment)
        self._seen = tuple(
            ExplainedFinding(found, b"" if found.at is None else os.pread(body.fileno(), SHOWN, found.at))
            for found in evidence
        )
        return facts

    def take(self) -> tuple[ExplainedFinding, ...]:
        """Of the file that was examined since the last time; nothing if none was."""
        seen, self._seen = self._seen, ()
        return seen


def rule_of(reason: str) -> str:
    """The key of who acts on files that are rejected for this; "" where it is nobody in particular."""
    return RULES.get(Reason(reason), "")


def opener(key: str) -> dict[str, str] | None:
    """`None` for what only tells."""
    found = OPENERS.get(key)
    if found is None:
        return None
    return {"program": found.program, "step": found.step.value, "acts": found.acts, "source": found.source}


def opener_lines(key: str) -> Iterator[str]:
    if told := opener(key):
        yield f"    opener: {told['program']} ({told['step']}), which {told['acts']}"
        yield f"    source: {told['source']}"


def _printable(there: bytes) -> str:
    """One character a byte, of ASCII that steers nothing."""
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in there)
