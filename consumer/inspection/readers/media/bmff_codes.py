"""The code of a HEIC's or AVIF's pixels, part by part: how long each is, and of which kind (ISO 14496-15; AV1, 5.3).

What the parts say is not decoded. But nobody draws a picture whose parts do not fit into it.
"""

from __future__ import annotations

from consumer.inspection.readers.lengths import length_at
from consumer.inspection.readers.media.layout import STEP
from consumer.inspection.readers.seen import Work

FORBIDDEN = 0x80  # the first bit of a part
LENGTH_SIZE = 21  # where a HEVC's description says how many bytes a length has, less one
DRAWS_HEVC = 32  # kinds below draw
DRAWS_AV1 = frozenset({3, 6})
IS_LONG, HAS_LENGTH = 4, 2  # bits of an AV1's part: a second byte of header, a length


def is_hevc(code: bytes, description: bytes, work: Work) -> bool:
    """Whether it is made of whole parts, and one of them draws."""
    if len(description) <= LENGTH_SIZE:
        return False
    wide, at, draws = 1 + (description[LENGTH_SIZE] & 3), 0, False
    while at < len(code):
        work.step(STEP)
        begin = at + wide
        at = begin + int.from_bytes(code[at:begin], "big")
        if not begin < at <= len(code) or code[begin] & FORBIDDEN:
            return False
        draws |= code[begin] >> 1 < DRAWS_HEVC
    return draws


def is_av1(code: bytes, work: Work) -> bool:
    """As well. The last part may have no length."""
    at, draws = 0, False
    while at < len(code):
        work.step(STEP)
        head = code[at]
        at += 2 if head & IS_LONG else 1
        size, at = length_at(code, at) if head & HAS_LENGTH else (len(code) - at, at)
        at += size
        if at > len(code) or head & FORBIDDEN:
            return False
        draws |= head >> 3 in DRAWS_AV1
    return draws
