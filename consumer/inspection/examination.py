"""The bytes of one file, to what they are and what is in them. Pure: runs in a worker process, in tests, anywhere.

Structure decides, libmagic is asked for what has none. Of two formats that a file could be, the one that begins with
its first byte is its type, and the other is a finding.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

from consumer.inspection.policy.extensions import claimed_type
from consumer.inspection.readers import table, text
from consumer.inspection.readers.formats import PADDING
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Unreadable, Work
from consumer.model import Reason

VERSION = "2"  # goes into every result: raise it when an examination would answer differently

GUESSED = frozenset(
    {
        "application/octet-stream",
        "application/x-msdownload",
        "application/zlib",
        "text/plain",
        "audio/mpeg",
        "audio/x-hx-aac-adts",
        "audio/x-mp4a-latm",
    }
)
"""What libmagic says of random bytes."""
SHORTEST_LOOSE = 32
DEEPEST = 3  # files inside files: a picture in a message that is attached to a message
AN_EXAMINATION = 128 * 1024  # of work, for a file inside another one
TEXT_OF_ITS_OWN = frozenset({"application/rtf", "application/postscript"})  # for programs of their own


class Detects(Protocol):
    def detect(self, data: bytes) -> str: ...


def examine(data: bytes, detector: Detects, limits: Limits = Limits(), claimed: str = "") -> Seen:  # noqa: B008 # frozen
    """Never raises on what `data` holds; without a type that is certain there is a finding that says why.

    `claimed` is the type that name or declaration say: of texts, nothing else tells a table from a letter.
    """
    return _examine(data, claimed, detector, limits, Work.of(len(data)), 0)


def _inside(detector: Detects, limits: Limits, work: Work, depth: int, data: bytes, name: str, declared: str) -> Seen:
    if depth > DEEPEST:
        raise TooMuch("files are nested too deep")
    work.spend(AN_EXAMINATION)
    return _examine(data, claimed_type(name, declared) or "", detector, limits, work, depth)


def _examine(data: bytes, claimed: str, detector: Detects, limits: Limits, work: Work, depth: int) -> Seen:
    seen = Seen(work=work, inside=partial(_inside, detector, limits, work, depth + 1))
    if not data.strip(PADDING):
        seen.detected_type = "application/x-empty" if not data else "application/octet-stream"
        seen.find(Reason.EMPTY, "no bytes" if not data else "nothing but padding and white space")
        return seen
    try:
        if (row := table.format_of(data)) is not None and row.reader is not None:
            row.reader(data, seen, limits)
        else:
            _by_content(data, detector, seen, limits, claimed)
        if seen.pages > limits.pages:
            seen.find(Reason.ARCHIVE_LIMITS, "it has more pages than the limit")
        for head in seen.loose:
            _loose(head, detector, seen)
    except Unreadable as problem:
        seen.find(Reason.MALFORMED, str(problem))
    except TooMuch as limit:
        seen.detected_type = seen.detected_type or "application/octet-stream"
        seen.find(Reason.ARCHIVE_LIMITS, str(limit))
    return seen


def _by_content(data: bytes, detector: Detects, seen: Seen, limits: Limits, claimed: str) -> None:
    """Text is what reads as text: libmagic sees programs of old machines in it, and tables where commas stand."""
    try:
        said = detector.detect(data)
    except Unreadable as problem:
        seen.find(Reason.UNDETECTABLE, str(problem))
        return
    seen.detected_type = said
    if said == "application/pdf" and _speaks_of_pdf(data):
        said = "text/plain"
    if said in table.READABLE and not table.BY_NAME[said].text:
        seen.find(Reason.MALFORMED, "it begins like its type and is not built like it")
    elif said not in TEXT_OF_ITS_OWN and (found := text.read(data, seen.work)) is not None:
        row = table.text_format(claimed, data)
        if row is not None and row.reader is not None:
            seen.detected_type = row.name
            row.reader(data, seen, limits)
        else:
            seen.detected_type = text.markup(found.head) or "text/plain"
            text.examine(found, said, seen)
    elif table.is_text(said):
        seen.detected_type = "application/octet-stream"


def _speaks_of_pdf(data: bytes) -> bool:
    """Whether the words of a PDF stand somewhere in a text: nobody could open it as one."""
    decoded = text.decode(data)
    return decoded is not None and not decoded.lstrip().startswith("%PDF")


def _loose(head: bytes, detector: Detects, seen: Seen) -> None:
    """Formats that have no signature here. Of text and of few bytes libmagic guesses too much."""
    if len(head) < SHORTEST_LOOSE or (b"\0" not in head and text.decode(head) is not None):
        return
    try:
        said = detector.detect(head)
    except Unreadable:
        return
    if said not in GUESSED:
        seen.find(Reason.SECOND_FORMAT, f"{said} besides the file's own content")
