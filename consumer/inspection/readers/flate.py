"""Compressed streams, inflated no further than is paid for."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from consumer.inspection.readers.seen import Work

FIRST_PIECE = 4096  # bytes that come out of it at once: of most streams only the head is asked for
MOST_AT_ONCE = 16 * 1024  # bytes that come out of a stream which is inflated in one step
LARGEST_PIECE = 96 * 1024  # what is larger is memory that the system hands out anew each time
INFLATING = 2  # a byte that comes out of it costs as much as reading two


def cut(data: bytes | memoryview) -> Iterator[memoryview]:
    """`data` in pieces."""
    at, size = 0, FIRST_PIECE
    while at < len(data):
        yield memoryview(data)[at : at + size]
        at, size = at + size, min(LARGEST_PIECE, 4 * size)


def short(packed: bytes, at: int, work: Work) -> bytes | None:
    """What begins at `at`, if it is whole and short as most streams are, in one step; None if it is not."""
    engine = zlib.decompressobj()
    work.spend(FIRST_PIECE)
    try:
        made = engine.decompress(memoryview(packed)[at : at + FIRST_PIECE], MOST_AT_ONCE)
    except zlib.error:
        return None
    work.spend(INFLATING * len(made))
    return made if engine.eof else None


def inflate(packed: Iterable[bytes | memoryview], work: Work) -> Iterator[bytes]:
    """What `packed` holds, piece by piece. Damage ends it: readers too show what came before."""
    engine, most = zlib.decompressobj(), FIRST_PIECE
    try:
        for piece in packed:
            feed: bytes | memoryview = piece
            work.spend(len(feed))
            while feed and not engine.eof:
                made = engine.decompress(feed, most)
                work.spend(INFLATING * len(made))
                if made:
                    yield made
                feed, most = engine.unconsumed_tail, min(LARGEST_PIECE, 4 * most)
            if engine.eof:
                return
        while made := engine.decompress(b"", LARGEST_PIECE):
            work.spend(INFLATING * len(made))
            yield made
    except zlib.error:
        return


def head(pieces: Iterable[bytes], most: int) -> bytes:
    """The first `most` bytes of them."""
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) >= most:
            break
    return bytes(content[:most])


def count(pieces: Iterable[bytes], most: int) -> int:
    """How many bytes they are in all, or some number above `most`."""
    counted = 0
    for piece in pieces:
        counted += len(piece)
        if counted > most:
            break
    return counted
