"""What the readers of one format hand back, and the bounds they all keep to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from consumer.inspection.readers.marks import Marks
from consumer.inspection.readers.openers import RULES
from consumer.inspection.readers.pdf.words import PdfWords
from consumer.model import Finding, Reason
from consumer.model.units import MIB

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
    nesting: int = 3  # documents inside documents: a workbook in slides in a report in a letter
    types: tuple[str, ...] = ()  # that the policy lets in: members of an archive have to be of one

    def inflation(self, size: int) -> int:
        """Bytes that a file of `size` bytes may inflate to."""
        return min(self.expansion, max(UNQUESTIONED, self.ratio * size))


SAFE = Limits(pages=100_000, picture=1024 * MIB, expansion=400 * 1000 * 1000, ratio=1_000, entries=5_000, nesting=4)
"""The most that a policy may set: what an examination can do in its time and memory, whatever anybody thinks."""


LARGEST_FILE = 100 * MIB  # whatever a policy says


def most_kept(size: int) -> int:
    """Bytes of one file inside a file of `size` bytes that are kept to be judged."""
    return max(8 * MIB, size)


class TooMuch(Exception):
    """A limit is reached; the text says which, in our own words."""


MOST_ARCHIVES = 1  # inside each other
MOST_FINDINGS = 40  # and flags
ANY, MOST = 64 * MIB, 512 * MIB  # what may be spent on a file however small it is, and on one up to 10 MiB
PER_BYTE, PER_SMALL_BYTE = 52, 384  # of a large file what may be spent on each, and of a small one, which inflates more
FEW_PARTS, A_PART = 20_000, 32  # that any file may have, and bytes of a larger one for each more
PLACE = 4096  # to be spent for a closer look at one of many places


@dataclass(slots=True)
class Work:
    """What one examination may cost, in bytes that are read, searched or inflated, each as often as it is.

    Hostile files are small and dear: whoever does something for each of many places has to pay for each of them.
    """

    left: int = MOST
    steps: int = FEW_PARTS
    place: int | None = None  # of the part of the examined file that is looked into now
    _marks: Marks | None = None  # of the data that was searched last
    _words: list[PdfWords] = field(default_factory=list)  # likewise of the last ones of a PDF
    _objects: tuple[bytes, dict[bytes, int]] | None = None  # likewise

    @classmethod
    def of(cls, size: int) -> Work:
        """In proportion to the size: a small file has no reason to be dear. (Measured: real files need at most 121
        times their size, and 2.5 times what they inflate to.)"""
        return cls(max(min(MOST, ANY + PER_SMALL_BYTE * size), PER_BYTE * size), FEW_PARTS + size // A_PART)

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise TooMuch("examining it costs more than any real file does")

    def step(self, cost: int) -> None:
        """To the next of many parts, which costs the same however short it is."""
        self.steps -= 1
        if self.steps < 0:
            raise TooMuch("it has more parts than any real file")
        self.spend(cost)

    def marks(self, data: bytes, of_files: bool = False) -> Marks:
        """Those of `data`, searched once however often they are asked for. `of_files`: whoever asks needs no others."""
        known = self._marks
        if known is None or known.data is not data:
            self._marks = known = Marks(data, self.spend, of_files)
        elif known.of_files and not of_files:
            known.find_markup(self.spend)
        return known

    def places_of(self, mark: bytes, data: bytes) -> Iterable[int] | None:
        """Those of one mark that is no markup, if `data` was searched."""
        known = self._marks
        return known.at(mark) if known is not None and known.data is data else None

    def words(self, data: bytes) -> PdfWords:
        """Those of a PDF's `data`, searched once: the file itself is asked for between parts of it."""
        for words in self._words:
            if words.data is data:
                return words
        self._words = [*self._words[:1], PdfWords(data, self.spend)]
        return self._words[-1]

    def objects(self, data: bytes, listed: Callable[[bytes, Work], dict[bytes, int]]) -> dict[bytes, int]:
        """Those of `data`, `listed` once however often they are asked for."""
        if self._objects is None or self._objects[0] is not data:
            self._objects = data, listed(data, self)
        return self._objects[1]


