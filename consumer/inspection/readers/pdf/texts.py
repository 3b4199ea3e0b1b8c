"""What stands in a string of a PDF: a title or an address is text, whatever name of a dictionary it holds.

`(https://example.com/Launch)` starts nothing. Only what no reader can take for anything else counts as such a string:
one on one line, without another bracket or an escape, in which no reader begins to read. Tables of places may lead into
a string, where an object then begins: in the file with its word, in an object stream wherever that stream says.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from consumer.inspection.readers import runs
from consumer.inspection.readers.pdf import dictionaries
from consumer.inspection.readers.pdf.streams import PdfStream
from consumer.inspection.readers.pdf.syntax import MOST_DIGITS
from consumer.inspection.readers.pdf.words import OBJECT, STREAM
from consumer.inspection.readers.seen import Work

LONGEST = 512  # bytes of one, on each side of the name
MOST = 1000  # names that are looked at; who has more of them in texts is told to have them
NEAR = 1024  # bytes within which the dictionary of an object stream begins
A_LOOK = 4 * LONGEST  # of work
NUMBERS = runs.DIGITS + b" \t\r\n"
_OPENING, _CLOSING = b"(", b")"
_UNSURE = frozenset(b"()<>\\\r\n")  # another bracket, an escape, the end of a comment


Begins = Callable[[], Sequence[int] | None]
"""Where an object may begin without its word, in order; None: anywhere. Asked for where a name is found at all."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Those of the file, or of the content of one object stream."""

    data: bytes
    begins: Begins

    @classmethod
    def of_file(cls, readable: bytes, sure: bool) -> Texts:
        """In the file itself an object begins with its word. Not `sure`: nothing excuses a name."""
        return cls(readable, tuple if sure else _anywhere)

    @classmethod
    def of_objects(cls, content: bytes, written: bytes, stream: PdfStream, file: bytes, work: Work) -> Texts:
        """The content of an object stream, without escapes, and as it is written."""
        as_written = len(content) == len(written)
        return cls(content, partial(_listed, written, stream, file, work) if as_written else _anywhere)

    def first_beside(self, *names: bytes, work: Work) -> int | None:
        """Where the first of these names stands that is none in a text."""
        words = work.words(self.data)
        if (first := words.first(*names)) is None or (begins := self.begins()) is None:
            return first
        for tried, at in enumerate(words.names(*names)):
            work.spend(A_LOOK)
            if tried >= MOST or not self._is_text(at, begins):
                return at
        return None

    def _is_text(self, at: int, begins: Sequence[int]) -> bool:
        opened = self.data.rfind(_OPENING, max(0, at - LONGEST), at)
        closed = self.data.find(_CLOSING, at, at + LONGEST)
        if opened < 0 or closed < 0 or self.data[opened - 1 : opened] == b"\\":
            return False
        text = self.data[opened + 1 : closed]
        begun = bisect_right(begins, opened) < bisect_right(begins, at)
        return not begun and OBJECT not in text and _UNSURE.isdisjoint(text)


def _anywhere() -> None:
    return None


def _listed(content: bytes, stream: PdfStream, file: bytes, work: Work) -> Sequence[int] | None:
    """An object stream begins with the number and the place of each object."""
    first = max(stream.first, 0)
    work.spend(2 * first)
    head = content[:first]
    numbers = head.split()
    if head.translate(None, NUMBERS) or not numbers or len(numbers) % 2 or max(map(len, numbers)) > MOST_DIGITS:
        return None
    if not _is_said_once(stream, file, work):
        return None
    return sorted(first + int(place) for place in numbers[1::2])


def _is_said_once(stream: PdfStream, file: bytes, work: Work) -> bool:
    """Where the objects of a stream begin: of two such keys readers take either."""
    word = file.rfind(OBJECT, max(0, stream.start - NEAR), stream.start)
    written = file[word + len(OBJECT) : stream.start].rpartition(STREAM)[0]
    usual = word >= 0 and dictionaries.read(written, work) == stream.dictionary
    return usual and written.count(b"/First") == 1 and b"DecodeParms" not in stream.dictionary
