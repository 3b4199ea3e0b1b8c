"""What a file is taken apart into."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

MOST_INFLATED = 64 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Part:
    """`keep` says how it is written, and holds nothing that anybody typed; name and content may be changed."""

    keep: object
    content: bytes
    name: bytes = b""


def inflated(packed: bytes, window_bits: int = zlib.MAX_WBITS) -> bytes | None:
    """None for what is damaged, or too much to hold."""
    engine = zlib.decompressobj(window_bits)
    try:
        plain = engine.decompress(packed, MOST_INFLATED)
    except zlib.error:
        return None
    return plain if engine.eof and not engine.unused_data else None


def deflated(plain: bytes, window_bits: int = zlib.MAX_WBITS) -> bytes:
    engine = zlib.compressobj(9, wbits=window_bits)
    return engine.compress(plain) + engine.flush()
