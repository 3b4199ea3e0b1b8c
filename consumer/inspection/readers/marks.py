"""Every place where something could begin that is looked for, found in two passes over the bytes.

A search for one word costs as much as a hash of the file, and there are twenty words. Together they cost less than one
(Teddy, of Rust's `aho-corasick`), as long as two found places never overlap: so no mark ends as another one begins.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from consumer.inspection.readers.searches import together

BEFORE_EVENT = (b" ", b"\t", b"\n", b"\x0c", b"\r", b"/", b'"', b"'")
EVENTS = tuple(before + b"on" for before in BEFORE_EVENT)
ENTRY, DIRECTORY_END = b"pk\3\4", b"pk\5\6"
TAR, GNU_TAR, DISC = b"ustar\0", b"ustar  \0", b"cd001\1"
BZIP2, XZ, WIM = b"1ay&sy", b"\xfd7zxz", b"swim\0\0\0"
FILES = (
    b"\x7felf", b"rar!", b"7z\xbc\xaf", b"mscf", b"ace**", b"pdf-", ENTRY, DIRECTORY_END,
    BZIP2, XZ, WIM, TAR, GNU_TAR, DISC,
)  # fmt: skip
MARKUP = (b"script", b"frame", b"object", b"embed", b"applet", b"hta:application", *EVENTS)
"""Of these none means anything where no tag begins not far before it: words have `on` in every line."""
LONG = (*FILES, *MARKUP)
SHORT = (b"mz", b"\x60\xea", b"<%", b"<?")
MARKS = LONG + SHORT
"""In small letters: whoever asks for a place looks at what stands there."""
A_PLACE = 512  # of work
WINDOW = 32 * 1024  # bytes that are searched at once: hostile ones hold marks and nothing else
LONGEST_MARK = max(map(len, MARKS))

LONGEST_TAG = 512


def _searches(*several: tuple[bytes, ...]) -> tuple[tuple[tuple[bytes, ...], BytesAhoCorasick], ...]:
    return tuple((marks, BytesAhoCorasick(marks, matchkind=MatchKind.LeftmostFirst)) for marks in several)


AS_THEY_ARE = {
    b"\x7fELF": b"\x7felf", b"Rar!": b"rar!", b"7z\xbc\xaf": b"7z\xbc\xaf", b"MSCF": b"mscf", b"ACE**": b"ace**",
    b"PDF-": b"pdf-", b"PK\3\4": ENTRY, b"PK\5\6": DIRECTORY_END, b"1AY&SY": BZIP2, b"\xfd7zXZ": XZ, b"SWIM\0\0\0": WIM,
    TAR: TAR, GNU_TAR: GNU_TAR, b"CD001\1": DISC,
}  # fmt: skip
"""The beginnings of files in their own letters, and the mark of each."""
_OF_FILES = (
    (tuple(AS_THEY_ARE.values()), together(AS_THEY_ARE)),
    ((b"mz", b"\x60\xea"), together((b"MZ", b"\x60\xea"))),
)
_SEARCHES, _WITHOUT_MARKUP = _searches(LONG, SHORT), _searches(FILES, SHORT)
"""The search compares as many bytes at once as its shortest mark has. With those of two among the others it stops six
times as often in a text."""


class Marks:
    """Of one piece of data. `spend` is told what finding them costs, in bytes that are read.

    `of_files`: only those by which files begin, and as they begin with them: for that no small letters are made.
    """

    def __init__(self, data: bytes, spend: Callable[[int], None], of_files: bool = False) -> None:
        self.data, self.of_files = data, of_files
        self._places: defaultdict[bytes, array[int]] = defaultdict(_numbers)
        spend(2 * len(data))
        if of_files:
            self._find_files(spend)
        else:
            self._find(spend)

    def _find(self, spend: Callable[[int], None]) -> None:
        data = self.data
        for begin in range(0, len(data), WINDOW):
            window = data[begin : begin + WINDOW + LONGEST_MARK - 1].lower()  # of all at once it costs twice as much
            tags = data.find(b"<", max(0, begin - 2 * LONGEST_TAG), begin + WINDOW) >= 0
            for marks, search in _SEARCHES if tags else _WITHOUT_MARKUP:
                found = search.find_matches_as_indexes(window)
                spend(A_PLACE * len(found))
                for mark, at, _ in found:
                    if at < WINDOW:
                        self._places[marks[mark]].append(begin + at)

    def _find_files(self, spend: Callable[[int], None]) -> None:
        view = memoryview(self.data)
        for begin in range(0, len(view), WINDOW):
            window = view[begin : begin + WINDOW + LONGEST_MARK - 1]
            for marks, search in _OF_FILES:
                found = search.find_matches_as_indexes(window)
                spend(A_PLACE * len(found))
                for mark, at, _ in found:
                    if at < WINDOW and mark < len(marks):
                        self._places[marks[mark]].append(begin + at)

    @property
    def are_none(self) -> bool:
        """As in most small pieces of data."""
        return not self._places

    @property
    def have_no_markup(self) -> bool:
        return self._places.keys().isdisjoint(MARKUP)

    def at(self, mark: bytes) -> Sequence[int]:
        """Where it stands, in small or large letters, in order."""
        return self._places.get(mark, ())


def _numbers() -> array[int]:
    return array("L")  # a list takes five times the memory
