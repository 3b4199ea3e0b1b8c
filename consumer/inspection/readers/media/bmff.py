"""ISO base media files and QuickTime: boxes in boxes, for films, recordings and pictures (ISO 14496-12, 23008-12).

A box says how long it is. A film needs its index (`moov`) and the bytes that the index speaks of; a picture the places
that its items name: what lacks them is cut. Of a fragmented film each fragment stands for itself: what stops in the
middle of the sound or film of one can't be told from a recorder that was stopped, and is taken as soon as one fragment
is whole; what stops in its index, which is written at once, is cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from consumer.inspection.readers.ends import End
from consumer.inspection.readers.media import bmff_items, bmff_tracks
from consumer.inspection.readers.media.boxes import Box, box_at
from consumer.inspection.readers.media.layout import STEP, Layout, judge
from consumer.inspection.readers.seen import Limits, Seen, Unreadable, Work

END_OF_PICTURE = End("the places of its items, its last box", "every one", "none")
END_OF_FILM = End(
    "the last box, and what its index names",
    "every one; of a fragmented film those inside an index, and those before the first whole fragment",
    "of a fragmented film every other",
)
CLASSIC = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})  # films without a brand
PADDING = frozenset({b"free", b"skip", b"wide"})
FRAGMENTS = frozenset({b"mdat", b"styp", b"sidx", b"ssix", b"prft", b"emsg", b"mfra"})
OTHERS = frozenset({b"ftyp", b"moov", b"moof", b"meta", b"pdin", b"uuid", b"udta", b"pnot", b"PICT", b"mpvd", b"sefd"})
KNOWN = FRAGMENTS | PADDING | OTHERS | {b"meco"}
HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
AVIF = frozenset({b"avif", b"avis", b"avio"})
HEIF = frozenset({b"mif1", b"msf1", b"mif2", b"miaf"})
RAW = b"crx "  # of a camera, which is no film
SOUND = frozenset({b"M4A ", b"M4B ", b"M4P "})
XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


@dataclass(slots=True)
class _Film:
    brands: list[bytes] = field(default_factory=list)  # the first one is the major one
    media: int = 0  # bytes of sound, film and pictures
    fragments: int = 0  # that are whole
    tracks: bmff_tracks.Tracks | None = None
    items: bool = False
    motion: bool = False  # a second film behind, as phones put it behind a picture


def begins(data: bytes) -> bool:
    if data[4:8] == b"ftyp":
        return True
    return data[4:8] in CLASSIC and len(list(_first_boxes(data))) > 1


def _first_boxes(data: bytes) -> Iterator[Box]:
    """Those of a film without a brand, as long as they are of the usual kinds."""
    at = 0
    for _ in range(3):
        box = box_at(data, at)
        if box is None or box.kind not in CLASSIC | {b"udta"}:
            return
        yield box
        at = box.stop


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    film = _Film()
    layout = Layout("film")
    try:
        _walk(data, film, layout, seen.work)
    finally:
        seen.detected_type = _type(film)
    if film.items and film.tracks is None:
        layout.noun = "picture"
    if film.motion:
        seen.flag("motion_photo")
    _is_whole(data, film, layout)
    if film.tracks is not None:
        bmff_tracks.tell(film.tracks, seen)
    judge(data, layout, seen, limits)


def _walk(data: bytes, film: _Film, layout: Layout, work: Work) -> None:
    at = 0
    while at + 8 <= len(data):
        work.step(STEP)
        box = box_at(data, at)
        if box is None or (box.kind not in KNOWN and box.promised > len(data)):
            break
        _top(data, box, film, layout, work)
        if box.promised > len(data):
            layout.complete = False
        at = box.stop
    layout.end = at if len(data) - at >= 8 or not film.fragments else len(data)


def _top(data: bytes, box: Box, film: _Film, layout: Layout, work: Work) -> None:
    cut = box.promised > len(data)
    if box.kind == b"ftyp" and not film.brands:
        film.brands = [data[at : at + 4] for at in (box.begin, *range(box.begin + 8, box.stop, 4))]
    elif box.kind == b"ftyp":
        film.motion = True
    elif box.kind == b"mdat":
        film.media += box.stop - box.begin
        film.fragments += film.tracks is not None and film.tracks.fragmented and not cut and box.stop > box.begin
    elif cut and box.kind not in FRAGMENTS:
        inside = " inside an index" if box.kind in (b"moov", b"moof") else " before its end"
        raise Unreadable(f"the film stops{inside}")
    elif box.kind == b"moov" and film.tracks is None:
        film.tracks = bmff_tracks.walk(data, box, layout, work)
    elif box.kind == b"meta" and not film.items:
        film.items = bmff_items.walk(data, box, layout, work)
    elif box.kind == b"uuid" and data[box.begin : box.begin + 16] == XMP:
        layout.text(box.begin + 16, box.stop)
    elif box.kind == b"udta":
        bmff_tracks.remarks(data, box, layout, work)
    elif box.kind == b"mpvd":
        film.motion = True
    elif box.kind not in KNOWN:
        layout.hide(box.start, box.stop)
    elif box.kind in PADDING | {b"uuid"}:
        layout.hide(box.begin, box.stop)


def _is_whole(data: bytes, film: _Film, layout: Layout) -> None:
    """Whether what is promised is there. `Unreadable` for what has no content, or was cut."""
    tracks = film.tracks
    if tracks is None:
        if not film.items:
            raise Unreadable("the film has no index")
        if not layout.complete:
            raise Unreadable("the picture stops before its end")
    elif tracks.fragmented:
        if not film.fragments and not (tracks.samples and film.media):
            raise Unreadable("the film has no whole fragment")
    elif not layout.complete or tracks.furthest >= len(data) or tracks.bytes > len(data):
        raise Unreadable("the film stops before its end")
    elif not film.items and (not tracks.samples or not film.media):
        raise Unreadable("the film has an index and no content")
    elif not film.items and not tracks.playable:
        raise Unreadable("the film's index lacks what players need")


def _type(film: _Film) -> str:
    major, every = (film.brands or [b"qt  "])[0], frozenset(film.brands)
    if major in AVIF or (major in HEIF and every & AVIF):
        return "image/avif"
    if major in HEIC or (major in HEIF and every & HEIC):
        return "image/heic"
    if major in HEIF or (film.items and film.tracks is None):
        return "image/heif"
    if major == RAW:
        return "image/x-canon-cr3"
    if major == b"qt  ":
        return "video/quicktime"
    if major[:3] in (b"3gp", b"3gr", b"3gs", b"3ge", b"3gg", b"3gh"):
        return "video/3gpp"
    if major[:3] == b"3g2":
        return "video/3gpp2"
    if major in SOUND or (film.tracks is not None and not film.tracks.shown):
        return "audio/mp4"
    return "video/mp4"
