"""PNG, JPEG and GIF walked block by block: whether they are built right, what a viewer draws, and where they end."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from consumer.inspection.readers import flate
from consumer.inspection.readers.seen import Limits, Seen, Unreadable, Work
from consumer.model import Reason

PNG, JPEG, GIF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", (b"GIF87a", b"GIF89a")
PNG_PIXELS = (b"IDAT", b"fdAT")
PNG_PACKED = (b"iCCP", b"zTXt", b"iTXt")  # metadata that is compressed
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
GIF_CONTROL = b"\xf9"  # one for each frame of an animation
MOST_BLOCKS = 300_000
MOST_REMARKS = 5_000
MOST_STRAY = 4_096  # bytes between segments of a JPEG that readers skip
SHORTEST_REMARK = 8  # bytes: nothing shorter is a file of its own
MOST_DRAWN = 4_000_000_000  # pixels, over all frames and scans: two thousand frames of full HD
BLOCK, SUB_BLOCK = 1024, 96  # what the step to the next one costs, as bytes that are read

_MARKER = re.compile(rb"\xff[^\xff\x00]")
_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


@dataclass(slots=True)
class Picture:
    mime: str
    width: int = 0
    height: int = 0
    end: int = 0  # behind the last byte that belongs to it
    complete: bool = False  # whether it has its end mark
    drawn: int = 0  # pixels that a viewer computes, over all frames and scans
    remarks: list[tuple[int, int]] = field(default_factory=list)  # extents of what no viewer shows
    packed: list[tuple[int, int]] = field(default_factory=list)  # extents of compressed metadata

    def remark(self, begin: int, stop: int) -> None:
        if stop - begin >= SHORTEST_REMARK:
            self.remarks.append((begin, stop))
        if len(self.remarks) > MOST_REMARKS:
            raise Unreadable("the picture has too many comments")


def walk(data: bytes, work: Work) -> Picture | None:
    """The picture that `data` begins with, None for no PNG, JPEG or GIF. `Unreadable` if it is built wrongly."""
    if data.startswith(PNG):
        return _png(data, work)
    if data.startswith(JPEG):
        return _jpeg(data, work)
    if data.startswith(GIF):
        return _gif(data, work)
    return None


def measure(data: bytes, picture: Picture, seen: Seen, limits: Limits) -> None:
    pixels = picture.width * picture.height
    nearly_nothing = pixels > limits.pixels_unquestioned and pixels > limits.pixels_per_byte * len(data)
    if pixels > limits.pixels or nearly_nothing:
        seen.find(Reason.IMAGE_TOO_LARGE, f"{picture.width} × {picture.height} pixels")
    elif picture.drawn > MOST_DRAWN:
        seen.find(Reason.IMAGE_TOO_LARGE, f"{picture.drawn // 1_000_000} million pixels in all its frames")
    if not picture.complete:
        seen.flag("incomplete")
    left = limits.unquestioned
    for begin, stop in picture.packed:
        left -= flate.count(flate.inflate(flate.cut(memoryview(data)[begin:stop]), seen.work), left)
        if left < 0:
            seen.find(Reason.ARCHIVE_LIMITS, "the picture's metadata expands beyond the limits")
            return


def _png(data: bytes, work: Work) -> Picture:
    picture = Picture("image/png", *_png_header(data))
    at, pixels = 33, False
    for _ in range(MOST_BLOCKS):
        work.spend(BLOCK)
        if at + 8 > len(data):
            break
        (length,) = struct.unpack_from(">L", data, at)
        kind, stop = data[at + 4 : at + 8], min(len(data), at + 8 + length)
        if not kind.isalpha():
            break
        if kind == b"IEND":
            picture.complete = True
            at += 12 + length
            break
        if kind in PNG_PIXELS:
            pixels = True
        elif kind == b"fcTL" and at + 20 <= len(data):
            wide, high = struct.unpack_from(">2L", data, at + 12)
            picture.drawn += wide * high
        elif kind != b"PLTE":
            picture.remark(at + 8, stop)
            if kind in PNG_PACKED:
                picture.packed.append((_packed_at(data, kind, at + 8, stop), stop))
        at += 12 + length
    if not pixels:
        raise Unreadable("the PNG has no pixels")
    picture.end = min(len(data), at)
    return picture


def _png_header(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR" or data[8:12] != b"\0\0\0\x0d" or len(data) < 33:
        raise Unreadable("the PNG has no header")
    width, height, depth, color, compression, filtering, interlace = struct.unpack_from(">2L5B", data, 16)
    sane = 0 < width < 1 << 31 and 0 < height < 1 << 31 and depth in (1, 2, 4, 8, 16) and color in (0, 2, 3, 4, 6)
    if not sane or compression or filtering or interlace > 1:
        raise Unreadable("the PNG's header is impossible")
    return width, height


def _packed_at(data: bytes, kind: bytes, begin: int, stop: int) -> int:
    """Where the compressed bytes of a chunk begin, behind its keyword; at its end if it has none."""
    named = data.find(b"\0", begin, stop)
    if named < 0 or (kind == b"iTXt" and data[named + 1 : named + 2] != b"\1"):
        return stop
    if kind != b"iTXt":
        return min(stop, named + 2)
    language = data.find(b"\0", named + 3, stop)
    title = data.find(b"\0", language + 1, stop) if language >= 0 else -1
    return title + 1 if title >= 0 else stop


def _jpeg(data: bytes, work: Work) -> Picture:
    picture, at = Picture("image/jpeg"), 2
    for _ in range(MOST_BLOCKS):
        work.spend(BLOCK)
        marker = _marker(data, at)
        if marker < 0:
            break
        at, kind = marker, data[marker + 1]
        if kind == 0xD9:
            at, picture.complete = at + 2, True
            break
        if kind in JPEG_ALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            break
        if kind in JPEG_FRAMES and length >= 8:
            height, width = struct.unpack_from(">2H", data.ljust(at + 9, b"\0"), at + 5)
            picture.width, picture.height = max(picture.width, width), max(picture.height, height, 1)
        elif kind == 0xFE or 0xE0 <= kind <= 0xEF:
            picture.remark(at + 4, min(len(data), at + 2 + length))
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


def _gif(data: bytes, work: Work) -> Picture:
    if len(data) < 13:
        raise Unreadable("the GIF has no header")
    picture = Picture("image/gif", *struct.unpack_from("<2H", data, 6))
    at = 13 + _colors(data[10])
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
        elif kind == b"\x21":
            begin = at + 2
            at = _sub_blocks(data, begin, work)
            if data[begin - 1 : begin] != GIF_CONTROL:
                picture.remark(begin + 1, min(at, len(data)))
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
    began, steps = at, 0
    while at < len(data) and data[at]:
        at += 1 + data[at]
        steps += 1
    work.spend(SUB_BLOCK * steps + (at - began) // 64)
    return at + 1
