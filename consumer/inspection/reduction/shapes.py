"""Files taken apart and put together again, so that what is compressed or summed can be changed inside.

Each format is a pair of functions: `split` gives the parts, and `join` a file of those that are left. What a format
stores compressed comes out as it was before, and checksums and lengths are made anew.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from consumer.inspection.readers import png
from consumer.inspection.readers.jpeg_tables import SCAN
from consumer.inspection.readers.media import ogg
from consumer.inspection.readers.signatures import JPEG
from consumer.inspection.reduction import pdf_shape, zip_shape
from consumer.inspection.reduction.parts import Part, deflated, inflated

DEEPEST = 4  # files in files
PIXELS = b"IDAT"
MOST_ON_A_PAGE = 255 * 255 - 1  # bytes of one packet
NO_LENGTH = frozenset({0x01, 0xFF, *range(0xD0, 0xDA)})  # markers of a JPEG that stand alone


@dataclass(frozen=True, slots=True)
class FileShape:
    split: Callable[[bytes], Sequence[Part]]
    join: Callable[[Sequence[Part]], bytes]


def shape_of(data: bytes) -> FileShape | None:
    """How these bytes are taken apart; None if nothing here knows how."""
    return next((shape for begins, shape in SHAPES if begins(data)), None)


def views(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """What anybody could read in it: as it is, and what its parts hold."""
    yield data
    shape = shape_of(data) if depth < DEEPEST else None
    for part in shape.split(data) if shape else ():
        yield part.name
        if part.content != data:
            yield from views(part.content, depth + 1)


def _png(data: bytes) -> Iterator[Part]:
    """Chunks, the pixels as one, and what stands behind them."""
    at, pixels = len(png.SIGNATURE), b""
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">L4s", data, at)
        content = data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == PIXELS:
            pixels += content
            continue
        if pixels:
            yield _pixels(pixels)
            pixels = b""
        yield Part(kind, content)
        if kind == b"IEND":
            break
    if pixels:
        yield _pixels(pixels)
    if at < len(data):
        yield Part(None, data[at:])


def _pixels(packed: bytes) -> Part:
    plain = inflated(packed)
    return Part(PIXELS, packed) if plain is None else Part("pixels", plain)


def _joined_png(parts: Sequence[Part]) -> bytes:
    made = png.SIGNATURE
    for part in parts:
        if part.keep is None:
            made += part.content
            continue
        kind, content = (PIXELS, deflated(part.content)) if part.keep == "pixels" else (part.keep, part.content)
        assert isinstance(kind, bytes)
        made += struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))
    return made


def _jpeg(data: bytes) -> Iterator[Part]:
    """Segments up to the pixels, which are one part with all that follows."""
    at = 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in NO_LENGTH or marker == SCAN or length < 2:
            break
        yield Part(marker, data[at + 4 : at + 2 + length])
        at += 2 + length
    yield Part(None, data[at:])


def _joined_jpeg(parts: Sequence[Part]) -> bytes:
    made = JPEG[:2]
    for part in parts:
        if isinstance(part.keep, int):
            made += struct.pack(">BBH", 0xFF, part.keep, len(part.content) + 2)
        made += part.content
    return made


def _ogg(data: bytes) -> Iterator[Part]:
    """Pages, and what stands between them."""
    at = 0
    while at < len(data):
        page = ogg.page_at(data, at)
        if page is None:
            following = data.find(ogg.PAGE, at + 1)
            stop = following if following >= 0 else len(data)
            yield Part(None, data[at:stop])
            at = stop
        else:
            yield Part(data[at : page.begin], data[page.begin : page.stop])
            at = page.stop


def _joined_ogg(parts: Sequence[Part]) -> bytes:
    made = b""
    for part in parts:
        if isinstance(part.keep, bytes):
            head = _laced(part.keep, len(part.content))
            blank = head[:22] + bytes(4) + head[26:] + part.content
            made += blank[:22] + struct.pack("<L", ogg.checksum(blank)) + blank[26:]
        else:
            made += part.content
    return made


def _laced(head: bytes, size: int) -> bytes:
    """The head of a page of that size: as it was, or with one packet in it."""
    if sum(head[ogg.HEAD :]) == size or size > MOST_ON_A_PAGE:
        return head
    lacing = bytes([255] * (size // 255) + [size % 255])
    return head[: ogg.HEAD - 1] + bytes([len(lacing)]) + lacing


SHAPES: tuple[tuple[Callable[[bytes], bool], FileShape], ...] = (
    (lambda data: data.startswith(png.SIGNATURE), FileShape(lambda data: tuple(_png(data)), _joined_png)),
    (lambda data: data.startswith(JPEG), FileShape(lambda data: tuple(_jpeg(data)), _joined_jpeg)),
    (ogg.begins, FileShape(lambda data: tuple(_ogg(data)), _joined_ogg)),
    (pdf_shape.begins, FileShape(pdf_shape.split, pdf_shape.join)),
    (zip_shape.begins, FileShape(zip_shape.split, zip_shape.join)),
)
