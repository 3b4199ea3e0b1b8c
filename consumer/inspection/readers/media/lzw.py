"""LZW as TIFF and PDF have it: how many bytes codes give. What they say is not put together.

Codes have 9 to 12 bits; how wide one is says the number of codes since the table was cleared. So a run of one width is
taken apart at once, by moving its halves apart, and theirs. Of an entry of the table nothing but its length is kept.
"""

from __future__ import annotations

import struct
from itertools import chain, repeat

from consumer.inspection.readers.seen import Work

CLEAR, END = b"\1\0", b"\1\1"  # the two codes that stand for no bytes
FIRST = 258  # the entry that is added first
WIDTHS = range(9, 13)  # bits of a code
SLOT = 16  # bits that one gets when it is taken out
A_CODE, A_RUN = 32, 8192  # of work


def _longest_run(width: int) -> int:
    return 1 << width - 1


def _halves(width: int) -> tuple[tuple[int, int], ...]:
    """From the longest halves to the shortest: how far the first ones move, and the bits of the second ones."""
    halves, many = list[tuple[int, int]](), _longest_run(width)
    half = many // 2
    while half:
        second, stretch = (1 << half * width) - 1, 2 * half * SLOT
        while stretch < many * SLOT:
            second |= second << stretch
            stretch *= 2
        halves.append((half * (SLOT - width), second))
        half //= 2
    return tuple(halves)


HALVES = {width: _halves(width) for width in WIDTHS}


def is_enough(packed: bytes, size: int, work: Work) -> bool:
    """Whether the codes are sound as far as they are needed, and give `size` bytes."""
    return count(packed, size, work) >= size


def count(packed: bytes, most: int, work: Work) -> int:
    """How many bytes the codes give as far as they are sound, counted until there are `most`."""
    at, made = 0, 0
    while at >= 0 and made < most:
        more, at = _until_cleared(packed, at, most - made, work)
        made += more
    return made


def _until_cleared(packed: bytes, at: int, size: int, work: Work) -> tuple[int, int]:
    """How many bytes come until the table is cleared, and the bit behind that; -1 if nothing comes any more."""
    lengths, made = [1] * FIRST, 0
    for width in chain(WIDTHS, repeat(WIDTHS[-1])):
        begun = len(lengths)
        many = min(_longest_run(width) - (2 if begun == FIRST else 0), (8 * len(packed) - at) // width)
        if not many or made >= size:
            break
        work.spend(A_RUN + A_CODE * many)
        slots = _taken_apart(packed, at, width, many)
        cleared, ended = _place(slots, CLEAR), _place(slots, END)
        sound = _add(lengths, struct.unpack_from(f">{min(cleared, ended)}H", slots))
        made += sum(lengths[begun:]) - (len(lengths) - begun)
        if not sound:
            break
        if cleared < ended:
            return made, at + width * (cleared + 1)
        if ended < many:
            break
        at += width * many
    return made, -1


def _add(lengths: list[int], codes: tuple[int, ...]) -> bool:
    """What each makes an entry of: itself and the byte that comes next. Whether all of them were there."""
    add = lengths.append
    try:
        for code in codes:
            add(lengths[code] + 1)
    except IndexError:
        return False
    return True


def _taken_apart(packed: bytes, at: int, width: int, many: int) -> bytes:
    """So many codes from a bit on, in two bytes each."""
    stop, depth = at + width * many, (many - 1).bit_length()
    number = int.from_bytes(packed[at // 8 : (stop + 7) // 8], "big") >> -stop % 8
    number = (number & (1 << width * many) - 1) << width * ((1 << depth) - many)
    for far, second in HALVES[width][len(HALVES[width]) - depth :]:
        stays = number & second
        number = (number ^ stays) << far | stays
    return number.to_bytes(2 << depth, "big")[: 2 * many]


def _place(slots: bytes, code: bytes) -> int:
    """Which of them is the first such code; their number if none is."""
    at = slots.find(code)
    while at >= 0 and at % 2:
        at = slots.find(code, at + 1)
    return (at if at >= 0 else len(slots)) // 2
