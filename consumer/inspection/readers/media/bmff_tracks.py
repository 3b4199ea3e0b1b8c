"""The index of a film: its tracks, what they need from elsewhere, and what people wrote beside them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from consumer.inspection.readers import flate
from consumer.inspection.readers.media import id3
from consumer.inspection.readers.media.boxes import Box, box_at, boxes
from consumer.inspection.readers.media.layout import STEP, Layout
from consumer.inspection.readers.seen import Seen, Work
from consumer.model import Reason

HOLDERS = frozenset({b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"sinf", b"tref", b"trgr"})
TABLES = frozenset(
    {
        b"mvhd", b"tkhd", b"mdhd", b"vmhd", b"smhd", b"nmhd", b"sthd", b"hmhd", b"gmhd", b"elst", b"stts", b"ctts",
        b"stss", b"stsc", b"stz2", b"sdtp", b"sgpd", b"sbgp", b"subs", b"cslg", b"stps", b"iods", b"tapt", b"load",
        b"clip", b"matt",
        b"stsh", b"padb", b"stdp", b"saiz", b"saio", b"elng", b"ctab", b"imap",
    }
)  # fmt: skip
SIZES, PLACES = frozenset({b"stsz", b"stz2"}), frozenset({b"stco", b"co64"})
ROWS = {b"stsd": 16, b"stts": 8, b"stsc": 12, b"stsz": 4, b"stco": 4, b"co64": 8}
"""Bytes that a row of each list has, or has at least."""
LEAST_OF_A_CODEC = 16  # bytes
ROWS_BEGIN = {b"stsz": 12, b"stz2": 12}
REMARKS = frozenset({b"udta", b"meta"})
TEXTS = frozenset(
    {
        b"titl", b"dscp", b"auth", b"cprt", b"perf", b"gnre", b"albm", b"yrrc", b"loci", b"kywd", b"clsf",
        b"rtng", b"XMP_",
        b"xml ", b"name", b"keys", b"hnti", b"chpl", b"mdta", b"url ", b"desc",
    }
)  # fmt: skip
SECRET_ENTRIES = frozenset({b"encv", b"enca", b"enct", b"encs", b"encm", b"encu", b"drms", b"drmi", b"drmt"})
ACTIVE = {b"flsh": "Flash", b"sprt": "a track that acts"}  # what QuickTime ran
MOST_UNPACKED = 4 * 1024 * 1024  # bytes of an index
HERE = 1  # of a reference to media: they are in this file
COVERS = frozenset({13, 14, 27})  # JPEG, PNG, BMP


@dataclass(slots=True)
class Tracks:
    count: int = 0
    playable: int = 0  # that say how long, how large and where their samples are
    shown: bool = False  # whether one of them is film
    fragmented: bool = False
    samples: int = 0
    bytes: int = 0  # of the largest track
    furthest: int = 0  # the last place in the file where one of them has something
    elsewhere: bool = False  # media of another file, or another film, is loaded
    active: str = ""


def tell(tracks: Tracks, seen: Seen) -> None:
    if tracks.elsewhere:
        seen.find(Reason.EXTERNAL_REFERENCE, "the film loads another file")
    if tracks.active:
        seen.find(Reason.ACTIVE_CONTENT, f"{tracks.active} in the film")


def walk(data: bytes, index: Box, layout: Layout, work: Work) -> Tracks:
    """What `moov` holds; texts and what nobody knows go into `layout`."""
    tracks, waiting = Tracks(), [index]
    while waiting:
        holder = waiting.pop()
        for box in boxes(data, holder.begin, holder.stop, work):
            if box.kind in HOLDERS:
                tracks.count += box.kind == b"trak"
                tracks.playable += box.kind == b"stbl" and _is_playable(data, box, work)
                waiting.append(box)
            elif box.kind in REMARKS:
                remarks(data, box, layout, work)
            elif box.kind in (b"pssh", b"schm", b"schi"):
                layout.encrypted = True
            elif box.kind == b"mvex":
                tracks.fragmented = True
            elif box.kind == b"cmov" and (packed := _unpacked(data, box, work)):
                layout.hide(box.begin, box.stop)
                return _packed(packed, layout, work)
            elif box.kind in (b"rmra", b"cmov"):
                tracks.elsewhere |= box.kind == b"rmra"
                layout.hide(box.begin, box.stop)
            elif not _table(data, box, tracks, layout, work) and box.kind not in TABLES:
                layout.hide(box.begin, box.stop)
    return tracks


def _is_playable(data: bytes, holder: Box, work: Work) -> bool:
    """Whether each list that a player needs is there, has rows, and holds as many as it says."""
    lists = {box.kind for box in boxes(data, holder.begin, holder.stop, work) if _has_rows(data, box)}
    return {b"stsd", b"stts", b"stsc"} <= lists and bool(SIZES & lists) and bool(PLACES & lists)


def _has_rows(data: bytes, box: Box) -> bool:
    if box.kind == b"stsz" and any(data[box.begin + 4 : box.begin + 8]):
        return any(data[box.begin + 8 : box.begin + 12])  # all samples are of one size
    before = ROWS_BEGIN.get(box.kind, 8)
    count = int.from_bytes(data[box.begin + before - 4 : box.begin + before], "big")
    codec = int.from_bytes(data[box.begin + 8 : box.begin + 12], "big") if box.kind == b"stsd" else LEAST_OF_A_CODEC
    fits = before + count * ROWS.get(box.kind, 0) <= box.stop - box.begin
    return count > 0 and fits and codec >= LEAST_OF_A_CODEC


def _unpacked(data: bytes, holder: Box, work: Work) -> bytes:
    """The index that QuickTime packed, as it did for films of the web; nothing if it is packed once more."""
    for box in boxes(data, holder.begin, holder.stop, work):
        if box.kind == b"cmvd":
            pieces = flate.inflate(flate.cut(data[box.begin + 4 : box.stop]), work)
            return flate.head(pieces, MOST_UNPACKED)
    return b""


def _packed(index: bytes, layout: Layout, work: Work) -> Tracks:
    """Its places are none of the file's; what stands in it only QuickTime unpacks."""
    box, inner = box_at(index, 0), Layout(layout.noun)
    if box is None or box.kind != b"moov" or box.promised > len(index) or index.find(b"cmov") >= 0:
        return Tracks()
    tracks = walk(index, box, inner, work)
    layout.encrypted |= inner.encrypted
    layout.inside += inner.inside
    return tracks


