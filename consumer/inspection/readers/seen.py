"""What the readers of one format hand back, and the bounds they all keep to."""

from __future__ import annotations

from dataclasses import dataclass, field

from consumer.model import Finding, Reason


@dataclass(frozen=True, slots=True)
class Limits:
    """Far above what real files need (measured: ratio 71, 16 MB, 143 entries), far below what hurts."""

    ratio: int = 100  # inflated : file
    unquestioned: int = 16 * 1024 * 1024  # bytes that any file may inflate to, however small it is
    inflated: int = 200 * 1000 * 1000  # bytes, nested archives included
    entries: int = 2_000  # nested archives included
    nesting: int = 2  # archives inside archives: a chart's workbook in a presentation in a document
    pixels: int = 120_000_000  # the largest phone cameras have 108 million
    pixels_per_byte: int = 200  # above `pixels_unquestioned`: a picture that is nearly nothing but size
    pixels_unquestioned: int = 50_000_000

    def inflation(self, size: int) -> int:
        """Bytes that a file of `size` bytes may inflate to."""
        return min(self.inflated, max(self.unquestioned, self.ratio * size))


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


@dataclass(slots=True)
class Seen:
    """Collects what an examination sees. Findings and flags keep their order and come once each."""

    detected_type: str | None = None
    findings: list[Finding] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    loose: list[bytes] = field(default_factory=list)  # heads of what belongs to no part and is of no format known here
    work: Work = field(default_factory=Work)

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
