"""PNG, walked chunk by chunk."""

from __future__ import annotations

import struct
import zlib

from consumer.inspection.readers import flate
from consumer.inspection.readers import picture as pictures
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.picture import BLOCK, MOST_BLOCKS, Picture
from consumer.inspection.readers.seen import PLACE, Limits, Seen, Unreadable, Work

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = End("its chunk `IEND`", "every one inside its pixels", "those behind its pixels")
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by the kind of color; the 1 of 3 is an index
COLOR, INDEXED = 25, 3  # where the kind of color stands, and the one that needs a list of colors
PIXELS = (b"IDAT", b"fdAT")
CRITICAL = (b"PLTE", b"IDAT")
TEXTS = (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"iCCP", b"zxIf")
PACKED = (b"iCCP", b"zTXt", b"iTXt")  # metadata that is compressed


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "image/png"
    pictures.examine(data, walk(data, seen.work), seen, limits)


def walk(data: bytes, work: Work) -> Picture:
    """The picture that `data` begins with. `Unreadable` if it is built wrongly."""
    width, height, bits = _header(data, work)
    picture = Picture("image/png", width, height, bits=bits)
    at, pixels, drawn = 33, False, list[tuple[int, int]]()
    colors = data[COLOR] != INDEXED
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
        if kind in CRITICAL and stop + 4 <= len(data):
            _check(data, at + 4, stop, work)
        colors |= kind == b"PLTE"
        if kind in PIXELS:
            pixels = True
            if not colors:
                raise Unreadable("the PNG's pixels are numbers of colors that it does not have")
            drawn.append((at + 8, stop)) if kind == b"IDAT" else None
        elif kind == b"fcTL" and at + 20 <= len(data):
            wide, high = struct.unpack_from(">2L", data, at + 12)
            picture.drawn += wide * high
        elif kind in TEXTS:
            picture.text(at + 8, stop)
        if kind in PACKED:
            picture.packed.append((_packed_at(data, kind, at + 8, stop), stop))
        at += 12 + length
    if not pixels:
        raise Unreadable("the PNG has no pixels")
    if not picture.complete and not _is_whole(data, drawn, work):
        raise Unreadable("the PNG stops inside its pixels")
    picture.end = min(len(data), at)
    return picture


def _check(data: bytes, begin: int, stop: int, work: Work) -> None:
    """No viewer shows a picture whose header, colors or pixels do not have the sum that stands behind them."""
    work.spend((stop - begin) // 4)
    if zlib.crc32(memoryview(data)[begin:stop]) != int.from_bytes(data[stop : stop + 4], "big"):
        raise Unreadable("a part of the PNG does not have its checksum")


def _is_whole(data: bytes, drawn: list[tuple[int, int]], work: Work) -> bool:
    """Whether the pixels are all there: the end of what they are compressed with says so."""
    engine = zlib.decompressobj()
    try:
        for begin, stop in drawn:
            for piece in flate.cut(memoryview(data)[begin:stop]):
                feed: bytes | memoryview = piece
                while feed and not engine.eof:
                    made = engine.decompress(feed, flate.LARGEST_PIECE)
                    work.spend(flate.INFLATING * len(made) + PLACE)
                    feed = engine.unconsumed_tail
    except zlib.error:
        return False
    return engine.eof


def _header(data: bytes, work: Work) -> tuple[int, int, int]:
    """Width and height in pixels, and the bits of one."""
    if data[12:16] != b"IHDR" or data[8:12] != b"\0\0\0\x0d" or len(data) < 33:
        raise Unreadable("the PNG has no header")
    _check(data, 12, 29, work)
    width, height, depth, color, compression, filtering, interlace = struct.unpack_from(">2L5B", data, 16)
    sane = 0 < width < 1 << 31 and 0 < height < 1 << 31 and depth in (1, 2, 4, 8, 16) and color in CHANNELS
    if not sane or compression or filtering or interlace > 1:
        raise Unreadable("the PNG's header is impossible")
    return width, height, min(depth, 8) * CHANNELS[color]


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
