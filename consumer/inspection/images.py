"""PNG, JPEG and GIF walked block by block: whether they are built right, how large they are, and where they end."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from consumer.inspection.seen import Limits, Seen, Unreadable
from consumer.model import Reason

PNG, JPEG, GIF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", (b"GIF87a", b"GIF89a")
PNG_PIXELS = (b"IDAT", b"fdAT")
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_MARKER = re.compile(rb"\xff+[^\xff\x00]")
MOST_BLOCKS = 300_000
MOST_REMARKS = 5_000
SHORTEST_REMARK = 8  # bytes: nothing shorter is a file of its own
GIF_CONTROL = b"\xf9"  # one for each frame of an animation


@dataclass(frozen=True, slots=True)
class Picture:
    mime: str
    width: int
    height: int
    end: int | None  # behind its last byte; None: it stops before its end mark
    remarks: tuple[tuple[int, int], ...]  # extents of comments, metadata and blocks that no viewer shows


def walk(data: bytes) -> Picture | None:
    """The picture that `data` begins with, None for no PNG, JPEG or GIF. `Unreadable` if it is built wrongly."""
    if data.startswith(PNG):
        return _png(data)
    if data.startswith(JPEG):
        return _jpeg(data)
    if data.startswith(GIF):
        return _gif(data)
    return None


def measure(data: bytes, picture: Picture, seen: Seen, limits: Limits) -> None:
    pixels = picture.width * picture.height
    nearly_nothing = pixels > limits.pixels_unquestioned and pixels > limits.pixels_per_byte * len(data)
    if pixels > limits.pixels or nearly_nothing:
        seen.find(Reason.IMAGE_TOO_LARGE, f"{picture.width} × {picture.height} pixels")
    if picture.end is None:
        seen.flag("incomplete")


def _png(data: bytes) -> Picture:
    if data[12:16] != b"IHDR" or data[8:12] != b"\0\0\0\x0d" or len(data) < 33:
        raise Unreadable("the PNG has no header")
    width, height, depth, color, compression, filtering, interlace = struct.unpack_from(">2L5B", data, 16)
    if (
        not (0 < width < 1 << 31 and 0 < height < 1 << 31)
        or depth not in (1, 2, 4, 8, 16)
        or color not in (0, 2, 3, 4, 6)
    ):
        raise Unreadable("the PNG's header is impossible")
    if compression or filtering or interlace > 1:
        raise Unreadable("the PNG's header is impossible")
    at, pixels = 33, False
    remarks: list[tuple[int, int]] = []
    for _ in range(MOST_BLOCKS):
        if at + 8 > len(data):
            break
        (length,) = struct.unpack_from(">L", data, at)
        kind = data[at + 4 : at + 8]
        if not kind.isalpha():
            break
        if kind == b"IEND":
            if not pixels:
                raise Unreadable("the PNG has no pixels")
            return Picture("image/png", width, height, min(len(data), at + 12 + length), tuple(remarks))
        if kind in PNG_PIXELS:
            pixels = True
        elif kind != b"PLTE":
            _remark(remarks, at + 8, min(len(data), at + 8 + length))
        at += 12 + length
    if not pixels:
        raise Unreadable("the PNG has no pixels")
    return Picture("image/png", width, height, None, tuple(remarks))


def _jpeg(data: bytes) -> Picture:
    at, size = 2, (0, 0)
    remarks: list[tuple[int, int]] = []
    for _ in range(MOST_BLOCKS):
        at = _marker(data, at)
        if at < 0:
            break
        kind = data[at + 1]
        if kind == 0xD9:
            if size == (0, 0):
                raise Unreadable("the JPEG has no picture")
            return Picture("image/jpeg", *size, at + 2, tuple(remarks))
        if kind in JPEG_ALONE or kind == 0xD8:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            break
        if kind in JPEG_FRAMES and length >= 8:
            height, width = struct.unpack_from(">2H", data.ljust(at + 9, b"\0"), at + 5)
            size = (max(size[0], width), max(size[1], height, 1))
        elif kind == 0xFE or 0xE0 <= kind <= 0xEF:
            _remark(remarks, at + 4, min(len(data), at + 2 + length))
        at += 2 + length
        if kind == 0xDA:
            at = _entropy_end(data, at)
    if size[0] == 0:
        raise Unreadable("the JPEG has no picture")
    return Picture("image/jpeg", *size, None, tuple(remarks))


def _remark(remarks: list[tuple[int, int]], begin: int, stop: int) -> None:
    if stop - begin >= SHORTEST_REMARK:
        remarks.append((begin, stop))
    if len(remarks) > MOST_REMARKS:
        raise Unreadable("the picture has too many comments")


def _marker(data: bytes, at: int) -> int:
    """The next marker from `at` on. Encoders pad with 0xFF, and some leave a few stray bytes: readers skip them."""
    match = _MARKER.search(data, at)
    return match.end() - 2 if match and match.start() < at + 4096 else -1


def _entropy_end(data: bytes, at: int) -> int:
    """Coded pixels end at a 0xFF that neither stands for itself nor restarts."""
    while 0 <= (at := data.find(b"\xff", at)) < len(data) - 1:
        if data[at + 1] not in (0x00, 0xFF) and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 1 if data[at + 1] == 0xFF else 2
    return len(data)


def _gif(data: bytes) -> Picture:
    if len(data) < 13:
        raise Unreadable("the GIF has no header")
    width, height = struct.unpack_from("<2H", data, 6)
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    frames = 0
    remarks: list[tuple[int, int]] = []
    for _ in range(MOST_BLOCKS):
        kind = data[at : at + 1]
        if kind == b"\x3b":
            if not frames:
                raise Unreadable("the GIF has no picture")
            return Picture("image/gif", width, height, at + 1, tuple(remarks))
        if kind == b"\x2c" and at + 10 <= len(data):
            left, top, wide, high = struct.unpack_from("<4H", data, at + 1)
            width, height, frames = max(width, left + wide), max(height, top + high), frames + 1
            packed = data[at + 9]
            at = _sub_blocks(data, at + 11 + (3 << ((packed & 7) + 1) if packed & 0x80 else 0))
        elif kind == b"\x21":
            begin = at + 2
            at = _sub_blocks(data, begin)
            if data[begin - 1 : begin] != GIF_CONTROL:
                _remark(remarks, begin + 1, min(at, len(data)))
        else:
            break
    if not frames:
        raise Unreadable("the GIF has no picture")
    return Picture("image/gif", width, height, None, tuple(remarks))


def _sub_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1
