"""The short film that a phone puts behind a picture, known by its structure: boxes of ISO 14496-12, one after another.

Makers differ in what they write around it: Google and others announce it in XMP or not at all, Samsung frames it with
named blocks, others write notes in JSON behind it. Whatever stands around it is looked at by itself.
"""

from __future__ import annotations

import string

from consumer.inspection.readers.formats import PADDING

SAMSUNG = b"MotionPhoto_Data"
BOX = 8  # bytes of a box's header
BRANDS = b"ftyp"
CONTENTS = (b"mdat", b"moov", b"moof")
_NAMES = frozenset((string.ascii_letters + string.digits + " -_\xa9").encode("latin-1"))
MOST_BOXES = 10_000


def cut_out(data: bytes) -> bytes | None:
    """`data` without the film that it begins with or that a maker's block frames; None if there is none."""
    begin = _begin(data)
    if begin is None:
        return None
    end = _end(data, begin)
    return None if end is None else data[:begin] + data[end:]


def _begin(data: bytes) -> int | None:
    if (framed := data.find(SAMSUNG)) >= 0 and data[framed + len(SAMSUNG) + 4 :][:4] == BRANDS:
        return framed + len(SAMSUNG)
    start = len(data) - len(data.lstrip(PADDING))
    at = data.find(BRANDS, max(0, start - 4), start + 8)
    return at - 4 if at >= 4 else None


def _end(data: bytes, at: int) -> int | None:
    """Behind its last box; None if it has no content, or a box that is none before it has."""
    content = False
    for _ in range(MOST_BOXES):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + BOX]
        if len(name) < 4 or not _NAMES.issuperset(name):
            break
        if size == 1:
            size = int.from_bytes(data[at + BOX : at + 2 * BOX], "big")
        size = size or len(data) - at
        if size < BOX or at + size > len(data):
            break
        content = content or name in CONTENTS
        at += size
    return at if content else None
