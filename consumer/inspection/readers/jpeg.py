"""JPEG, walked segment by segment."""

from __future__ import annotations

import re
import struct

from consumer.inspection.readers import picture as pictures
from consumer.inspection.readers import script_header
from consumer.inspection.readers.picture import BLOCK, MOST_BLOCKS, Picture
from consumer.inspection.readers.seen import Limits, Seen, Unreadable, Work

SIGNATURE = b"\xff\xd8\xff"
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
MOST_STRAY = 4_096  # bytes between segments that readers skip

_MARKER = re.compile(rb"\xff[^\xff\x00]")
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "image/jpeg"
    picture = walk(data, seen.work)
    pictures.examine(data, picture, seen, limits)
    script_header.examine(data, 4, picture, seen)


def walk(data: bytes, work: Work) -> Picture:
    """The picture that `data` begins with. `Unreadable` if it is built wrongly."""
    picture, at = Picture("image/jpeg", bits=8), 2
    for _ in range(MOST_BLOCKS):
        work.spend(BLOCK)
        marker = _marker(data, at)
        if marker < 0:
            break
        at, kind = marker, data[marker + 1]
        if kind == 0xD9:
            at, picture.complete = at + 2, True
            break
        if kind in ALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            break
        if kind in FRAMES and length >= 8:
            height, width, channels = struct.unpack_from(">2HB", data.ljust(at + 10, b"\0"), at + 5)
            picture.bits = max(picture.bits, 8 * min(channels, 4))
            picture.width, picture.height = max(picture.width, width), max(picture.height, height, 1)
        elif kind == 0xFE or 0xE0 <= kind <= 0xEF:
            picture.text(at + 4, min(len(data), at + 2 + length))
        at += 2 + length
        if kind == 0xDA:
            picture.drawn += picture.width * picture.height
            scan = _SCAN_END.search(data, at)
            at = scan.start() if scan else len(data)
    if picture.width == 0:
        raise Unreadable("the JPEG has no picture")
    picture.end = min(len(data), at)
    work.spend(4 * picture.end)
    return picture


def _marker(data: bytes, at: int) -> int:
    """The next marker from `at` on. Encoders pad with 0xFF, and some leave a few stray bytes: readers skip them."""
    match = _MARKER.search(data, at)
    return match.start() if match and match.start() < at + MOST_STRAY else -1
