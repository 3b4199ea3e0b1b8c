"""Where each word of a PDF stands that is looked for again and again, all of them found in one pass over it.

No two of these words can overlap: those that would are cut by a letter, and whoever asks looks at what stands there.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from heapq import merge

from consumer.inspection.readers.searches import together

OBJECT, STREAM, CONTENTS = b"obj", b"stream", b"/Contents"
ENDS = {OBJECT: b"endobj", STREAM: b"endstream"}
"""Whose places are those of the word within."""
SOURCE = b"/AdditionalStreams"  # LibreOffice names the document's own source so, in the trailer
NAMES = (
    b"/Launch", b"/Page", b"/JavaScript", b"/JS", b"/Rendition", b"/RichMedia", b"/Flash", b"/AcroForm", b"/XFA",
    b"/EmbeddedFile", b"/EmbeddedFiles", b"/EF", b"/Encrypt", b"/Root",
    b"/OpenAction", b"/AA", b"/GoToE", b"/GoToR", b"/ImportData", b"/Thread",
)  # fmt: skip
WORDS = (OBJECT, STREAM, *dict.fromkeys(name.removesuffix(b"s") for name in (CONTENTS, SOURCE, *NAMES)))
"""Without the letter that `stream` could begin with."""
WHITE, DELIMITERS = b"\0\t\n\x0c\r ", b"()<>[]{}/%"
REGULAR = bytes(set(range(256)) - set(WHITE + DELIMITERS))  # what names, numbers and words are written with
AFTER_NAME = frozenset((b"", *(bytes([sign]) for sign in WHITE + DELIMITERS)))
BARE = frozenset((b"/", b"[", b""))  # a name, a list, or more white space
A_MATCH = 256  # of work
WINDOW = 64 * 1024  # bytes that are searched at once: hostile ones hold words and nothing else
LONGEST = max(map(len, WORDS))

_SEARCH, _TELLING = together(WORDS), together((*WORDS, b"trailer", b"ObjStm"))
_CUT = frozenset(number for number, word in enumerate(WORDS) if word + b"s" in (CONTENTS, SOURCE, *NAMES))


class PdfWords:
    """Of one piece of data. `spend` is told what finding them costs, in bytes that are read."""

    def __init__(self, data: bytes, spend: Callable[[int], None]) -> None:
        self.data = data
        self._places: defaultdict[bytes, array[int]] = defaultdict(_numbers)
        self._bare: array[int] | None = None
        spend(len(data))
        view, places = memoryview(data), self._places
        for begin in range(0, len(data), WINDOW):
            found = _SEARCH.find_matches_as_indexes(view[begin : begin + WINDOW + LONGEST - 1])
            spend(A_MATCH * len(found))
            for word, at, end in found:
                if at >= WINDOW or word >= len(WORDS):
                    continue
                written, place = WORDS[word], begin + at
                if word < len(ENDS) and data[place - 3 : place] == b"end":
                    written = ENDS[written]
                places[written].append(place)
                if word in _CUT and data.startswith(b"s", begin + end):
                    places[written + b"s"].append(place)

    def at(self, word: bytes) -> Sequence[int]:
        """Where it stands, in order."""
        return self._places.get(word, ())

    def bare(self) -> Sequence[int]:
        """Where objects begin that may be no dictionary, as nearly all are: the next bytes tell."""
        if self._bare is None:
            data = self.data
            self._bare = array("L", [at for at in self.at(OBJECT) if data[at + 3 : at + 6].lstrip(WHITE)[:1] in BARE])
        return self._bare

    def objects(self, start: int, stop: int) -> Iterator[int]:
        """Where the words that begin objects stand between two places."""
        places = self.at(OBJECT)
        for index in range(bisect_left(places, start), len(places)):
            if places[index] + len(OBJECT) > stop:
                return
            yield places[index]

    def names(self, *names: bytes) -> Iterator[int]:
        """Where one of them stands as a whole name, in order."""
        return merge(*map(self._whole, names)) if len(names) > 1 else self._whole(names[0])

    def first(self, *names: bytes) -> int | None:
        found = [next(self._whole(name), None) for name in names if name in self._places]
        return min((at for at in found if at is not None), default=None)

    def _whole(self, name: bytes) -> Iterator[int]:
        data, size = self.data, len(name)
        return (at for at in self.at(name) if data[at + size : at + size + 1] in AFTER_NAME)


def is_telling(name: bytes) -> bool:
    """Whether something is looked for that stands in a name, with its slash, or no name has one of its letters. Bytes
    of pictures hold escapes by chance, and mean nothing.
    """
    return bool(_TELLING.find_matches_as_indexes(name) or name[1:].translate(None, REGULAR))


def _numbers() -> array[int]:
    return array("L")  # a list takes five times the memory
