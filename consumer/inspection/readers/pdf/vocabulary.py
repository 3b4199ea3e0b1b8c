"""Names that tell what a document does, all of them found in one pass over it."""

from __future__ import annotations

from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from consumer.inspection.readers.pdf.syntax import AFTER_NAME
from consumer.inspection.readers.runs import A_PLACE, AT_ONCE
from consumer.inspection.readers.seen import Work


class Occurrences(NamedTuple):
    first: int  # place
    times: int


class Vocabulary:
    """Of names as they are written without escapes, none of which has a slash in it: so no two overlap."""

    def __init__(self, *words: bytes) -> None:
        self._words = words
        self._search = BytesAhoCorasick([b"/" + word for word in words], matchkind=MatchKind.LeftmostLongest)
        self._overlap = max(map(len, words))

    def found_in(self, content: bytes, work: Work) -> dict[bytes, Occurrences]:
        first: dict[int, int] = {}
        times = [0] * len(self._words)
        view = memoryview(content)
        for begin in range(0, len(content), AT_ONCE):
            matches = self._search.find_matches_as_indexes(view[begin : begin + AT_ONCE + self._overlap])
            work.spend(A_PLACE * len(matches))
            for word, at, end in matches:
                if at < AT_ONCE and content[begin + end : begin + end + 1] in AFTER_NAME:
                    times[word] += 1
                    if word not in first:
                        first[word] = begin + at
        return {self._words[word]: Occurrences(at, times[word]) for word, at in first.items()}
