"""Compressed streams, inflated no further than is paid for."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from consumer.inspection.seen import Work

PIECE = 256 * 1024
INFLATING = 2  # inflating a byte costs as much as reading two


def pieces(packed: bytes | memoryview, work: Work, first: int = PIECE) -> Iterator[bytes]:
    """What `packed` holds, piece by piece; what is damaged ends it, as readers show what came before the damage."""
    engine, most = zlib.decompressobj(), first
    try:
        for start in range(0, len(packed), PIECE):
            feed: bytes | memoryview = packed[start : start + PIECE]
            work.spend(len(feed))
            while feed and not engine.eof:
                piece = engine.decompress(feed, most)
                work.spend(INFLATING * len(piece))
                if piece:
                    yield piece
                feed, most = engine.unconsumed_tail, PIECE
            if engine.eof:
                return
        while piece := engine.decompress(b"", PIECE):
            work.spend(INFLATING * len(piece))
            yield piece
    except zlib.error:
        return


def inflated(packed: bytes | memoryview, most: int, work: Work) -> bytes:
    """The first `most` bytes of what `packed` holds."""
    content = bytearray()
    for piece in pieces(packed, work, min(most, PIECE)):
        content += piece
        if len(content) >= most:
            break
    return bytes(content[:most])


def size(packed: bytes | memoryview, most: int, work: Work) -> int:
    """How many bytes `packed` holds, counted until they are more than `most`."""
    counted = 0
    for piece in pieces(packed, work):
        counted += len(piece)
        if counted > most:
            break
    return counted
