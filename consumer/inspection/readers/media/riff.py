"""RIFF: WebP pictures and WAV recordings, chunk by chunk.

What marks the end: the size in the header, and each chunk's own. A WebP that is shorter than its size is cut. A WAV
whose sizes are 0 or larger than any file came through a pipe, or its recorder stopped: it ends where the file does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from consumer.inspection.readers.ends import End
from consumer.inspection.readers.media import id3, tiff
from consumer.inspection.readers.media.layout import STEP, Layout, judge
from consumer.inspection.readers.picture import Picture
from consumer.inspection.readers.seen import Limits, Seen, Unreadable, Work

END_OF_WEBP = End("the size in its header", "every one", "none")
END_OF_WAVE = End(
    "the size of its sound",
    "every one, if it says a size",
    "every one, if the size is 0 or at least 0x7F000000: it came through a pipe",
)
Sides = tuple[int, int]
"""Width and height in pixels."""
HEADER = 12
LARGE = 0xFFFFFFFF  # a size that stands in a chunk of its own
FOREVER = 0x7F000000  # sizes from here on stand for "not known": SoX, ALSA and FFmpeg each write another one
FRAMES = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
WEBP_TEXTS = frozenset({b"XMP "})
WEBP_KNOWN = FRAMES | WEBP_TEXTS | {b"VP8X", b"ANIM", b"ANMF", b"ICCP", b"EXIF"}
WAVE_TEXTS = frozenset({b"bext", b"iXML", b"_PMX", b"axml", b"cart", b"note", b"labl", b"ltxt", b"aXML"})
WAVE_KNOWN = frozenset(
    {b"fmt ", b"fact", b"data", b"cue ", b"smpl", b"inst", b"plst", b"PEAK", b"LIST", b"chna", b"ds64"}
)
ID3 = frozenset({b"id3 ", b"ID3 "})
BITS_AT, BITS = 14, 8  # where the bits of a sample stand in what describes sound, and how many they are if nowhere
PLAIN_SAMPLES, WIDEST_SAMPLE = (1, 3), 64
MOST_CHANNELS, MOST_SPEED = 1024, 2**31 - 1


@dataclass(frozen=True, slots=True)
class Chunk:
    kind: bytes
    begin: int  # of its content
    promised: int  # behind its content, as it says
    stop: int  # behind its content, as far as the file goes


def is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def is_wave(data: bytes) -> bool:
    return data[:4] in (b"RIFF", b"RF64", b"RIFX", b"BW64") and data[8:12] == b"WAVE"


def chunks(data: bytes, at: int, end: int, work: Work, order: str = "<") -> Iterator[Chunk]:
    """Those between two places. Every second one has a byte of padding behind it, which some writers leave out."""
    while at + 8 <= end:
        work.step(STEP)
        kind, (size,) = data[at : at + 4], struct.unpack_from(f"{order}L", data, at + 4)
        yield Chunk(kind, at + 8, at + 8 + size, min(end, at + 8 + size))
        at += 8 + size
        if size & 1 and not (data[at : at + 1] != b"\0" and data[at : at + 4].isalnum()):
            at += 1


def examine_webp(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "image/webp"
    layout = _webp(data, seen.work)
    judge(data, layout, seen, limits, name_ends=4)


def walk_webp(data: bytes, work: Work) -> Picture:
    """The picture that `data` begins with. `Unreadable` if it is built wrongly."""
    layout = _webp(data, work)
    return Picture("image/webp", layout.width, layout.height, layout.end, complete=True)


def _webp(data: bytes, work: Work) -> Layout:
    layout = Layout("picture", end=_webp_end(data))
    _walk_webp(data, layout, work)
    if not layout.width:
        raise Unreadable("the WebP has no picture")
    return layout


def _webp_end(data: bytes) -> int:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise Unreadable("the WebP stops before its end")
    return end


def _walk_webp(data: bytes, layout: Layout, work: Work) -> None:
    canvas: Sides | None = None
    for chunk in chunks(data, HEADER, layout.end, work):
        if chunk.promised > layout.end:
            raise Unreadable("a part of the WebP is longer than the whole")
        if chunk.kind in FRAMES:
            if _frame(data, chunk, layout) not in (None, canvas) and canvas:
                raise Unreadable("the WebP's pixels are of another size than the picture")
        elif chunk.kind == b"VP8X" and chunk.stop - chunk.begin >= 10:
            canvas = _sides(data, chunk.begin + 4)
            layout.width, layout.height = max(layout.width, canvas[0]), max(layout.height, canvas[1])
        elif chunk.kind == b"ANMF" and chunk.stop - chunk.begin >= 16:
            _animated(data, chunk, layout, work)
        elif chunk.kind in WEBP_TEXTS:
            layout.text(chunk.begin, chunk.stop)
        elif chunk.kind == b"EXIF":
            tiff.camera(data, chunk.begin, chunk.stop, layout, work)
        elif chunk.kind not in WEBP_KNOWN or chunk.kind == b"ICCP":
            layout.hide(chunk.begin, chunk.stop)
    if not layout.drawn:
        raise Unreadable("the WebP has no pixels")


def _animated(data: bytes, frame: Chunk, layout: Layout, work: Work) -> None:
    """A frame: 16 bytes of where and how long, then chunks."""
    drawn = layout.drawn
    for chunk in chunks(data, frame.begin + 16, frame.stop, work):
        if chunk.kind in FRAMES:
            if _frame(data, chunk, layout) not in (None, _sides(data, frame.begin + 6)):
                raise Unreadable("a frame of the WebP is of another size than its pixels")
        else:
            layout.hide(chunk.begin, chunk.stop)
    if layout.drawn == drawn:
        raise Unreadable("a frame of the WebP has no pixels")


def _sides(data: bytes, at: int) -> Sides:
    """Each stands there less one, in three bytes."""
    return (
        1 + int.from_bytes(data[at : at + 3], "little"),
        1 + int.from_bytes(data[at + 3 : at + 6], "little"),
    )


def _frame(data: bytes, chunk: Chunk, layout: Layout) -> Sides | None:
    """None if it only says how transparent the pixels of another one are."""
    head = data[chunk.begin : min(chunk.stop, chunk.begin + 10)]
    if chunk.kind == b"VP8 " and len(head) == 10 and _is_key_frame(head, chunk.stop - chunk.begin):
        wide, high = (side & 0x3FFF for side in struct.unpack_from("<2H", head, 6))
    elif chunk.kind == b"VP8L" and len(head) >= 5 and head[0] == 0x2F and head[4] < 0x20:
        bits = int.from_bytes(head[1:5], "little")
        wide, high = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif chunk.kind == b"ALPH":
        return None
    else:
        raise Unreadable("the WebP's pixels have no header")
    layout.width, layout.height = max(layout.width, wide), max(layout.height, high)
    layout.drawn += max(1, wide * high)
    return wide, high


def _is_key_frame(head: bytes, size: int) -> bool:
    """A picture has nothing before it: its frame says so, that it is shown, and how long its first part is."""
    bits = int.from_bytes(head[:3], "little")
    key, version, shown, first = not bits & 1, bits >> 1 & 7, bits >> 4 & 1, bits >> 5
    return head[3:6] == b"\x9d\x01\x2a" and key and version <= 3 and bool(shown) and first < size


def examine_wave(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "audio/wav"
    layout = Layout("recording")
    order = ">" if data[:4] == b"RIFX" else "<"
    (size,) = struct.unpack_from(f"{order}L", data, 4)
    streamed = size >= FOREVER or size <= 36
    whole = len(data) if streamed else 8 + size
    layout.end, layout.complete = min(len(data), whole), whole <= len(data)
    _walk_wave(data, layout, seen.work, order)
    judge(data, layout, seen, limits, name_ends=4)


def _walk_wave(data: bytes, layout: Layout, work: Work, order: str) -> None:
    described = played = False
    large = 0
    for chunk in chunks(data, HEADER, layout.end, work, order):
        if chunk.kind == b"ds64" and chunk.stop - chunk.begin >= 16:
            (large,) = struct.unpack_from("<Q", data, chunk.begin + 8)
        if chunk.kind == b"data":
            played = True
            size = chunk.promised - chunk.begin
            if size == LARGE and large:
                chunk, size = replace(chunk, promised=chunk.begin + large), large
            if not described:
                raise Unreadable("the recording's sound has no description before it")
            if size == 0 or size >= FOREVER:
                layout.complete, layout.end = False, len(data)
                played = len(data) > chunk.begin
                break
            if chunk.promised > len(data):
                raise Unreadable("the recording stops before its end")
            layout.end = max(layout.end, chunk.promised)
        elif chunk.promised > len(data) and (layout.complete or not played):
            raise Unreadable("a part of the recording is longer than the whole")
        else:
            described |= chunk.kind == b"fmt " and _is_described(
                data[chunk.begin : min(chunk.stop, chunk.begin + BITS_AT + 2)], order
            )
            _beside(data, chunk, layout, work)
    if not played:
        raise Unreadable("the recording has no sound")


def _is_described(described: bytes, order: str) -> bool:
    """Whether it names a format, channels and a speed, and bits of a sample where nothing else tells them."""
    if len(described) < BITS_AT:
        return False
    kind, channels, speed = struct.unpack_from(f"{order}2HL", described)
    bits = struct.unpack_from(f"{order}H", described, BITS_AT)[0] if len(described) >= BITS_AT + 2 else BITS
    counted = kind not in PLAIN_SAMPLES or 0 < bits <= WIDEST_SAMPLE
    return kind != 0 and 0 < channels <= MOST_CHANNELS and 0 < speed <= MOST_SPEED and counted


def _beside(data: bytes, chunk: Chunk, layout: Layout, work: Work) -> None:
    if chunk.kind in WAVE_TEXTS or (
        chunk.kind == b"LIST" and data[chunk.begin : chunk.begin + 4] in (b"INFO", b"adtl")
    ):
        layout.text(chunk.begin, chunk.stop)
    elif chunk.kind in ID3 and id3.begins(data, chunk.begin):  # editors leave an empty part
        id3.walk(data, chunk.begin, layout, work, chunk.stop)
    elif chunk.kind not in WAVE_KNOWN:
        layout.hide(chunk.begin, chunk.stop)
