"""The bytes of one file, to what they are and what is in them. Pure: runs in a worker process, in tests, anywhere.

Structure decides, libmagic is asked for what has none. Of two formats that a file could be, the one that begins with
its first byte is its type, and the other is a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from consumer.inspection.mime import UNKNOWN_TYPE
from consumer.inspection.policy.extensions import claimed_type
from consumer.inspection.readers import table, text, zip_reader
from consumer.inspection.readers.formats import PADDING
from consumer.inspection.readers.rtf import RTF
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Unreadable, Work
from consumer.inspection.readers.text import PLAIN
from consumer.model import Reason

VERSION = "3"  # goes into every result: raise it when an examination would answer differently

GUESSED = frozenset(
    {
        UNKNOWN_TYPE,
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
A_LOOK = 256  # bytes in which nearly every file shows that it holds something: to look at all of it costs a copy
ARCHIVES = ("application/zip", "application/java-archive")
DEEPEST = 5  # files inside files: a picture in a message that is attached to a message
AN_EXAMINATION = 128 * 1024  # of work, for a file inside another one
A_QUESTION = 512 * 1024  # of work, for one to libmagic: it takes .9 ms for a text of 100 bytes
ASKED_FIRST, FIRST = 400, 8192  # of work for each of the first bytes that it is asked about: 6 ms for 8 KB of words
ASKED, MOST_ASKED = 14, 256 * 1024  # of work for each of the others, and bytes of a text at most
TEXT_OF_ITS_OWN = frozenset({RTF, "application/postscript"})  # for programs of their own, unless the name says a text


class Detects(Protocol):
    def detect(self, data: bytes) -> str: ...


def examine(data: bytes, detector: Detects, limits: Limits = Limits(), claimed: str = "") -> Seen:  # noqa: B008 # frozen
    """Never raises on what `data` holds; without a type that is certain there is a finding that says why.

    `claimed` is the type that name or declaration say: of texts, nothing else tells a table from a letter.
    """
    return _examine(data, claimed, detector, limits, Seen(work=Work.of(len(data))))


@dataclass(frozen=True, slots=True)
class _Others:
    """What the reader of one file asks about other ones."""

    detector: Detects
    limits: Limits
    outer: Seen

    def examine(self, data: bytes, name: str, declared: str) -> Seen:
        inner = self.outer.shared()
        if inner.depth > DEEPEST:
            raise TooMuch("files are nested too deep")
        self.outer.work.spend(AN_EXAMINATION)
        return _examine(data, claimed_type(name, declared) or "", self.detector, self.limits, inner)

    def begins_like(self, data: bytes) -> str | None:
        row = table.format_of(data)
        return row.name if row else None

    def behind_picture(self, data: bytes, work: Work) -> int | None:
        picture = table.picture_at(data, work)
        if picture is None:
            return None
        return picture.end if picture.complete else len(data)

    def fits(self, extension: str, kind: str) -> bool:
        return table.fits(extension, kind)


def _examine(data: bytes, claimed: str, detector: Detects, limits: Limits, seen: Seen) -> Seen:
    seen.others = _Others(detector, limits, seen)
    if not data[:A_LOOK].strip(PADDING) and not data.strip(PADDING):
        seen.detected_type = "application/x-empty" if not data else UNKNOWN_TYPE
        seen.find(Reason.EMPTY, "no bytes" if not data else "nothing but padding and white space")
        return seen
    try:
        if (row := _row(data, claimed)) is not None and row.reader is not None:
            row.reader(data, seen, limits)
        elif not _by_claim(data, claimed, seen, limits):
            _by_content(data, claimed, detector, seen)
        if seen.pages > limits.pages:
            seen.find(Reason.ARCHIVE_LIMITS, "it has more pages than the limit")
        for head in seen.loose:
            _loose(head, detector, seen)
    except Unreadable as problem:
        seen.find(Reason.MALFORMED, str(problem))
    except TooMuch as limit:
        seen.detected_type = seen.detected_type or UNKNOWN_TYPE
        seen.find(Reason.ARCHIVE_LIMITS, str(limit))
    return seen


def _row(data: bytes, claimed: str) -> table.Format | None:
    """An archive may have something before its first entry, and is known by its name then. A note on RTF is a text."""
    row = table.format_of(data)
    if row is not None and row.name == RTF and claimed == PLAIN and data.count(b"\\") == 1:
        return None
    if row is None and claimed in ARCHIVES and zip_reader.find_end(data) is not None:
        return table.BY_NAME[ARCHIVES[0]]
    return row


def _by_claim(data: bytes, claimed: str, seen: Seen, limits: Limits) -> bool:
    """Whether it is a text, and of the type that it is said to be: that needs no second opinion."""
    row = table.text_format(claimed, data)
    if row is None and not (claimed == PLAIN and text.is_clean(data)):
        return False
    found = text.read(data, seen.work)
    if found is None or found.gaps:
        return False
    if row is None or row.reader is None:
        text.examine(found, data, seen)
    else:
        seen.detected_type = row.name
        row.reader(data, seen, limits)
        text.find_formats(found, data, seen)
    return True


def _by_content(data: bytes, claimed: str, detector: Detects, seen: Seen) -> None:
    """Text is what reads as text: libmagic sees programs of old machines in it, and tables where commas stand."""
    seen.work.spend(A_QUESTION + ASKED_FIRST * min(len(data), FIRST) + ASKED * min(len(data), MOST_ASKED))
    try:
        said = detector.detect(data)
    except Unreadable as problem:
        seen.find(Reason.UNDETECTABLE, str(problem))
        return
    seen.detected_type = said
    found = None if said in TEXT_OF_ITS_OWN and claimed != PLAIN else _text(data, said, seen)
    certain = found is not None and text.is_clean(data)
    if said in table.READABLE and not table.BY_NAME[said].text and not certain:
        seen.find(Reason.MALFORMED, "it begins like its type and is not built like it")
    elif found is not None:
        text.examine(found, data, seen)
    elif table.is_text(said):
        seen.detected_type = UNKNOWN_TYPE


def _text(data: bytes, said: str, seen: Seen) -> text.Text | None:
    """Words with gaps are a text only if libmagic knows nothing else that they are."""
    found = text.read(data, seen.work)
    known = found is not None and found.gaps and not said.startswith("text/") and said not in GUESSED
    return None if known else found


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
