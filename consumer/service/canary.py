"""A known good and a known bad file, sent through worker and antivirus every minute and never published.

At night, without traffic, nothing else would tell that a reader has gone blind or that a scanner sees nothing.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Protocol

import anyio

from consumer.download.body import PIECE, Body, Spool
from consumer.errors import Failure
from consumer.inspection.inspect import Antivirus, Examiner
from consumer.inspection.policy.policy import Policy
from consumer.model import Attachment, Condition, Facts, Reason

EVERY_S = 60.0
LATE_S = 60.0
LARGEST_EVERY = 30  # rounds: the largest body costs a scanner a second of its time

TEST_SIGNATURE = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""Of EICAR, which every antivirus knows. In two parts, so that none of them takes this file away."""


class Reports(Protocol):
    def begin(self, condition: Condition, detail: str = "", about: str = "") -> None: ...
    def end(self, condition: Condition, about: str = "") -> None: ...
    def signatures_of(self, day: datetime | None) -> None:
        """Of what day the antivirus's signatures are; None: it does not tell."""


class Canary:
    def __init__(
        self, examiner: Examiner, antivirus: Antivirus | None, policy: Callable[[], Policy], reports: Reports
    ) -> None:
        self._examiner, self._antivirus, self._policy, self._reports = examiner, antivirus, policy, reports
        self._largest = 0  # bytes of the largest body that was sent last
        self._largest_missed: str | None = None
        self._rounds = 0

    async def run(self, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Until cancelled."""
        while True:
            await self.fly()
            await sleep(EVERY_S)

    async def fly(self) -> None:
        """One round."""
        with anyio.move_on_after(LATE_S) as scope:
            self._say(Condition.CANARY_WRONG, await self._judged_wrongly())
            self._say(Condition.SCANNER_BLIND, await self._not_seen())
        late = f"no answer in {LATE_S:.0f} s" if scope.cancelled_caught else None
        self._say(Condition.CANARY_LATE, late)

    def _say(self, condition: Condition, detail: str | None) -> None:
        if detail is None:
            self._reports.end(condition)
        else:
            self._reports.begin(condition, detail)

    async def _judged_wrongly(self) -> str | None:
        """By policy the bad one is what it can never let in: a program that is called a picture."""
        with Body.of(picture()) as body:
            good = await self._examiner.examine(body, _named("canary.png"))
        if by_rule := next((finding for finding in good.findings if finding.rejects), None):
            return f"a good picture is rejected by your own rules: {by_rule.detail}"
        if good.detected_type != "image/png" or any(finding.rejects is None for finding in good.findings):
            return f"a good picture is taken for {good.detected_type or 'nothing that is known'}"
        attachment = _named("canary.png")
        with Body.of(program()) as body:
            bad = await self._examiner.examine(body, attachment)
        policy = self._policy()
        if policy.decide(attachment, policy.marked(policy.as_claimed(attachment, bad))) is None:
            return "a program that is called a picture is let in"
        return None

    async def _not_seen(self) -> str | None:
        """What the antivirus does not find; None as well when it is away, which its gate tells."""
        antivirus = self._antivirus
        if antivirus is None:
            return None
        try:
            for what, content in (("bare", TEST_SIGNATURE), ("in a PDF", document(TEST_SIGNATURE))):
                with Body.of(content) as body:
                    facts = await antivirus.scan(body, Facts())
                    self._reports.signatures_of(_day_of(facts))
                    if not _found(facts):
                        return f"the test signature {what} is not found"
            return await self._largest_not_seen(antivirus)
        except Failure:
            return None

    async def _largest_not_seen(self, antivirus: Antivirus) -> str | None:
        size = self._policy().largest
        due = size != self._largest or self._rounds % LARGEST_EVERY == 0
        self._rounds += 1
        if due:
            with await anyio.to_thread.run_sync(_spooled, _at_the_end(TEST_SIGNATURE, size)) as body:
                found = _found(await antivirus.scan(body, Facts()))
            missed = f"the test signature at the end of {size} bytes, which the policy lets in, is not found"
            self._largest, self._largest_missed = size, None if found else missed
        return self._largest_missed


def _found(facts: Facts) -> bool:
    return any(finding.code is Reason.INFECTED for finding in facts.findings)


def _day_of(facts: Facts) -> datetime | None:
    """The oldest day that a scanner names for its signatures: `27800 of 2026-11-23`."""
    told = (version for name, version in facts.detectors.items() if name.endswith("_signatures"))
    days = [version.rpartition(" of ")[2] for version in told]
    return min((datetime.fromisoformat(day).replace(tzinfo=UTC) for day in days), default=None)


def _named(name: str) -> Attachment:
    return Attachment("canary", "canary", None, None, name=name, declared_type="image/png")


def _spooled(pieces: Iterator[bytes]) -> Body:
    with Spool() as spool:
        for piece in pieces:
            spool.write(piece)
        return spool.seal()


def _at_the_end(content: bytes, size: int) -> Iterator[bytes]:
    before = max(size - len(content), 0)
    for start in range(0, before, PIECE):
        yield bytes(min(PIECE, before - start))
    yield content


def picture() -> bytes:
    """A PNG of one pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    out = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")):
        out += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return out


def program() -> bytes:
    """The beginning of a program for Windows, which does nothing."""
    stub = b"MZ" + bytes(58) + struct.pack("<I", 64)
    header = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 0, 0, 0, 0, 0, 0x22)
    return stub + header + bytes(512)


def document(content: bytes) -> bytes:
    """A PDF with `content` as an attached file, compressed as PDFs have it."""
    packed = zlib.compress(content)
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        b"<< /Type /Filespec /F (a) /EF << /F 5 0 R >> >>",
        b"<< /Type /EmbeddedFile /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (len(packed), packed),
    )
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + end
