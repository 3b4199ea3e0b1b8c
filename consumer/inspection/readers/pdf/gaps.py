"""Where no object of a PDF follows another one: behind the last one of a revision, or where something is hidden."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from consumer.inspection.readers import runs
from consumer.inspection.readers.pdf import syntax
from consumer.inspection.readers.pdf.words import ENDS, OBJECT, WHITE
from consumer.inspection.readers.seen import Work

AT_ONCE, NEAR = 16, 32  # ends of objects that are looked at, and bytes behind one within which the next begins


def first(data: bytes, at: int, end: int, work: Work) -> int:
    """Behind the next end of an object that no other one follows; -1 if there is none."""
    words = work.words(data)
    ends, begins = words.at(ENDS[OBJECT]), words.at(OBJECT)
    number, size = bisect_left(ends, at + len(b"end")), 1
    while number < len(ends):
        some = ends[number : max(number + 1, min(number + size, len(ends) - 1))]  # the last one is followed by none
        number += len(some)
        size = min(AT_ONCE, 2 * size)  # where there are many gaps, few are looked at for each
        following = bisect_left(begins, some[0])
        if len(some) > 1 and _are_followed(data, some, begins[following : following + len(some)], end):
            continue
        for word in some:
            behind = word + len(OBJECT)
            if behind > end:
                return -1
            if not is_followed(data, behind, end):
                return behind
    return -1


def _are_followed(data: bytes, ends: Sequence[int], begins: Sequence[int], stop: int) -> bool:
    """Whether the next object begins behind each of these ends, written as nearly all of them are."""
    if len(ends) > len(begins) or begins[-1] + len(OBJECT) > stop:
        return False
    between = [data[end + 3 : begin] for end, begin in zip(ends, begins, strict=True)]
    together = b"obj ".join((*between, b""))
    words = together.split()
    numbers = b"".join((*words[::3], *words[1::3]))
    return (
        len(words) == 3 * len(ends)
        and words[2::3] == [OBJECT] * len(ends)
        and numbers.isdigit()
        and b"\x0b" not in together
        and max(map(len, between)) + len(OBJECT) <= NEAR
    )


def is_followed(data: bytes, at: int, end: int) -> bool:
    word = syntax.reference_at(data, runs.behind(data, at, WHITE), b"obj")
    return 0 <= word <= end - 3
