"""One box of the ISO base media file format: four letters, a size, content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consumer.inspection.readers.media.layout import STEP
from consumer.inspection.readers.seen import Unreadable, Work


@dataclass(frozen=True, slots=True)
class Box:
    kind: bytes
    start: int
    begin: int  # of its content
    promised: int  # behind its content, as it says
    stop: int  # behind its content, as far as there is any


def box_at(data: bytes, at: int, end: int | None = None) -> Box | None:
    """The one that stands there; None if its size is impossible."""
    end = len(data) if end is None else end
    if at + 8 > end:
        return None
    size, kind, begin = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
    if size == 1:
        size, begin = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
    elif size == 0:
        size = end - at  # to the end of what it stands in
    if at + size < begin:
        return None
    return Box(kind, at, begin, at + size, min(end, at + size))


def boxes(data: bytes, at: int, end: int, work: Work) -> Iterator[Box]:
    """Those between two places. QuickTime ends some lists with four zeros."""
    while end - at >= 8:
        work.step(STEP)
        box = box_at(data, at, end)
        if box is None or box.promised > end:
            raise Unreadable("a part of the film is longer than what it stands in")
        yield box
        at = box.stop
