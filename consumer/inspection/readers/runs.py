"""Runs of certain bytes, and characters at fixed places: what patterns say, read in one pass and never twice.

Nothing here goes back: hostile bytes make an engine that does so read them again for each place that it tries. One
of patterns is asked for pairs alone, in which there is nothing to go back to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from ahocorasick_rs import BytesAhoCorasick

from consumer.inspection.readers.searches import together
from consumer.inspection.readers.seen import Work

DIGITS = b"0123456789"
LOWER = b"abcdefghijklmnopqrstuvwxyz"
LETTERS = LOWER + LOWER.upper()
WORD = LETTERS + DIGITS + b"_"
HEX = DIGITS + b"abcdefABCDEF"
SPACE = b" \t\n\r\x0b\x0c"
FIRST_LOOK, LONGEST_LOOK = 64, 64 * 1024  # bytes that are looked at at once
A_PLACE = 256  # of work, for a look at one of many places
FEW = (
    4096  # bytes in which `bytes.find` is as fast: beyond, it takes ten times as long as what searches several at once
)
FEWEST_LETTERS = 2  # of a word that is searched for in that way: one by itself stands too often
FIRST_WINDOW, AT_ONCE = 1024, 64 * 1024  # bytes that are searched in one step, the first and the last ones
SHORT = 8 * 1024  # bytes of which all are searched in one step, as of most parts of a document
LONGEST_WORD = 64  # of those that are searched for together


def all_but(characters: bytes) -> bytes:
    return bytes(set(range(256)) - set(characters))


def between(first: int, last: int) -> bytes:
    """All bytes from one to another, both included."""
    return bytes(range(first, last + 1))


def behind(data: bytes, at: int, characters: bytes) -> int:
    """Where the run of these bytes ends that begins at `at`; `at` if there is none."""
    size = FIRST_LOOK
    while True:
        piece = data[at : at + size]
        left = len(piece.lstrip(characters))
        at += len(piece) - left
        if left or len(piece) < size:
            return at
        size = min(LONGEST_LOOK, 4 * size)


def before(data: bytes | bytearray, at: int, characters: bytes, floor: int = 0) -> int:
    """Where the run of these bytes begins that ends before `at`, no further back than `floor`."""
    size = FIRST_LOOK
    while True:
        begin = max(floor, at - size)
        left = len(data[begin:at].rstrip(characters))
        if left or begin == floor:
            return begin + left
        at, size = begin, min(LONGEST_LOOK, 4 * size)


def not_before(byte: bytes, characters: bytes) -> Callable[[bytes, int], int]:
    """Gives, for data and a place, the first place from there on where `byte` stands and none of these behind it; -1 if
    there is none. Four times as fast as a look at each."""
    search = re.compile(re.escape(byte) + b"[^" + re.escape(characters) + b"]", re.DOTALL).search

    def first(data: bytes, at: int) -> int:
        found = search(data, at)
        return found.start() if found else -1

    return first


def behind_lines(blanks: bytes, sign: bytes, ends: bytes) -> Callable[[bytes, int], int]:
    """Gives, for data and a place, where what stands from there on ends: these blanks, and lines that begin with
    `sign`, up to one of these `ends`. Hostile files have lines of two bytes, which cost a tenth of a look at each."""
    blank = b"[" + re.escape(blanks) + b"]*+"
    match = re.compile(blank + b"(?:" + re.escape(sign) + b"[^" + re.escape(ends) + b"]*+" + blank + b")*+").match

    def end(data: bytes, at: int) -> int:
        found = match(data, at)
        return max(at, found.end()) if found else at  # which may be beyond the end

    return end


def without(word: bytes, characters: bytes) -> Callable[[bytes], bytes]:
    """Gives, for data, what is left of it where each `word` is taken out that has one of these behind it, and that as
    well. In a third of the time that `bytes.replace` takes."""
    pairs = re.compile(re.escape(word) + b"[" + re.escape(characters) + b"]")

    def left(data: bytes) -> bytes:
        return b"".join(pairs.sub(b"", piece) for piece in _cut_before(data, word))

    return left


def _cut_before(data: bytes, word: bytes) -> Iterator[bytes]:
    begin = 0
    while begin < len(data):
        end = data.find(word, begin + AT_ONCE)
        yield data[begin : end if end >= 0 else len(data)]
        begin = end if end >= 0 else len(data)


def places(data: bytes, word: bytes, at: int = 0, stop: int | None = None) -> Iterator[int]:
    """Each place from `at` on where `word` stands, before `stop`."""
    stop = len(data) if stop is None else min(stop, len(data))
    begins = _apart(word)
    if stop - at <= FEW or len(begins) < min(FEWEST_LETTERS, len(word)):
        return _one_by_one(data, word, at, stop)
    found = _step_by_step(data, begins, at, stop)
    return found if begins == word else (at for at in found if data.startswith(word, at, stop))


def places_from_end(data: bytes, word: bytes) -> Iterator[int]:
    """The same of all the data, the last one first."""
    for begin, end in _windows(0, len(data)):
        yield from reversed(list(places(data, word, max(0, len(data) - end), len(data) - begin + len(word) - 1)))


def has(data: bytes, word: bytes) -> bool:
    return next(places(data, word), None) is not None


def cases(word: bytes) -> Iterator[bytes]:
    """A short word, in small letters here, however it may be written."""
    return map(bytes, product(*({letter, *bytes([letter]).upper()} for letter in word)))


def any_case(word: bytes) -> BytesAhoCorasick:
    """Searches for all of these; what it finds may be another word."""
    return together(cases(word))


def holds(data: bytes, search: BytesAhoCorasick) -> bool:
    """Whether one of the words may stand in `data` that are searched for: `together` finds others now and then."""
    if len(data) <= SHORT:
        return bool(search.find_matches_as_indexes(data))
    view, more = memoryview(data), LONGEST_WORD - 1
    begin, size = 0, FIRST_WINDOW
    while begin < len(view):
        if search.find_matches_as_indexes(view[begin : begin + size + more]):
            return True
        begin, size = begin + size, min(AT_ONCE, 4 * size)
    return False


def places_of_any(data: bytes, search: BytesAhoCorasick) -> Iterator[int]:
    """Where one of the words stands that are searched for, of which no two overlap."""
    view, more = memoryview(data), LONGEST_WORD - 1
    for begin, end in _windows(0, len(data)):
        for _, at, _ in search.find_matches_as_indexes(view[begin : end + more]):
            if begin + at < end:
                yield begin + at


def _one_by_one(data: bytes, word: bytes, at: int, stop: int) -> Iterator[int]:
    at -= 1
    while (at := data.find(word, at + 1, stop)) >= 0:
        yield at


def _step_by_step(data: bytes, word: bytes, at: int, stop: int) -> Iterator[int]:
    view, search = memoryview(data), _search(word)
    for begin, end in _windows(at, stop):
        for _, found, _ in search.find_matches_as_indexes(view[begin : min(stop, end + len(word) - 1)]):
            yield begin + found


def _windows(at: int, stop: int) -> Iterator[tuple[int, int]]:
    """Larger and larger ones: who looks for the first place pays for no more than is near it."""
    size = FIRST_WINDOW
    while at < stop:
        yield at, at + size
        at, size = at + size, min(AT_ONCE, 4 * size)


@lru_cache(256)
def _apart(word: bytes) -> bytes:
    """As much of the word as does not begin within itself: of two such places the search would tell only the first."""
    while any(word.startswith(word[begin:]) for begin in range(1, len(word))):
        word = word[:-1]
    return word


@lru_cache(256)
def _search(word: bytes) -> BytesAhoCorasick:
    return BytesAhoCorasick([word])


@dataclass(frozen=True, slots=True)
class Signature:
    """Bytes at fixed places: a word, and around it fields in which only certain bytes are."""

    word: bytes
    offset: int  # of the word
    fields: Sequence[tuple[int, int, bytes]]  # from, to, the bytes that may stand there

    def is_at(self, data: bytes, at: int) -> bool:
        return (
            at >= 0
            and data.startswith(self.word, at + self.offset)
            and all(self._fits(data[at + begin : at + end], end - begin, fit) for begin, end, fit in self.fields)
        )

    @staticmethod
    def _fits(field: bytes, size: int, characters: bytes) -> bool:
        return len(field) == size and not field.strip(characters)

    def is_in(self, data: bytes, work: Work) -> bool:
        for at in places(data, self.word):
            work.spend(A_PLACE)
            if self.is_at(data, at - self.offset):
                return True
        return False
