"""Every place where something could begin that is looked for, found in two passes over the bytes, and in a third one
where tags are.

A search for one word costs as much as a hash of the file, and there are fifty words. Together they cost less than two
(Teddy, of Rust's `aho-corasick`, as long as it has no more than 32 of them), as long as two found places never overlap:
so no mark ends as another one begins. The few that do stand so near to each other that whoever asks looks at both.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from consumer.inspection.readers.searches import together

BEFORE_EVENT = (b" ", b"\t", b"\n", b"\x0c", b"\r", b"/", b'"', b"'")
EVENTS = tuple(before + b"on" for before in BEFORE_EVENT)
MARKUP = (b"script", b"frame", b"object", b"embed", b"applet", b"hta:application", *EVENTS)
"""In small letters: whoever asks for a place looks at what stands there. Of these none means anything where no tag
begins not far before it: words have `on` in every line."""
ENTRY, DIRECTORY_END = b"PK\3\4", b"PK\5\6"
FILES = (
    b"\xfd7zXZ", b"\xed\xab\xee\xdb", b"ITSF\3\0", b"ustar", b"7z\xbc\xaf", b"Compressed ROMF", b"TRAILER!!!\0",
    b"\x3a\xff\x26\xed\1\0", b"SWIM\0\0\0", b"\x7fELF", b"HX\0\5", b"xar!\0", b"SZDD\x88\xf0", b"AY&SY", b"%PDF",
    b"070702", b"H+\0\4", b"Rar!", b"CD001\1", b"I PART\0", b"MSCF", b"ACE**", b"070701", b"<arch>\n", ENTRY,
    b"QFI\xfb", b"KDMV", DIRECTORY_END,
)  # fmt: skip
"""As files begin with them, or have them at a place of their own. Their order matters: the search takes those together
that are eight apart, and stops wherever one of them could be. It was measured on text, photos and random bytes."""
SHORT = (
    b"\x28\xb5\x2f", b"\xfa\xed\xfe", b"-lh", b"sqs", b"#!", b"shs", b"\x1f\x8b\x08", b"\xca\xfe\xba\xbe",
    b"MZ", b"\x53\xef", b"\x55\xaa", b"\xc7\x71", b"<%", b"\x71\xc7", b"\x60\xea", b"<?",
)  # fmt: skip
MARKS = (*FILES, *SHORT, *MARKUP)
A_PLACE = 512  # of work
SEARCHED_AT_ONCE = 64 * 1024  # bytes that are searched at once: hostile ones hold marks and nothing else
LONGEST_MARK = max(map(len, MARKS))

LONGEST_TAG = 512

_OF_FILES = (
    (FILES, together(FILES)),
    (SHORT, BytesAhoCorasick(SHORT, matchkind=MatchKind.LeftmostFirst)),
)
_OF_MARKUP = BytesAhoCorasick(MARKUP, matchkind=MatchKind.LeftmostFirst)
"""A search compares as many bytes at once as its shortest mark has. With those of two among the others it stops six
times as often in a text."""


class Marks:
    """Of one piece of data. `spend` is told what finding them costs, in bytes that are read.

    `of_files`: without markup, for which all letters are made small.
    """

    def __init__(self, data: bytes, spend: Callable[[int], None], of_files: bool = False) -> None:
        self.data, self.of_files = data, True
        self.places: defaultdict[bytes, array[int]] = defaultdict(_numbers)
        self._find_files(spend)
        if not of_files:
            self.find_markup(spend)

    def find_markup(self, spend: Callable[[int], None]) -> None:
        """As well. It is asked for once."""
        data, self.of_files = self.data, False
        for begin in range(0, len(data), SEARCHED_AT_ONCE):
            if data.find(b"<", max(0, begin - 2 * LONGEST_TAG), begin + SEARCHED_AT_ONCE) >= 0:
                # of all at once it would cost twice as much
                window = data[begin : begin + SEARCHED_AT_ONCE + LONGEST_MARK - 1].lower()
                spend(len(window))
                if found := _OF_MARKUP.find_matches_as_indexes(window):
                    self._keep(MARKUP, found, begin, spend)

    def _find_files(self, spend: Callable[[int], None]) -> None:
        view = memoryview(self.data)
        spend(2 * len(view))
        for begin in range(0, len(view), SEARCHED_AT_ONCE):
            window = view[begin : begin + SEARCHED_AT_ONCE + LONGEST_MARK - 1]
            for marks, search in _OF_FILES:
                if found := search.find_matches_as_indexes(window):
                    self._keep(marks, found, begin, spend)

    def _keep(
        self, marks: Sequence[bytes], found: list[tuple[int, int, int]], begin: int, spend: Callable[[int], None]
    ) -> None:
        spend(A_PLACE * len(found))
        for mark, at, _ in found:
            if at < SEARCHED_AT_ONCE and mark < len(marks):
                self.places[marks[mark]].append(begin + at)

    @property
    def have_no_markup(self) -> bool:
        return self.places.keys().isdisjoint(MARKUP)

    def at(self, mark: bytes) -> Sequence[int]:
        """Where it stands, in order: markup in small or large letters."""
        return self.places.get(mark, ())


def _numbers() -> array[int]:
    return array("L")  # a list takes five times the memory
