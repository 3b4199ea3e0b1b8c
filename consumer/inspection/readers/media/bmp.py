"""BMP: a header that says where the pixels are and how many, and nothing behind them but a profile of colors.

What marks the end is computed from width, height and depth, for compressed pixels from their own size. One that is
shorter is cut.
"""

from __future__ import annotations

import struct

from consumer.inspection.readers.ends import End
from consumer.inspection.readers.media.layout import Layout, judge
from consumer.inspection.readers.seen import Limits, Seen, Unreadable
from consumer.model import Reason

END = End("width × height × depth, or the size of its pixels", "every one of more than 3 bytes", "none")
FILE = 14  # bytes before the second header
OLDEST, SHORT, USUAL, NEWEST = 12, 16, 40, 124
HEADERS = frozenset({OLDEST, SHORT, USUAL, 52, 56, 64, 108, NEWEST})
DEPTHS = frozenset({0, 1, 2, 4, 8, 16, 24, 32})  # bits; 0: the pixels are a JPEG or a PNG
PLAIN = frozenset({0, 3, 6})  # not compressed
PACKED = frozenset({1, 2, 4, 5})  # run lengths, a JPEG, a PNG
FILES = frozenset({4, 5})  # a JPEG, a PNG
MASKED, MASKS = 3, 54  # colors by their bits, and where those stand
LEFT_OUT = 3  # bytes behind the last row that some writers leave out
PROFILE = FILE + 112  # where the newest header says of its profile


def begins(data: bytes) -> bool:
    return data[:2] == b"BM" and len(data) > FILE + OLDEST and int.from_bytes(data[14:18], "little") in HEADERS


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "image/bmp"
    layout = Layout("picture")
    header, offset = int.from_bytes(data[14:18], "little"), int.from_bytes(data[10:14], "little")
    if len(data) < FILE + header:
        raise Unreadable("the BMP stops inside its header")
    depth, packing, size, colors = _described(data, header, layout)
    if packing == MASKED and not _can_be_told_apart(data):
        raise Unreadable("the BMP's colors overlap")
    palette = FILE + header + _before_pixels(header, depth, packing, colors)
    if offset < FILE + header:
        raise Unreadable("the BMP's pixels begin inside its header")
    layout.end = offset + size if size else len(data)
    if layout.end > len(data) + LEFT_OUT or offset >= len(data):
        raise Unreadable("the BMP stops before its end")
    layout.end = min(layout.end, len(data))
    layout.hide(palette, offset)
    if header == NEWEST:
        _profile(data, layout, seen)
    judge(data, layout, seen, limits, name_ends=2)


def _described(data: bytes, header: int, layout: Layout) -> tuple[int, int, int, int]:
    """Bits of a pixel, how they are packed, bytes of all pixels (0: nobody says), entries of the palette."""
    if header == OLDEST:
        wide, high, _, depth = struct.unpack_from("<4H", data, 18)
        packing = stated = colors = 0
    elif header == SHORT:
        wide, high, _, depth = struct.unpack_from("<2l2H", data, 18)
        packing = stated = colors = 0
    else:
        wide, high, _, depth, packing, stated, _, _, colors = struct.unpack_from("<2l2H2L2lL", data, 18)
    if (
        wide <= 0
        or high == 0
        or depth not in DEPTHS
        or packing not in PLAIN | PACKED
        or (not depth and packing not in FILES)
    ):
        raise Unreadable("the BMP's header is impossible")
    layout.width, layout.height, layout.bits = wide, abs(high), depth or layout.bits
    size = (depth * wide + 31) // 32 * 4 * abs(high) if packing in PLAIN else stated
    return depth, packing, size, colors


def _can_be_told_apart(data: bytes) -> bool:
    """Whether the bits of each color stand together, and no two share one."""
    red, green, blue = struct.unpack_from("<3L", data.ljust(MASKS + 12, b"\0"), MASKS)
    runs = (color // (color & -color or 1) for color in (red, green, blue))
    return not (red & green or green & blue or red & blue) and all(run & run + 1 == 0 for run in runs)


def _before_pixels(header: int, depth: int, packing: int, colors: int) -> int:
    """Bytes of masks and palette between the header and the pixels."""
    masks = {3: 12, 6: 16}.get(packing, 0) if header == USUAL else 0
    entries = colors or (1 << depth if 0 < depth <= 8 else 0)
    return masks + entries * (3 if header == OLDEST else 4)


def _profile(data: bytes, layout: Layout, seen: Seen) -> None:
    """A profile of colors: in the file, or the name of one that a viewer would load."""
    kind = data[FILE + 56 : FILE + 60]
    begin, size = struct.unpack_from("<2L", data, PROFILE)
    if kind == b"KNIL":  # LINK, as its number is written
        seen.find(Reason.EXTERNAL_REFERENCE, "the picture's colors are described in another file")
    elif kind == b"DEBM" and size:
        if FILE + begin + size > len(data):
            raise Unreadable("the BMP stops before its end")
        layout.hide(FILE + begin, FILE + begin + size)
        layout.end = max(layout.end, FILE + begin + size)