def _table(data: bytes, box: Box, tracks: Tracks, layout: Layout, work: Work) -> bool:
    """Whether it is one that says something here."""
    if box.kind == b"hdlr":
        handler = data[box.begin + 8 : box.begin + 12]
        tracks.shown |= handler == b"vide" and data[box.begin + 4 : box.begin + 8] in (b"\0\0\0\0", b"mhlr")
        tracks.active = ACTIVE.get(handler, tracks.active)
        layout.text(box.begin + 24, box.stop)
    elif box.kind == b"stsd":
        for entry in boxes(data, box.begin + 8, box.stop, work):
            layout.encrypted |= entry.kind in SECRET_ENTRIES
            tracks.active = ACTIVE.get(entry.kind, tracks.active)
    elif box.kind == b"dref":
        for entry in boxes(data, box.begin + 8, box.stop, work):
            tracks.elsewhere |= not int.from_bytes(data[entry.begin : entry.begin + 4], "big") & HERE
            layout.text(entry.begin, entry.stop)
    elif box.kind == b"stsz":
        _sizes(data, box, tracks, work)
    elif box.kind in PLACES:
        _places(data, box, tracks, work)
    else:
        return False
    return True


def _sizes(data: bytes, box: Box, tracks: Tracks, work: Work) -> None:
    if box.stop - box.begin < 12:
        return
    size, count = struct.unpack_from(">2L", data, box.begin + 4)
    if size == 0:
        count = min(count, (box.stop - box.begin - 12) // 4)
        work.spend(STEP + 16 * count)
        tracks.bytes = max(tracks.bytes, sum(struct.unpack_from(f">{count}L", data, box.begin + 12)))
    tracks.samples += count


def _places(data: bytes, box: Box, tracks: Tracks, work: Work) -> None:
    if box.stop - box.begin < 8:
        return
    (count,) = struct.unpack_from(">L", data, box.begin + 4)
    letter, width = ("L", 4) if box.kind == b"stco" else ("Q", 8)
    count = min(count, (box.stop - box.begin - 8) // width)
    work.spend(STEP + 16 * count)
    tracks.furthest = max(tracks.furthest, *struct.unpack_from(f">{count}{letter}", data, box.begin + 8), 0)


def remarks(data: bytes, holder: Box, layout: Layout, work: Work) -> None:
    """What stands beside a film: titles, places, covers. Of QuickTime `meta` has no version, of ISO it has one."""
    begin = holder.begin
    if holder.kind == b"meta" and data[begin + 4 : begin + 8] != b"hdlr":
        begin += 4
    for box in boxes(data, begin, holder.stop, work):
        if box.kind == b"meta":
            remarks(data, box, layout, work)
        elif box.kind == b"ilst":
            for item in boxes(data, box.begin, box.stop, work):
                _item(data, item, layout, work)
        elif box.kind == b"ID32" and box.stop - box.begin > 6 + id3.HEADER:
            id3.walk(data, box.begin + 6, layout, work)
        elif box.kind[:1] == b"\xa9" or box.kind in TEXTS:
            layout.text(box.begin, box.stop)
        elif box.kind != b"hdlr":
            layout.hide(box.begin, box.stop)


def _item(data: bytes, item: Box, layout: Layout, work: Work) -> None:
    for box in boxes(data, item.begin, item.stop, work):
        kind = int.from_bytes(data[box.begin : box.begin + 4], "big")
        if box.kind == b"data" and (item.kind == b"covr" or kind in COVERS):
            layout.attach(data[box.begin + 8 : box.stop])
        else:
            layout.text(box.begin, box.stop)
