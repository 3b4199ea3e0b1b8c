"""JPEG, walked segment by segment."""

from __future__ import annotations

import struct

from consumer.inspection.readers import picture as pictures
from consumer.inspection.readers import runs, script_header
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.jpeg_tables import FRAMES, SCAN, SEGMENTS, Tables
from consumer.inspection.readers.picture import BLOCK, MOST_BLOCKS, Picture
from consumer.inspection.readers.seen import Limits, Seen, Unreadable, Work

ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
UNHEARD = frozenset({*range(0x02, 0xC0), 0xC8, 0xD8, 0xDE, 0xDF, *range(0xF0, 0xFE)})  # markers that no viewer knows
END = End("its marker `EOI`", "every one", "none")
MOST_STRAY = 4_096  # bytes between segments that readers skip

FILL = b"\xff"
NOT_BEHIND = (b"", b"\0", FILL)
RESTARTS = runs.between(0xD0, 0xD7)
_FIRST_MARKER = runs.not_before(FILL, b"\0" + FILL + RESTARTS)


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "image/jpeg"
    picture = walk(data, seen.work)
    pictures.examine(data, picture, seen, limits)
    script_header.examine(data, 4, picture, seen)


def walk(data: bytes, work: Work, whole: bool = True) -> Picture:
    """The picture that `data` begins with. `Unreadable` if it is built wrongly, or not `whole` where it has to be."""
    picture, tables, at = Picture("image/jpeg", bits=8), Tables(work), 2
    for _ in range(MOST_BLOCKS):
        work.spend(BLOCK)
        marker = _marker(data, at)
        if marker < 0:
            break
        at, kind = marker, data[marker + 1]
        if kind == 0xD9:
            at, picture.complete = at + 2, True
            break
        if kind in UNHEARD and not picture.drawn:
            raise Unreadable("a part of the JPEG stops every viewer before its pixels")
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
        if kind in SEGMENTS and at + 2 + length <= len(data):
            tables.take(kind, data[at + 4 : at + 2 + length])
        at += 2 + length
        if kind == SCAN:
            picture.drawn += picture.width * picture.height
            at = _scan_end(data, at)
    if picture.width == 0 or not picture.drawn:
        raise Unreadable("the JPEG has no picture")
    if whole and not picture.complete and at >= len(data):
        raise Unreadable("the JPEG stops inside its pixels")
    picture.end = min(len(data), at)
    work.spend(4 * picture.end)
    return picture


def _marker(data: bytes, at: int) -> int:
    """The next marker from `at` on. Encoders pad with 0xFF, and some leave a few stray bytes: readers skip them."""
    if data[at : at + 1] == FILL and data[at + 1 : at + 2] not in NOT_BEHIND:  # as nearly always
        return at
    stop = at + MOST_STRAY
    while 0 <= (at := data.find(FILL, at, stop)) < stop:
        at = runs.behind(data, at, FILL)
        if at >= len(data) or at > stop:
            return -1
        if data[at]:
            return at - 1
    return -1


def _scan_end(data: bytes, at: int) -> int:
    """Where the marker stands that ends the coded picture: 0xFF in it is written with a NUL behind."""
    place = _FIRST_MARKER(data, at)
    return len(data) if place < 0 else place
