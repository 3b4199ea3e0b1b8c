"""The strips or tiles of a TIFF's page: whether each gives the pixels that it has to (TIFF 6.0; libtiff's reader).

A viewer that meets one which does not shows nothing of the page. The codes of faxes are not looked at, nor those of a
JPEG's pixels: what is damaged there is drawn all the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from itertools import chain, repeat

from consumer.inspection.readers import flate, jpeg
from consumer.inspection.readers.media import lzw
from consumer.inspection.readers.media.bits import TURN
from consumer.inspection.readers.seen import TooMuch, Unreadable, Work

LZW, DEFLATE, JPEG, PACK_BITS = 5, frozenset({8, 32946}), 7, 32773
WIDTH, HEIGHT, DEPTHS, PACKING, COLORS, TURNED = 256, 257, 258, 259, 262, 266
STRIPS, SAMPLES, ROWS, SIZES, PLANES, PREDICTOR = 273, 277, 278, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_SIZES = 322, 323, 324, 325
ASKED = frozenset({*range(WIDTH, PACKING + 1), COLORS, TURNED, STRIPS, *range(SAMPLES, SIZES + 1), PLANES, PREDICTOR,
                   *range(TILE_WIDTH, TILE_SIZES + 1)})  # fmt: skip
OF_LESS_COLOR, LAST_BIT_FIRST, APART = [6], [2], [2]  # of COLORS (fewer samples than of light), TURNED and PLANES
PREDICTORS = ([1], [2], [3])
ONE = [1]  # what nearly every entry says that is not there
START_OF_JPEG, END_OF_JPEG = b"\xff\xd8", b"\xff\xd9"
A_STRIP, A_PACKET = 4096, 64  # of work
_NOTHING = 128  # the head of a packet
_STEP = [head + 2 if head < _NOTHING else 2 if head > _NOTHING else 1 for head in range(256)]
_MADE = [head + 1 if head < _NOTHING else 257 - head if head > _NOTHING else 0 for head in range(256)]


def fault(data: bytes, said: Mapping[int, list[int]], tables: bytes, work: Work) -> str | None:
    """Why nobody draws the page; None if somebody may, and where it would cost too much to know.

    `said`: the numbers of each entry of its directory. `tables`: what its JPEGs have in common.
    """
    packing = said.get(PACKING, ONE)[0]
    if packing not in (LZW, JPEG, PACK_BITS, *DEFLATE) or (packing != JPEG and said.get(COLORS) == OF_LESS_COLOR):
        return None
    if packing in (LZW, *DEFLATE) and said.get(PREDICTOR, ONE)[:1] not in PREDICTORS:
        return "the TIFF's pixels are foretold in a way that nobody knows"
    most = work.left // 2
    own = Work(most)
    try:
        return _strips(data, packing, said, tables, own)
    except TooMuch:
        return None
    finally:
        work.spend(most - max(0, own.left))


def _strips(data: bytes, packing: int, said: Mapping[int, list[int]], tables: bytes, work: Work) -> str | None:
    tiled = TILE_WIDTH in said
    begins, packed = said.get(TILES, said.get(STRIPS, [])), said.get(TILE_SIZES, said.get(SIZES, []))
    for number, size in enumerate(_tiles(said) if tiled else _of_rows(said)):
        work.spend(A_STRIP)
        if number >= len(begins):
            return "the TIFF's pixels are not all there"
        many = packed[number] if number < len(packed) else 0
        strip = data[begins[number] : begins[number] + many]
        if said.get(TURNED) == LAST_BIT_FIRST:
            strip = strip.translate(TURN)
        if strip and not (
            _is_drawn(tables, strip, work) if packing == JPEG else _is_enough(packing, strip, size, work)
        ):
            return "the TIFF's pixels are damaged"
    return None


def _tiles(said: Mapping[int, list[int]]) -> Iterator[int]:
    """Bytes of pixels in each."""
    (wide, *_), (high, *_) = said[TILE_WIDTH], said.get(TILE_HEIGHT, [0])
    if not wide or not high:
        return iter(())
    planes, bits = _pixel(said)
    many = -(-said[WIDTH][0] // wide) * -(-said[HEIGHT][0] // high) * planes
    return repeat((wide * bits + 7) // 8 * high, many)


def _of_rows(said: Mapping[int, list[int]]) -> Iterator[int]:
    """Bytes of pixels in each strip. The last one of a plane has the rows that are left."""
    planes, bits = _pixel(said)
    high = said[HEIGHT][0]
    row, rows = (said[WIDTH][0] * bits + 7) // 8, min(high, said.get(ROWS, [high])[0] or high)
    others, last = divmod(high - 1, rows)
    return chain.from_iterable(chain(repeat(row * rows, others), (row * (last + 1),)) for _ in range(planes))


def _pixel(said: Mapping[int, list[int]]) -> tuple[int, int]:
    """How many planes there are, and the bits of a pixel in each."""
    samples, bits = said.get(SAMPLES, ONE)[0], said.get(DEPTHS, ONE)[0]
    return (samples, bits) if said.get(PLANES) == APART else (1, samples * bits)


def _is_enough(packing: int, strip: bytes, size: int, work: Work) -> bool:
    if packing == PACK_BITS:
        return _runs(strip, size, work)
    if packing == LZW:  # before version 6.0, other programs began with the last bit
        return (strip[0] == 0 and bool(strip[1:2]) and strip[1] % 2 == 1) or lzw.is_enough(strip, size, work)
    return _inflates(strip, size, work)


def _runs(strip: bytes, size: int, work: Work) -> bool:
    """Packets: so many bytes as they are, or one byte so many times."""
    work.spend(A_PACKET * min(len(strip), size))
    at = made = 0
    while made < size and at < len(strip):
        head = strip[at]
        at, made = at + _STEP[head], made + _MADE[head]
    return made >= size and at <= len(strip)


def _inflates(strip: bytes, size: int, work: Work) -> bool:
    engine, made, feed = zlib.decompressobj(), 0, strip
    try:
        while made < size and (piece := engine.decompress(feed, min(flate.LARGEST_PIECE, size - made))):
            work.spend(flate.INFLATING * len(piece))
            made, feed = made + len(piece), engine.unconsumed_tail
    except zlib.error:
        return False
    return made >= size


def _is_drawn(tables: bytes, strip: bytes, work: Work) -> bool:
    """Tables and strip are a JPEG cut in two. Where it stops early, the rest is left blank."""
    if not strip.startswith(START_OF_JPEG):
        return False
    try:
        jpeg.walk(tables.removesuffix(END_OF_JPEG) + strip[len(START_OF_JPEG) if tables else 0 :], work, whole=False)
    except Unreadable:
        return False
    return True
