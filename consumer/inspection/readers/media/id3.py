"""ID3 tags, versions 2.2 to 2.4 (id3.org), as MP3, AAC and WAV have them: text, pictures, and objects of any kind."""

from __future__ import annotations

from consumer.inspection.readers import flate
from consumer.inspection.readers.media.layout import STEP, Layout
from consumer.inspection.readers.seen import Unreadable, Work

HEADER = 10
EXTENDED, FOOTER = 0x40, 0x10
PICTURES, OBJECTS = frozenset({b"APIC", b"PIC"}), frozenset({b"GEOB", b"GEO"})
TEXTS = frozenset(
    {b"COMM", b"COM", b"USLT", b"ULT", b"SYLT", b"SLT", b"USER", b"CHAP", b"CTOC", b"OWNE", b"COMR", b"IPLS"}
)
NUMBERS = frozenset({b"POPM", b"POP", b"PCNT", b"MCDI", b"UFID", b"RVA2", b"RVAD", b"MLLT", b"ETCO", b"SYTC", b"RGAD"})
FLAGS = {3: (0x80, 0x40, 0x80, 0x20), 4: (0x08, 0x04, 0x01, 0x40)}  # compressed, encrypted, with its size, in a group
MOST_FRAMES = 5_000
LONGEST_NAME = 1024  # bytes
MOST_INFLATED = 1024 * 1024


def begins(data: bytes, at: int = 0) -> bool:
    return data[at : at + 3] == b"ID3" and len(data) >= at + HEADER and data[at + 3] in (2, 3, 4)


def end(data: bytes, at: int) -> int:
    """Behind the tag that begins there, as it says."""
    footer = HEADER if data[at + 3] == 4 and data[at + 5] & FOOTER else 0
    return at + HEADER + _safe(data[at + 6 : at + 10]) + footer


def walk(data: bytes, at: int, layout: Layout, work: Work, most: int | None = None) -> int:
    """The tag that begins there, into `layout`; the place behind it. `Unreadable` if it is longer than the file.

    `most`: where the part that holds it ends, and it with that, whatever it says.
    """
    if not begins(data, at):
        raise Unreadable("a tag is not built like one")
    version, flags = data[at + 3], data[at + 5]
    stop, behind = at + HEADER + _safe(data[at + 6 : at + 10]), end(data, at)
    if most is not None:
        stop, behind = min(stop, most), min(behind, most)
    if behind > len(data):
        raise Unreadable(f"the {layout.noun} stops inside its tag")
    place = at + HEADER
    if flags & EXTENDED and version > 2:
        size = data[place : place + 4]
        place += _safe(size) if version == 4 else 4 + int.from_bytes(size, "big")
    place = _frames(data, place, stop, version, layout, work)
    layout.hide(place, stop)
    return behind


def _safe(four: bytes) -> int:
    """A number in bytes of seven bits, so that it never looks like the beginning of sound."""
    size = 0
    for byte in four:
        size = size << 7 | (byte & 0x7F)
    return size


def _frames(data: bytes, at: int, stop: int, version: int, layout: Layout, work: Work) -> int:
    """Those of one tag; where they end and its padding begins."""
    width, head = (3, 6) if version == 2 else (4, 10)
    for _ in range(MOST_FRAMES):
        work.step(STEP)
        kind = data[at : at + width]
        if at + head > stop or not kind.isalnum():
            return at
        size = int.from_bytes(data[at + width : at + 2 * width], "big")
        if version == 4:
            size = _size_of_four(data, at, stop, size)
        begin, behind = at + head, at + head + size
        if behind > stop:
            return at
        flags = data[at + 9] if width == 4 else 0
        packed, secret, sized, grouped = (bool(flags & bit) for bit in FLAGS.get(version, (0, 0, 0, 0)))
        layout.encrypted |= secret
        begin = min(behind, begin + 4 * sized + grouped)
        if packed and kind in PICTURES | OBJECTS:
            pieces = flate.inflate(flate.cut(memoryview(data)[begin:behind]), work)
            _object(flate.head(pieces, MOST_INFLATED), kind, layout)
        else:
            _frame(data, kind, begin, behind, layout)
        at = behind
    raise Unreadable("the tag has too many parts")


def _size_of_four(data: bytes, at: int, stop: int, plain: int) -> int:
    """Of version 2.4, in bytes of seven bits. iTunes wrote plain numbers: it is the one that another frame follows."""
    safe = _safe(data[at + 4 : at + 8])
    if safe == plain or _is_followed(data, at + 10 + safe, stop):
        return safe
    return plain if _is_followed(data, at + 10 + plain, stop) else safe


def _is_followed(data: bytes, at: int, stop: int) -> bool:
    return at == stop or (at < stop and (data[at] == 0 or data[at : at + 4].isalnum()))


def _frame(data: bytes, kind: bytes, begin: int, stop: int, layout: Layout) -> None:
    if kind in PICTURES | OBJECTS:
        _object(data[begin:stop], kind, layout)
    elif kind[:1] in (b"T", b"W") or kind in TEXTS:
        layout.text(begin, stop)
    elif kind not in NUMBERS:
        layout.hide(begin, stop)


def _object(content: bytes, kind: bytes, layout: Layout) -> None:
    """A picture or a file: an encoding, a type, names, the bytes."""
    wide = content[:1] in (b"\1", b"\2")
    at = 4 if kind == b"PIC" else _terminated(content, 1, False)
    if kind in PICTURES:
        layout.attach(content[_terminated(content, at + 1, wide) :])
        return
    behind = _terminated(content, at, wide)
    name = content[at : min(behind, at + LONGEST_NAME)].decode("utf-16" if wide else "utf-8", "replace")
    layout.attach(content[_terminated(content, behind, wide) :], name.rstrip("\0"))


def _terminated(content: bytes, at: int, wide: bool) -> int:
    """Behind the text that begins there; the end if nothing ends it."""
    zeros = b"\0\0" if wide else b"\0"
    zero = content.find(zeros, at)
    while wide and zero >= 0 and (zero - at) & 1:
        zero = content.find(zeros, zero + 1)
    return zero + len(zeros) if zero >= 0 else len(content)
