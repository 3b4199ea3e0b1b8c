"""The answer of a worker: 64 bits for a file, from closed lists. Its sentences are made here, on the service's side.

    bits 0–11   the detected type, as its place in TYPES; 0: none
    bits 12–27  flags, a bit each
    bits 28–63  six findings in the order in which they were found, 6 bits each: their place in CODES; 0: none

What is dropped: the readers' own sentences, counts and names (of a finding its reason is left, and of several for the
same reason the first), types that no list names (`application/octet-stream`), flags beyond the list. Seven reasons or
more in one file do not fit: then the last place says so, which rejects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from consumer.inspection.readers.seen import Seen
from consumer.inspection.readers.table import BY_NAME, canonical
from consumer.inspection.workers.frames import ANSWER, LENGTH
from consumer.model import Finding, Reason

UNKNOWN_TYPE = "application/octet-stream"
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
TOO_MANY = "more is wrong with it than can be told"
FAILED = "a reader failed on it: "
NO_MEMORY = "examining it takes too much memory"

CODES: tuple[Finding, ...] = (
    *(Finding(reason, sentence) for reason, sentence in SENTENCES.items()),
    Finding(Reason.UNDETECTABLE, TOO_MANY),
    *(Finding(Reason.UNDETECTABLE, FAILED + name if name != "MemoryError" else NO_MEMORY) for name in FAILURES),
)
PLACE_OF_TOO_MANY = len(SENTENCES) + 1
KEPT = 6

TYPE_BITS, FLAG_BITS, CODE_BITS = 12, 16, 6
WIDE_CAP, MOST = 64 * 1024, 40
_MIME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,99}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}", re.ASCII)
_FLAG = re.compile(r"[a-z_]{1,40}", re.ASCII)


class Unheard(ValueError):
    """No worker of ours answers this."""


@dataclass(frozen=True, slots=True)
class Answer:
    detected_type: str | None
    findings: tuple[Finding, ...]
    flags: tuple[str, ...]

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
    word = PLACES.get(seen.detected_type, PLACES[UNKNOWN_TYPE])
    for place, flag in enumerate(FLAGS):
        if flag in seen.flags:
            word |= 1 << (TYPE_BITS + place)
    for order, place in enumerate(_kept(seen.findings)):
        word |= place << (TYPE_BITS + FLAG_BITS + CODE_BITS * order)
    return ANSWER.pack(word)


def _kept(findings: list[Finding]) -> list[int]:
    of_each = {finding.code: _place(finding) for finding in reversed(findings)}
    places = [of_each[code] for code in dict.fromkeys(finding.code for finding in findings)]
    return places if len(places) <= KEPT else [*places[: KEPT - 1], PLACE_OF_TOO_MANY]


def _place(finding: Finding) -> int:
    """The finding itself if the list has it, else its reason's own; a reason that has none is told as `TOO_MANY`."""
    if finding in CODES:
        return CODES.index(finding) + 1
    return next((at for at, code in enumerate(CODES, 1) if code.code is finding.code), PLACE_OF_TOO_MANY)


def opened(raw: bytes) -> Answer:
    """`Unheard` for what no worker of ours says."""
    word: int = ANSWER.unpack(raw)[0]
    kind, flags = word & ((1 << TYPE_BITS) - 1), (word >> TYPE_BITS) & ((1 << FLAG_BITS) - 1)
    if kind >= len(TYPES) or flags >> len(FLAGS):
        raise Unheard("its answer names what no list holds")
    findings: list[Finding] = []
    for order in range(KEPT):
        place = (word >> (TYPE_BITS + FLAG_BITS + CODE_BITS * order)) & ((1 << CODE_BITS) - 1)
        if place > len(CODES) or (place and len(findings) != order):
            raise Unheard("its answer names what no list holds")
        if place:
            findings.append(CODES[place - 1])
    return Answer(TYPES[kind], tuple(findings), tuple(name for at, name in enumerate(FLAGS) if flags >> at & 1))


def wide(seen: Seen) -> bytes:
    """For `scan` on an operator's own machine: the readers' sentences, which tell more than 64 bits."""
    findings = [[finding.code, finding.detail] for finding in seen.findings]
    encoded = json.dumps({"detected": seen.detected_type, "findings": findings, "flags": seen.flags}).encode()
    return LENGTH.pack(len(encoded)) + encoded


def opened_wide(raw: bytes) -> Answer:
    """`Unheard` unless it is an answer in its bounds: a worker that was taken over says what it likes."""
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        raise Unheard("its answer was not JSON") from None
    match answer:
        case {"detected": str() | None as detected, "findings": list(findings), "flags": list(flags)}:
            known = detected is None or _MIME.fullmatch(detected)
            if known and max(len(findings), len(flags)) <= MOST and all(_is_flag(flag) for flag in flags):
                return Answer(detected, tuple(_finding(item) for item in findings), tuple(flags))
    raise Unheard("its answer was malformed")


def _is_flag(flag: object) -> bool:
    return isinstance(flag, str) and _FLAG.fullmatch(flag) is not None


def _finding(item: object) -> Finding:
    match item:
        case [str(code), str(detail)] if code in list(Reason) and len(detail) <= 200 and detail.isprintable():
            return Finding(Reason(code), detail)
    raise Unheard("its answer was malformed")
