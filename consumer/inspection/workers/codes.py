"""The answer of a worker: 64 bits for a file, from closed lists. Its sentences are made here, on the service's side.

    bits 0–11   the detected type, as its place in TYPES; 0: none
    bits 12–27  flags, a bit each
    bits 28–53  reasons that were found, a bit each
    bits 54–58  which of them came first, as its place in REASONS
    bits 59–63  which came second; or, after a reader failed, the exception's place in FAILURES

What is dropped: the readers' own sentences, counts and names, types that no list names (`application/octet-stream`),
flags beyond the list, and the order of the third and later reasons: they come in the order of the list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from consumer.inspection.mime import MIME, UNKNOWN_TYPE
from consumer.inspection.readers.openers import OPENERS
from consumer.inspection.readers.seen import Evidence, Seen
from consumer.inspection.readers.table import BY_NAME, canonical
from consumer.inspection.workers.frames import ANSWER, LENGTH
from consumer.model import Finding, Reason

_LIBMAGIC = {canonical(name) for name in Path(__file__).with_name("types.txt").read_text().split()}
TYPES: tuple[str | None, ...] = (None, *sorted(_LIBMAGIC | set(BY_NAME)))
"""Ours, and those that libmagic 5.44 to 5.47 says."""
PLACES = {name: place for place, name in enumerate(TYPES)}

FLAGS = (
    "incomplete",
    "restricted",
    "form",
    "embedded_files",
    "embedded_macros",
    "empty_macro_project",
    "external_references",
    "motion_photo",
    "control_characters",
    "bidirectional_characters",
    "formula_calls_program",
)
"""Those that an examination can give; the service adds its own. New ones go to the end."""

SENTENCES: Mapping[Reason, str] = {
    Reason.EMPTY: "no bytes, or nothing but padding and white space",
    Reason.UNDETECTABLE: "its type can't be told",
    Reason.MALFORMED: "it begins like its type and is not built like it",
    Reason.ENCRYPTED: "it is protected by a password, or hides that it is encrypted",
    Reason.MACROS: "it contains macros",
    Reason.TEMPLATE: "it is a template, not a document",
    Reason.EMBEDDED_EXECUTABLE: "a program is in it",
    Reason.EMBEDDED_FILES: "files are attached to it",
    Reason.LAUNCH_ACTION: "it starts a program on an action",
    Reason.JAVASCRIPT: "it contains JavaScript",
    Reason.ACTIVE_CONTENT: "it contains ActiveX controls, Flash or rich media",
    Reason.EXTERNAL_REFERENCE: "it loads something from elsewhere when it is opened",
    Reason.SECOND_FORMAT: "a file of another format is in it or behind it",
    Reason.TRAILING_DATA: "bytes in it or behind it belong to no part of it",
    Reason.ARCHIVE_LIMITS: "it expands, nests or costs beyond the limits, or lies about what is in it",
    Reason.IMAGE_TOO_LARGE: "it has more pixels than the limit",
    Reason.SCRIPT: "it holds code that a server would run",
    Reason.LEADING_DATA: "bytes in front of it belong to no part of it",
    Reason.LOOKS_LIKE_CODE: "most lines of it are written like a program's",
    Reason.CONTROL_CHARACTERS: "it has characters that are no text, or that steer a terminal",
    Reason.CONTENT_NOT_ALLOWED: "a file in the archive is of a type that is not accepted",
    Reason.TYPE_MISMATCH: "a file in the archive is of another type than its name says",
}
FAILURES = (
    "MemoryError", "RecursionError", "ValueError", "IndexError", "KeyError", "TypeError", "AttributeError",
    "AssertionError", "OverflowError", "ZeroDivisionError", "UnicodeError", "LookupError", "OSError", "ImportError",
    "struct.error", "zlib.error", "another exception",
)  # fmt: skip
REASONS = tuple(SENTENCES)
FAILED = "a reader failed on it: "
NO_MEMORY = "examining it takes too much memory"

TYPE_BITS, FLAG_BITS, REASON_BITS, PLACE_BITS = 12, 16, 26, 5
WIDE_CAP, MOST = 64 * 1024, 40
FARTHEST = 1 << 31  # byte of a file
_FLAG = re.compile(r"[a-z_]{1,40}", re.ASCII)


class Unheard(ValueError):
    """No worker of ours answers this."""


@dataclass(frozen=True, slots=True)
class Examined:
    detected_type: str | None
    findings: tuple[Finding, ...]
    flags: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()  # of a wide answer, one for each finding

    def with_finding(self, finding: Finding) -> Examined:
        """And one that is not of the worker's readers: it is seen in no place of theirs."""
        evidence = (*self.evidence, Evidence(finding, None, "")) if self.evidence or not self.findings else ()
        return replace(self, findings=(*self.findings, finding), evidence=evidence)

    @property
    def failure(self) -> str | None:
        """The class of the exception that ended the examination, if one did."""
        for finding in self.findings:
            if finding.detail == NO_MEMORY:
                return "MemoryError"
            if finding.detail.startswith(FAILED):
                return finding.detail.removeprefix(FAILED)
        return None


