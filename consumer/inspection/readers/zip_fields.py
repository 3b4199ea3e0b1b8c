"""The fields beside an entry of a ZIP archive: sizes, times, a second name, and what else anybody puts there."""

from __future__ import annotations

import struct
from collections.abc import Iterator

LARGE_SIZES, UNICODE_PATH = 0x0001, 0x7075
A_PATH = UNICODE_PATH.to_bytes(2, "little")
ROOM, OFFICE = 0xA220, b"\x28\xa0"  # a field that keeps room for a longer name, and how Office's own begins
TIMES = frozenset({0x0001, 0x000A, 0x5455, 0x5855, 0x7855, 0x7875})  # and sizes, and who owns it: numbers, all of them
MOST_FIELDS = 16
SHORT = 64  # bytes of a field that holds numbers
FULL = 0xFFFFFFFF  # in place of what does not fit


def each(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """As far as they are sound, and not without end. What follows is a field of its own, of no kind."""
    at = 0
    for _ in range(MOST_FIELDS):
        kind, length = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        if at + 4 + length > len(extra):
            break
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length
    if at < len(extra):
        yield 0, extra[at:]


def remarks(extras: tuple[bytes, ...], comment: bytes) -> tuple[bytes, ...]:
    """Each field that holds more than numbers, and all of them as they stand, with the bytes that head them."""
    said = [comment] if comment else []
    for extra in extras:
        if fields := [field for kind, field in each(extra) if not _is_usual(kind, field)]:
            said += [*fields, extra]
    return tuple(said)


def _is_usual(kind: int, field: bytes) -> bool:
    """Numbers, or the room that Office keeps: how much of it there is, and nothing but zeros."""
    if kind == ROOM:
        return field.startswith(OFFICE) and not field[4:].strip(b"\0")
    return kind in TIMES and len(field) <= SHORT


def large(extra: bytes, *small: int) -> tuple[int, int, int]:
    """Sizes and offset that do not fit into 32 bits stand in the ZIP64 field, in this order."""
    values = list(small)
    for kind, field in each(extra):
        if kind == LARGE_SIZES:
            used = 0
            for index, value in enumerate(values):
                if value == FULL and used + 8 <= len(field):
                    values[index] = struct.unpack_from("<Q", field, used)[0]
                    used += 8
    return values[0], values[1], values[2]
