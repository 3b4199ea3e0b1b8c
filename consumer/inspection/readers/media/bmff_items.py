"""The items of a HEIC or AVIF picture: what they are, where their bytes are, how large they are shown."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from consumer.inspection.readers.media import bmff_codes, tiff
from consumer.inspection.readers.media.boxes import Box, boxes
from consumer.inspection.readers.media.layout import STEP, Layout
from consumer.inspection.readers.seen import Unreadable, Work
from consumer.inspection.readers.trailing import Extent

MOST_ITEMS = 10_000
A_NUMBER_OF_IT = 224  # of work, for each property that an item has
XMP = b"application/rdf+xml"
IN_FILE = 0  # how a place is counted: from the beginning of the file
PADDING = frozenset({b"free", b"skip"})
DERIVED = frozenset({b"iden"})  # made of another item, with no content of its own
AV1, MADE_OF = b"av01", b"dimg"
DESCRIPTIONS = {AV1: b"av1C", b"hvc1": b"hvcC", b"hev1": b"hvcC"}  # of the code that an item of a kind has
OTHERS = DERIVED | {
    b"grid", b"iovl", b"tmap", b"tili", b"mask", b"unci", b"mski",  # made of others, and pixels as they are
    b"lhv1", b"vvc1", b"evc1", b"avc1", b"svc1", b"mvc1", b"jpeg", b"jpgs", b"jxlI", b"j2k1", b"j2ki",
}  # fmt: skip
"""Kinds of pictures whose code is not read here."""
KNOWN = frozenset({b"hdlr", b"ipro", b"dinf", b"grpl"})
OF_ONE_VERSION = frozenset({b"meta", b"hdlr", b"ispe", b"pixi"})  # viewers refuse one of another


@dataclass(slots=True)
class _Items:
    kinds: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)  # what each is, and its MIME type
    places: dict[int, list[Extent]] = field(default_factory=dict)  # in the file
    stored: set[int] = field(default_factory=set)  # those that have a place, there or in a box of their own
    described: dict[int, list[int]] = field(default_factory=dict)  # the numbers of the properties that each has
    made_of: dict[int, list[int]] = field(default_factory=dict)  # the items that one is put together from
    properties: list[Box] = field(default_factory=list)  # the first one has the number 1
    shown: int | None = None  # the one that is the picture, where that is said
    unknown: bool = False  # whether a box is of a version that nobody knows

    @property
    def hold_a_picture(self) -> bool:
        """Whether the one that is shown is there, or any if none is named (ISO 23008-12, 6.2 and 6.5.3)."""
        named = self.kinds if self.shown is None else self.kinds.keys() & {self.shown}
        return any(item in self.described and (self.kinds[item][0] in DERIVED or item in self.stored) for item in named)

    def property_of(self, item: int, kind: bytes) -> Box | None:
        numbers = (number - 1 for number in self.described.get(item, ()) if 0 < number <= len(self.properties))
        return next((self.properties[number] for number in numbers if self.properties[number].kind == kind), None)


def walk(data: bytes, meta: Box, layout: Layout, work: Work) -> bool:
    """Whether there is a picture; its size, its texts and the files in it go into `layout`."""
    items = _Items(unknown=_is_unknown(data, meta))
    pictured = False
    for box in boxes(data, meta.begin + 4, meta.stop, work):
        items.unknown |= _is_unknown(data, box)
        if box.kind == b"hdlr":
            pictured = data[box.begin + 8 : box.begin + 12] == b"pict"
        elif box.kind == b"iinf":
            _kinds(data, box, items, layout, work)
        elif box.kind == b"iloc":
            _Locations(data, box, items, work).read()
        elif box.kind == b"iprp":
            _properties(data, box, items, layout, work)
        elif box.kind == b"iref":
            with suppress(Unreadable):  # viewers draw what they can without
                _made_of(data, box, items, work)
        elif box.kind == b"pitm":
            items.shown = int.from_bytes(data[box.begin + 4 : box.begin + (8 if data[box.begin] else 6)], "big")
        elif box.kind in PADDING or (box.kind not in KNOWN and box.kind != b"idat"):
            layout.hide(box.begin, box.stop)
    if not pictured:
        return False
    if items.unknown:
        raise Unreadable("the picture's index is of a version that nobody knows")
    if not items.hold_a_picture or not layout.width:
        raise Unreadable("the picture has no content")
    parts = [] if items.shown is None else items.made_of.get(items.shown) or [items.shown]
    if parts and not any(_is_drawn(data, items, part, work) for part in parts):
        raise Unreadable("the picture's pixels are damaged")
    for number, extents in items.places.items():
        _item(data, items.kinds.get(number, (b"", b"")), extents, layout, work)
    return True


def _is_unknown(data: bytes, box: Box) -> bool:
    return box.kind in OF_ONE_VERSION and box.begin < box.stop and data[box.begin] != 0


def _kinds(data: bytes, box: Box, items: _Items, layout: Layout, work: Work) -> None:
    wide = 4 if data[box.begin] else 2
    for entry in boxes(data, box.begin + 4 + wide, box.stop, work):
        version, at = data[entry.begin], entry.begin + 4
        if entry.kind != b"infe" or version < 2:
            continue
        width = 2 if version == 2 else 4
        number = int.from_bytes(data[at : at + width], "big")
        protected = data[at + width : at + width + 2] != b"\0\0"
        kind = data[at + width + 2 : at + width + 6]
        words = data[at + width + 6 : entry.stop].split(b"\0", 2)
        layout.encrypted |= protected
        items.kinds[number] = (kind, words[1] if kind == b"mime" and len(words) > 1 else b"")
        if len(items.kinds) > MOST_ITEMS:
            raise Unreadable("the picture has too many items")


@dataclass(slots=True)
class _Locations:
    """The box that says where items are, whose numbers are as wide as it says."""

    data: bytes
    box: Box
    items: _Items
    work: Work
    at: int = 0

    def read(self) -> None:
        version, self.at = self.data[self.box.begin], self.box.begin + 4
        widths = self._number(2)
        offset, length, base = widths >> 12, widths >> 8 & 15, widths >> 4 & 15
        index = widths & 15 if version in (1, 2) else 0
        for _ in range(min(self._number(4 if version == 2 else 2), MOST_ITEMS)):
            number = self._number(4 if version == 2 else 2)
            method = self._number(2) & 15 if version in (1, 2) else IN_FILE
            self._number(2)
            start = self._number(base)
            extents = []
            for _ in range(self._number(2)):
                self.work.step(STEP)
                self._number(index)
                begin, size = start + self._number(offset), self._number(length)
                extents.append((begin, begin + size if size else len(self.data)))
            if extents:
                self.items.stored.add(number)
            if method == IN_FILE:
                self.items.places[number] = extents

    def _number(self, width: int) -> int:
        self.at += width
        if self.at > self.box.stop:
            raise Unreadable("the picture's list of places is cut")
        return int.from_bytes(self.data[self.at - width : self.at], "big")


def _properties(data: bytes, box: Box, items: _Items, layout: Layout, work: Work) -> None:
    """How large the picture and its tiles are, and which items have properties."""
    for holder in boxes(data, box.begin, box.stop, work):
        if holder.kind == b"ipma":
            items.described |= _described(data, holder, work)
        if holder.kind != b"ipco":
            continue
        for entry in boxes(data, holder.begin, holder.stop, work):
            items.properties.append(entry)
            items.unknown |= _is_unknown(data, entry)
            if entry.kind == b"ispe" and entry.stop - entry.begin >= 12:
                layout.width = max(layout.width, int.from_bytes(data[entry.begin + 4 : entry.begin + 8], "big"))
                layout.height = max(layout.height, int.from_bytes(data[entry.begin + 8 : entry.begin + 12], "big"))


def _described(data: bytes, box: Box, work: Work) -> dict[int, list[int]]:
    described, at = dict[int, list[int]](), box.begin + 8
    width, length = 4 if data[box.begin] else 2, 2 if data[box.begin + 3] & 1 else 1
    essential = 1 << 8 * length - 1  # a bit beside the number
    for _ in range(min(int.from_bytes(data[box.begin + 4 : at], "big"), MOST_ITEMS)):
        work.step(STEP)
        if at + width >= box.stop:
            break
        item, many = int.from_bytes(data[at : at + width], "big"), data[at + width]
        at += width + 1
        work.spend(A_NUMBER_OF_IT * many)
        stop = at + length * many
        numbers = (int.from_bytes(data[place : place + length], "big") for place in range(at, stop, length))
        described.setdefault(item, []).extend(number & ~essential for number in numbers)
        at = stop
    return described


def _made_of(data: bytes, box: Box, items: _Items, work: Work) -> None:
    wide = 4 if data[box.begin] else 2
    for entry in boxes(data, box.begin + 4, box.stop, work):
        if entry.kind == MADE_OF:
            numbers = data[entry.begin : entry.begin + wide], data[entry.begin + wide + 2 : entry.stop]
            item, parts = int.from_bytes(numbers[0], "big"), numbers[1]
            work.spend(STEP * (1 + len(parts) // wide))
            every = (int.from_bytes(parts[at : at + wide], "big") for at in range(0, len(parts), wide))
            items.made_of.setdefault(item, []).extend(every)


def _is_drawn(data: bytes, items: _Items, item: int, work: Work) -> bool:
    """Whether its code is built like one of its kind; so is what stands elsewhere."""
    kind = items.kinds.get(item, (b"", b""))[0]
    if kind not in DESCRIPTIONS or item not in items.places:
        return kind in OTHERS or kind in DESCRIPTIONS
    description = items.property_of(item, DESCRIPTIONS[kind])
    if description is None:
        return False
    work.spend(sum(stop - begin for begin, stop in items.places[item]))  # they may overlap
    code = b"".join(data[begin:stop] for begin, stop in items.places[item])
    if kind == AV1:
        return bmff_codes.is_av1(code, work)
    return bmff_codes.is_hevc(code, data[description.begin : description.stop], work)


def _item(data: bytes, kind: tuple[bytes, bytes], extents: list[Extent], layout: Layout, work: Work) -> None:
    for begin, stop in extents:
        if stop > len(data):
            raise Unreadable("the picture stops before its end")
        work.step(STEP)
        if kind == (b"mime", XMP):
            layout.text(begin, stop)
        elif kind[0] in (b"mime", b"uri "):
            layout.attach(data[begin:stop])
        elif kind[0] == b"Exif":
            at = begin + 4 + int.from_bytes(data[begin : begin + 4], "big")
            tiff.camera(data, at if at < stop else begin + 4, stop, layout, work)
