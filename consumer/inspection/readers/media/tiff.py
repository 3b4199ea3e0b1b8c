"""TIFF and BigTIFF: directories of values that may stand anywhere in the file, and the strips or tiles of each page.

What marks the end is the last byte that a directory names. One whose directory, strips or tiles stand behind the end of
the file is cut. What no directory names is a gap.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from consumer.inspection.readers.ends import End
from consumer.inspection.readers.media import tiff_page, tiff_strips
from consumer.inspection.readers.media.layout import STEP, Layout, judge
from consumer.inspection.readers.media.tiff_strips import (
    COLORS,
    DEPTHS,
    HEIGHT,
    OF_LESS_COLOR,
    PACKING,
    SAMPLES,
    WIDTH,
)
from consumer.inspection.readers.seen import Limits, Seen, Unreadable, Work
from consumer.inspection.readers.trailing import Extent

END = End("the last value, strip or tile that a directory names", "every one", "none")
STARTS = (b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0")
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
NUMBERS = {1: "B", 3: "H", 4: "L", 6: "B", 8: "H", 9: "L", 13: "L", 16: "Q", 17: "Q", 18: "Q"}  # none is below 0
ASCII, BYTES = 2, frozenset({1, 7})
PLACES = {273: 279, 324: 325, 513: 514}  # strips, tiles, an older JPEG: where they are, and how long
MOST_SAMPLES = 8
PAGES, TABLES = 330, 347  # the second: what the JPEGs of a page have in common
DIRECTORIES = frozenset({PAGES, 34665, 34853, 40965})  # further ones: pages inside, of the camera, of the place
TEXTS = frozenset({700, 37510, *range(40091, 40096)})  # XMP, comments, what Windows calls title
PROPERTIES = 37680  # what Office notes of a page that it has scanned, as a file of its own
ROUNDED = 16  # bytes that some writers put behind the last value
LONG = 64  # bytes: shorter values are numbers
MOST_DIRECTORIES, MOST_ENTRIES, MOST_STRIPS = 2_000, 4_096, 1_000_000


def begins(data: bytes) -> bool:
    return data.startswith(STARTS)


@dataclass(slots=True)
class _Walk:
    data: bytes
    order: str  # of bytes, as struct writes it
    big: bool
    layout: Layout
    work: Work
    used: list[Extent] = field(default_factory=list)
    pages: int = 0
    first: dict[int, DirectoryEntry] | None = None  # the first directory, if it is a page

    def number(self, at: int, size: int) -> int:
        return int.from_bytes(self.data[at : at + size], "little" if self.order == "<" else "big")

    def use(self, begin: int, stop: int) -> None:
        if stop > len(self.data):
            raise Unreadable("the TIFF stops before its end")
        self.used.append((begin, stop))


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    tag: int
    kind: int
    count: int
    begin: int  # of its value
    stop: int
    is_here: bool  # in the directory itself


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "image/tiff"
    layout = Layout("picture")
    walk = _walked(data, layout, seen.work)
    seen.pages = walk.pages
    _first_page(walk)
    judge(data, layout, seen, limits)


def camera(data: bytes, begin: int, stop: int, layout: Layout, work: Work) -> None:
    """Exif in another format: a TIFF without a picture. What it says in words, and what it keeps for itself."""
    begin += 6 if data[begin : begin + 6] == b"Exif\0\0" else 0
    inner = Layout("picture")
    with suppress(Unreadable):
        _walked(data[begin:stop], inner, work)
    for first, last in inner.texts:
        layout.text(begin + first, begin + last)
    for first, last in inner.unshown:
        layout.hide(begin + first, begin + last)
    if not inner.texts and not inner.unshown:
        layout.hide(begin, stop)


def _walked(data: bytes, layout: Layout, work: Work) -> _Walk:
    """Every directory, into `layout`: with the gaps between what they name."""
    order = "<" if data[:2] == b"II" else ">"
    walk = _Walk(data, order, data[2:4] in (b"+\0", b"\0+"), layout, work)
    head = 16 if walk.big else 8
    walk.use(0, head)
    _directories(walk, walk.number(head // 2, head // 2))
    layout.end = at = 0
    for begin, stop in sorted(walk.used):
        layout.hide(at, begin)
        at = max(at, stop)
    layout.end = at if len(data) - at > ROUNDED or data[at:].strip(b"\0") else len(data)
    return walk


def _directories(walk: _Walk, first: int) -> None:
    waiting, known = list[tuple[int, bool]](), {0}

    def visit(places: Iterable[int], is_page: bool) -> None:
        new = {place: is_page for place in places if place not in known}
        known.update(new)
        waiting.extend(new.items())
        if len(known) > MOST_DIRECTORIES:
            raise Unreadable("the TIFF has too many directories")

    visit([first], is_page=True)
    while waiting:
        at, is_page = waiting.pop()
        if not is_page and walk.number(at, 8 if walk.big else 2) > MOST_ENTRIES:
            continue  # a camera's that was overwritten: viewers pass over it
        entries = {entry.tag: entry for entry in _entries(walk, at)}
        for tag in DIRECTORIES & entries.keys():
            visit(_numbers(walk, entries[tag]), is_page and tag == PAGES)
        _page(walk, entries)
        walk.first = entries if walk.pages and at == first else walk.first
        for entry in entries.values():
            _value(walk, entry, is_page)
        if is_page:  # behind others may stand anything
            following = _following(walk, at)
            visit([0 if _is_the_end(walk, following) else following], is_page)


def _is_the_end(walk: _Walk, following: int) -> bool:
    """Some writers say so in place of 0: what is there ends with the file, and so would the next directory begin."""
    size = len(walk.data)
    return size <= following < size + ROUNDED and max(stop for _, stop in walk.used) == size


def _following(walk: _Walk, at: int) -> int:
    """Where the next directory is, as one says behind its entries; 0 if the file ends in the middle of that."""
    place = at + (8 + 20 * walk.number(at, 8) if walk.big else 2 + 12 * walk.number(at, 2))
    wide = 8 if walk.big else 4
    return walk.number(place, wide) if place + wide <= len(walk.data) else 0


def _entries(walk: _Walk, at: int) -> Iterator[DirectoryEntry]:
    wide, head = (8, 8) if walk.big else (4, 2)
    count = walk.number(at, head)
    if count > MOST_ENTRIES:
        raise Unreadable("a directory of the TIFF has too many entries")
    stop = at + head + count * (4 + 2 * wide)
    walk.use(at, max(stop, min(stop + wide, len(walk.data))))  # some writers say of the last one nothing behind it
    for place in range(at + head, at + head + count * (4 + 2 * wide), 4 + 2 * wide):
        walk.work.step(STEP)
        tag, kind, many = walk.number(place, 2), walk.number(place + 2, 2), walk.number(place + 4, wide)
        size = SIZES.get(kind, 1) * many
        here = size <= wide
        begin = place + 4 + wide if here else walk.number(place + 4 + wide, wide)
        yield DirectoryEntry(tag, kind, many, begin, begin + size, here)


def _numbers(walk: _Walk, entry: DirectoryEntry) -> list[int]:
    """The values of an entry; none for what is no number or stands behind the end of the file."""
    letter = NUMBERS.get(entry.kind)
    if letter is None or entry.stop > len(walk.data) or entry.count > MOST_STRIPS:
        return []
    walk.work.spend(STEP * (1 + entry.count // 2))
    return list(struct.unpack_from(f"{walk.order}{entry.count}{letter}", walk.data, entry.begin))


def _page(walk: _Walk, entries: dict[int, DirectoryEntry]) -> None:
    """Its size, and the strips or tiles that it is made of."""
    shown = False
    for where, how_long in PLACES.items():
        if where not in entries:
            continue
        entry = entries[where]
        if entry.stop > len(walk.data):
            raise Unreadable("the TIFF stops before its end")
        begins, sizes = _numbers(walk, entry), _numbers(walk, entries[how_long]) if how_long in entries else []
        if not sizes and len(begins) == 1:
            sizes = [len(walk.data) - begins[0]]
        for begin, size in zip(begins, sizes, strict=False):
            walk.use(begin, begin + size)
        shown = shown or (bool(begins) and len(begins) <= len(sizes))
    if not shown or not {WIDTH, HEIGHT} <= entries.keys():
        return
    sides = [*_numbers(walk, entries[WIDTH])[:1], *_numbers(walk, entries[HEIGHT])[:1]]
    if len(sides) == 2 and all(sides):
        walk.pages += 1
        samples = (_numbers(walk, entries[SAMPLES]) if SAMPLES in entries else [1])[:1]
        depths = _numbers(walk, entries[DEPTHS])[:MOST_SAMPLES] if DEPTHS in entries else [1]
        walk.layout.bits = max(1, min(32, sum(samples) * max(min(8, depth) for depth in depths or [8])))
        walk.layout.width, walk.layout.height = (
            max(walk.layout.width, sides[0]),
            max(walk.layout.height, sides[1]),
        )
        walk.layout.drawn += sides[0] * sides[1]


def _first_page(walk: _Walk) -> None:
    """`Unreadable` if nobody draws it: then nobody opens the file."""
    if walk.first is None:
        raise Unreadable("the TIFF has no picture" if not walk.pages else "the TIFF's first page has no picture")
    samples, bits, packing = (_said(walk, tag) for tag in (SAMPLES, DEPTHS, PACKING))
    if packing and packing[0] in tiff_page.AS_FILES:
        walk.layout.packed.append(tiff_page.AS_FILES[packing[0]])
    if found := tiff_page.fault(samples, bits, packing):
        raise Unreadable(found)
    wide, high, colors = (_said(walk, tag)[:1] for tag in (WIDTH, HEIGHT, COLORS))
    size = sum(high) * ((sum(wide) * samples[0] * bits[0] + 7) // 8)
    if packing[0] == tiff_page.PLAIN and colors != OF_LESS_COLOR and size > len(walk.data) and not _has_holes(walk):
        raise Unreadable("the TIFF stops before its end")
    said = {tag: numbers for tag in tiff_strips.ASKED & walk.first.keys() if (numbers := _said(walk, tag))}
    tables = walk.data[walk.first[TABLES].begin : walk.first[TABLES].stop] if TABLES in walk.first else b""
    if found := tiff_strips.fault(walk.data, said, tables, walk.work):
        raise Unreadable(found)


def _has_holes(walk: _Walk) -> bool:
    """Maps leave strips and tiles out in which there is nothing."""
    return any(0 in _said(walk, where) for where in PLACES)


def _said(walk: _Walk, tag: int) -> list[int]:
    """What an entry of the first directory says; 1 where there is none."""
    return _numbers(walk, walk.first[tag]) if walk.first and tag in walk.first else [1]


def _value(walk: _Walk, entry: DirectoryEntry, is_page: bool) -> None:
    """Values that stand elsewhere. Notes of a camera may point anywhere: what is not there is not shown."""
    if entry.is_here or (not is_page and entry.stop > len(walk.data)):
        return
    walk.use(entry.begin, entry.stop)
    if entry.kind == ASCII or entry.tag in TEXTS:
        walk.layout.text(entry.begin, entry.stop)
    elif entry.tag == PROPERTIES:
        walk.layout.attach(walk.data[entry.begin : entry.stop])
    elif entry.kind in BYTES and entry.stop - entry.begin > LONG:
        walk.layout.hide(entry.begin, entry.stop)
