"""GIF, walked block by block."""

from __future__ import annotations

import struct

from consumer.inspection.readers import picture as pictures
from consumer.inspection.readers import script_header
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.picture import BLOCK, MOST_BLOCKS, SUB_BLOCK, Picture
from consumer.inspection.readers.seen import Limits, Seen, Unreadable, Work

SIGNATURES = (b"GIF87a", b"GIF89a")
END = End("the byte `;`", "every one inside its first picture", "every other, of an animation")
CONTROL = b"\xf9"  # an extension, one for each frame of an animation


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "image/gif"
    picture = walk(data, seen.work)
    pictures.examine(data, picture, seen, limits)
    script_header.examine(data, 6, picture, seen)


def walk(data: bytes, work: Work) -> Picture:
    """The picture that `data` begins with. `Unreadable` if it is built wrongly."""
    if len(data) < 13:
        raise Unreadable("the GIF has no header")
    width, height = struct.unpack_from("<2H", data, 6)
    picture = Picture("image/gif", width, height, bits=8)
    at, first_is_whole = 13 + _colors(data[10]), False
    for _ in range(MOST_BLOCKS):
        work.spend(BLOCK)
        kind = data[at : at + 1]
        if kind == b"\x3b":
            at, picture.complete = at + 1, True
            break
        if kind == b"\x2c" and at + 10 <= len(data):
            left, top, wide, high = struct.unpack_from("<4H", data, at + 1)
            picture.width, picture.height = max(picture.width, left + wide), max(picture.height, top + high)
            picture.drawn += max(1, wide * high)
            at = _sub_blocks(data, at + 11 + _colors(data[at + 9]), work)
            if at > len(data) and not first_is_whole:
                raise Unreadable("the GIF stops inside its first picture")
            first_is_whole = True
        elif kind == b"\x21":
            begin = at + 2
            at = _sub_blocks(data, begin, work)
            if data[begin - 1 : begin] != CONTROL:
                picture.text(begin + 1, min(at, len(data)))
        else:
            break
    if not picture.drawn:
        raise Unreadable("the GIF has no picture")
    picture.end = min(len(data), at)
    return picture


def _colors(flags: int) -> int:
    """Bytes of the color table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(data: bytes, at: int, work: Work) -> int:
    began, steps, size = at, 0, len(data)
    while at < size and (length := data[at]):
        at += 1 + length
        steps += 1
    work.spend(SUB_BLOCK * steps + (at - began) // 64)
    return at + 1