def failed(seen: Seen, error: Exception) -> None:
    """Notes that a reader ended with an exception. By class alone: its text may come out of the file."""
    names = [f"{kind.__module__}.{kind.__name__}".removeprefix("builtins.") for kind in type(error).__mro__]
    name = next((name for name in names if name in FAILURES), FAILURES[-1])
    seen.find(Reason.UNDETECTABLE, NO_MEMORY if name == "MemoryError" else FAILED + name)


def closed(seen: Seen) -> bytes:
    found = list(dict.fromkeys(finding.code for finding in seen.findings if finding.code in SENTENCES))
    if len(found) < len({finding.code for finding in seen.findings}):
        found.append(Reason.UNDETECTABLE)  # a reason that no list names: nobody can judge that
    orders = [REASONS.index(code) + 1 for code in found[:2]] + [0, 0]
    failure = Examined(None, tuple(seen.findings), ()).failure
    fields = (
        (PLACES.get(seen.detected_type, PLACES[UNKNOWN_TYPE]), TYPE_BITS),
        (sum(1 << place for place, flag in enumerate(FLAGS) if flag in seen.flags), FLAG_BITS),
        (sum(1 << REASONS.index(code) for code in set(found)), REASON_BITS),
        (orders[0], PLACE_BITS),
        (FAILURES.index(failure) + 1 if failure else orders[1], PLACE_BITS),
    )
    word, at = 0, 0
    for value, bits in fields:
        word |= value << at
        at += bits
    return ANSWER.pack(word)


def opened(raw: bytes) -> Examined:
    """`Unheard` for what no worker of ours says."""
    word: int = ANSWER.unpack(raw)[0]
    kind, flags, reasons, first, second = _fields(word)
    if kind >= len(TYPES) or flags >> len(FLAGS) or reasons >> len(REASONS):
        raise Unheard("its answer names what no list holds")
    found = [reason for place, reason in enumerate(REASONS) if reasons >> place & 1]
    names = tuple(name for place, name in enumerate(FLAGS) if flags >> place & 1)
    if found == [Reason.UNDETECTABLE] and second:
        return Examined(TYPES[kind], (_failure(second),), names)
    ahead = [REASONS[place - 1] for place in (first, second) if 0 < place <= len(REASONS)]
    if len(ahead) != min(len(found), 2) or len(set(ahead)) != len(ahead) or not set(ahead) <= set(found):
        raise Unheard("its answer contradicts itself")
    ordered = [*ahead, *(reason for reason in found if reason not in ahead)]
    return Examined(TYPES[kind], tuple(Finding(reason, SENTENCES[reason]) for reason in ordered), names)


def _fields(word: int) -> list[int]:
    values = []
    for bits in (TYPE_BITS, FLAG_BITS, REASON_BITS, PLACE_BITS, PLACE_BITS):
        values.append(word & ((1 << bits) - 1))
        word >>= bits
    return values


def _failure(place: int) -> Finding:
    if place > len(FAILURES):
        raise Unheard("its answer names what no list holds")
    name = FAILURES[place - 1]
    return Finding(Reason.UNDETECTABLE, NO_MEMORY if name == "MemoryError" else FAILED + name)


def wide(seen: Seen) -> bytes:
    """For `scan` on an operator's own machine: the readers' sentences and places, which tell more than 64 bits."""
    findings = [[found.finding.code, found.finding.detail, found.at, found.opener] for found in seen.evidence]
    encoded = json.dumps({"detected": seen.detected_type, "findings": findings, "flags": seen.flags}).encode()
    return LENGTH.pack(len(encoded)) + encoded


def opened_wide(raw: bytes) -> Examined:
    """`Unheard` unless it is an answer in its bounds: a worker that was taken over says what it likes."""
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        raise Unheard("its answer was not JSON") from None
    match answer:
        case {"detected": str() | None as detected, "findings": list(findings), "flags": list(flags)}:
            known = detected is None or MIME.fullmatch(detected)
            if known and max(len(findings), len(flags)) <= MOST and all(_is_flag(flag) for flag in flags):
                evidence = tuple(_evidence(item) for item in findings)
                return Examined(detected, tuple(found.finding for found in evidence), tuple(flags), evidence)
    raise Unheard("its answer was malformed")


def _is_flag(flag: object) -> bool:
    return isinstance(flag, str) and _FLAG.fullmatch(flag) is not None


def _evidence(item: object) -> Evidence:
    match item:
        case [str(code), str(detail), int() | None as at, str(opener)] if code in list(Reason):
            is_place = at is None or (not isinstance(at, bool) and 0 <= at < FARTHEST)
            if is_place and len(detail) <= 200 and detail.isprintable() and opener in ("", *OPENERS):
                return Evidence(Finding(Reason(code), detail), at, opener)
    raise Unheard("its answer was malformed")