class Others(Protocol):
    """What a reader asks about other files and types. It gets this, since the table of types names the readers."""

    def examine(self, data: bytes, name: str, declared: str) -> Seen:
        """A file that stands in this one, as if it had come by itself, on the same budget of work."""

    def begins_like(self, data: bytes) -> str | None:
        """The type whose reader would look at these bytes."""

    def behind_picture(self, data: bytes, work: Work) -> int | None:
        """Where the picture that `data` begins with ends: with `data` if it has no end; None if there is none."""

    def fits(self, extension: str, kind: str) -> bool:
        """Whether a name with this extension goes with a type."""


@dataclass(slots=True)
class ExpansionBudget:
    """What may still be inflated and listed. One for a file with all the files in it."""

    inflated: int  # bytes
    entries: int

    @classmethod
    def of(cls, size: int, limits: Limits) -> ExpansionBudget:
        return cls(limits.inflation(size), limits.entries)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a finding was seen and who would act on it. For whoever asks why; results do not hold it."""

    finding: Finding
    at: int | None  # bytes from the beginning of the examined file; None where it is no single place of that
    opener: str  # a key of `openers.OPENERS`; "" for what only tells


@dataclass(slots=True)
class Seen:
    """Collects what an examination sees. Findings and flags keep their order and come once each."""

    detected_type: str | None = None
    findings: list[Finding] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    pages: int = 0  # of a document
    loose: list[bytes] = field(default_factory=list)  # heads of what belongs to no part and is of no format known here
    work: Work = field(default_factory=Work)
    budget: ExpansionBudget | None = None
    documents: int = 0  # inside each other, this one included
    archives: int = 0  # as well
    depth: int = 0  # files of any kind inside each other
    evidence: list[Evidence] = field(default_factory=list)  # one for each finding
    _others: Others | None = None

    def find(self, code: Reason, detail: str, at: int | None = None, opener: str = "") -> None:
        """`at`: where in the file it is seen, `opener`: the key of who acts on it, where its rule has several."""
        finding = Finding(code, detail)
        if finding not in self.findings and len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)
            where = self.work.place if at is None or self.depth else at  # a place in an inner file is none in this one
            self.evidence.append(Evidence(finding, where, opener or RULES.get(code, "")))

    def find_all(self, other: Seen) -> None:
        """What was found by the way, with its places."""
        for found in other.evidence:
            self.find(found.finding.code, found.finding.detail, found.at, found.opener)

    def enter(self, at: int | None) -> None:
        """What is found from now on is in the part of the file that begins there, where no closer place is told."""
        if not self.depth:
            self.work.place = at

    def flag(self, name: str) -> None:
        if name not in self.flags and len(self.flags) < MOST_FINDINGS:
            self.flags.append(name)

    @property
    def others(self) -> Others:
        if self._others is None:
            raise TooMuch("other files can't be looked into here")
        return self._others

    @others.setter
    def others(self, others: Others) -> None:
        self._others = others

    def shared(self) -> Seen:
        """For a file inside this one: it works and expands on the same budgets, one level further in."""
        return Seen(
            work=self.work,
            budget=self.budget,
            documents=self.documents,
            archives=self.archives,
            depth=self.depth + 1,
        )

    def enter_document(self, limits: Limits) -> None:
        """Before what is in a document is looked at; `TooMuch` if too many are inside each other."""
        self.documents += 1
        if self.documents > limits.nesting + 1:
            raise TooMuch("documents are nested too deep")

    def enter_archive(self) -> None:
        """Before the members of an archive that is no document are looked at; `TooMuch` if it is inside another one."""
        self.archives += 1
        if self.archives > MOST_ARCHIVES:
            raise TooMuch("an archive is inside another one")

    def budget_for(self, size: int, limits: Limits) -> ExpansionBudget:
        """What may still be inflated: all there is for a file of `size` bytes, less what was spent already."""
        self.budget = self.budget or ExpansionBudget.of(size, limits)
        return self.budget

    def has(self, code: Reason) -> bool:
        return any(finding.code is code for finding in self.findings)


class Unreadable(Exception):
    """The bytes are not built as their format requires; the text says how, in our own words."""
