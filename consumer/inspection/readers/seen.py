"""What the readers of one format hand back, and the bounds they all keep to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from consumer.model import Finding, Reason

MIB = 1024 * 1024
UNQUESTIONED = 16 * MIB  # bytes that any file may inflate to, however small it is


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may hold before it rejects: judgement, so the policy sets each, up to what is safe (`SAFE`).

    Far above what real files need (measured: ratio 71, 16 MB, 143 entries), far below what hurts.
    """

    pages: int = 100_000  # of a document
    picture: int = 512 * MIB  # bytes that its pixels decode to: the largest phone cameras make 108 million pixels
    expansion: int = 200 * 1000 * 1000  # bytes that all parts inflate to, those of nested archives included
    ratio: int = 100  # inflated : file
    entries: int = 2_000  # of archives, nested ones included
    nesting: int = 2  # archives inside archives: a chart's workbook in a presentation in a document

    def inflation(self, size: int) -> int:
        """Bytes that a file of `size` bytes may inflate to."""
        return min(self.expansion, max(UNQUESTIONED, self.ratio * size))


SAFE = Limits(pages=100_000, picture=1024 * MIB, expansion=400 * 1000 * 1000, ratio=1_000, entries=5_000, nesting=4)
"""The most that a policy may set: what an examination can do in its time and memory, whatever anybody thinks."""


class TooMuch(Exception):
    """A limit is reached; the text says which, in our own words."""


PER_BYTE = 52  # of a large file, what may be spent on each
PLACE = 4096  # to be spent for a closer look at one of many places


@dataclass(slots=True)
class Work:
    """What one examination may cost, in bytes that are read, searched or inflated, each as often as it is.

    Hostile files are small and dear: whoever does something for each of many places has to pay for each of them.
    """

    left: int = 512 * 1024 * 1024

    @classmethod
    def of(cls, size: int) -> Work:
        """In proportion for files that are larger than the shipped policy lets in."""
        return cls(max(cls().left, PER_BYTE * size))

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise TooMuch("examining it costs more than any real file does")


class Inside(Protocol):
    """Examines a file that stands in another one, as if it had come by itself, on the same budget of work."""

    def __call__(self, data: bytes, name: str, declared: str) -> Seen: ...


def _examined_alone(data: bytes, name: str, declared: str) -> Seen:
    raise TooMuch("a file inside can't be looked into here")


@dataclass(slots=True)
class Seen:
    """Collects what an examination sees. Findings and flags keep their order and come once each."""

    detected_type: str | None = None
    findings: list[Finding] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    pages: int = 0  # of a document
    loose: list[bytes] = field(default_factory=list)  # heads of what belongs to no part and is of no format known here
    work: Work = field(default_factory=Work)
    inside: Inside = _examined_alone

    def find(self, code: Reason, detail: str) -> None:
        finding = Finding(code, detail)
        if finding not in self.findings and len(self.findings) < 40:
            self.findings.append(finding)

    def flag(self, name: str) -> None:
        if name not in self.flags and len(self.flags) < 40:
            self.flags.append(name)

    def has(self, code: Reason) -> bool:
        return any(finding.code is code for finding in self.findings)


class Unreadable(Exception):
    """The bytes are not built as their format requires; the text says how, in our own words."""
