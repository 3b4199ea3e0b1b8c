"""Ogg, page by page: Opus, Vorbis, Speex, FLAC, and films (RFC 3533, RFC 7845).

A page says how long it is, the last one of each stream that it is the last. One that stops without such a page, or in
the middle of one, can't be told from a recorder that was stopped, and is taken as soon as one page of sound is whole;
one that stops among its headers is not.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass, field

from consumer.inspection.readers.ends import End
from consumer.inspection.readers.media.bits import TURN
from consumer.inspection.readers.media.layout import GAPS, STEP, STRAY, Layout, judge
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Unreadable, Work

END = End(
    "a last page of each stream",
    "among the headers, before the first whole page of sound",
    "every other, inside a page too",
)
PAGE = b"OggS\0"
HEAD = 27
CONTINUED, FIRST, LAST = 1, 2, 4  # flags of a page
FLAC = b"\x7fFLAC"  # says how many further packets of headers come, or 0
AUDIO = {
    b"OpusHead": 2,
    b"\x01vorbis": 3,
    b"Speex   ": 2,
    FLAC: 2,
}  # how a stream begins, its packets of headers
VIDEO = {b"\x80theora": 3, b"BBCD\0": 1, b"\x01video\0": 2}
BESIDE = {b"fishead\0": 1, b"\x80kate\0\0\0": 2, b"CMML\0\0\0\0": 3, b"Annodex\0": 1}
KNOWN = AUDIO | VIDEO | BESIDE
FURTHER = {
    b"OpusHead": (b"OpusTags",),
    b"\x01vorbis": (b"\x03vorbis", b"\x05vorbis"),
    b"\x80theora": (b"\x81theora", b"\x82theora"),
}  # how the headers behind the first one begin
MOST_STREAMS = 500
COVER = b"METADATA_BLOCK_PICTURE="


def begins(data: bytes) -> bool:
    return data.startswith(PAGE)


@dataclass(slots=True)
class _Stream:
    headers: int  # packets of headers that are to come
    begins: list[bytes]  # how these begin, as far as it is known
    packet: bytearray = field(default_factory=bytearray)
    ended: bool = False
    pages: int = 0  # of sound or pictures, from the first one that is right


@dataclass(frozen=True, slots=True)
class Page:
    flags: int
    serial: bytes
    lacing: bytes  # lengths of its pieces
    begin: int  # of its content
    stop: int


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "audio/ogg"
    layout, kinds = Layout("recording"), set[bytes]()
    streams = _pages(data, layout, kinds, seen.work)
    if kinds & VIDEO.keys():
        seen.detected_type = "video/ogg"
    elif not kinds & AUDIO.keys():
        seen.detected_type = "application/ogg"
    if not any(stream.pages for stream in streams):
        raise Unreadable("the recording has no sound")
    layout.complete &= all(stream.ended for stream in streams)
    judge(data, layout, seen, limits)


def page_at(data: bytes, at: int) -> Page | None:
    if data[at : at + 5] != PAGE or at + HEAD > len(data):
        return None
    lacing = data[at + HEAD : at + HEAD + data[at + 26]]
    begin = at + HEAD + data[at + 26]
    return Page(data[at + 5], data[at + 14 : at + 18], lacing, begin, begin + sum(lacing))


def checksum(page: bytes) -> int:
    """Of a page whose own one is zero. Ogg's runs from the high bits to the low ones, zlib's the other way."""
    turned = zlib.crc32(page.translate(TURN), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(turned.to_bytes(4, "little").translate(TURN), "big")


def _is_right(data: bytes, at: int, page: Page, work: Work) -> bool:
    """Whether it has the sum that it states: players leave out what has not."""
    work.spend(page.stop - at)
    (stated,) = struct.unpack_from("<L", data, at + 22)
    return bool(checksum(data[at : at + 22] + bytes(4) + data[at + 26 : page.stop]) == stated)


def _pages(data: bytes, layout: Layout, kinds: set[bytes], work: Work) -> list[_Stream]:
    streams: dict[bytes, _Stream] = {}
    every: list[_Stream] = []
    at = gaps = 0
    while at < len(data):
        work.step(STEP)
        page = page_at(data, at)
        if page is None and data.startswith(PAGE, at):
            layout.complete, at = False, len(data)
            break
        if page is None:
            following = data.find(PAGE, at, at + STRAY) if gaps < GAPS else -1
            if following < 0:
                break
            layout.hide(at, following)
            at, gaps = following, gaps + 1
            continue
        if page.stop > len(data):
            layout.complete, at = False, len(data)
            break
        if page.flags & FIRST:
            if not _is_right(data, at, page, work):
                raise Unreadable("the recording's first page is damaged")
            streams[page.serial] = _first(data, page, kinds)
            every.append(streams[page.serial])
            if len(every) > MOST_STREAMS:
                raise TooMuch("the recording has too many streams")
        if (stream := streams.get(page.serial)) is None:
            layout.hide(page.begin, page.stop)
        else:
            _read(data, at, page, stream, layout, work)
        at = page.stop
    layout.end = at
    return every


def _first(data: bytes, page: Page, kinds: set[bytes]) -> _Stream:
    kind = next((known for known in KNOWN if data.startswith(known, page.begin)), b"")
    kinds.add(kind)
    further = int.from_bytes(data[page.begin + 7 : page.begin + 9], "big") if kind == FLAC else 0
    return _Stream(1 + further if further else KNOWN.get(kind, 1), [kind, *FURTHER.get(kind, ())])


def _read(data: bytes, at: int, page: Page, stream: _Stream, layout: Layout, work: Work) -> None:
    stream.ended |= bool(page.flags & LAST)
    if not stream.headers:
        stream.pages += bool(stream.pages or _is_right(data, at, page, work))
        return
    if not _is_right(data, at, page, work):
        raise Unreadable("a page of the recording's headers is damaged")
    layout.text(page.begin, page.stop)
    at = page.begin
    for length in page.lacing:
        stream.packet += data[at : at + length]
        at += length
        if length < 255 and stream.headers:
            if stream.begins and not stream.packet.startswith(stream.begins.pop(0)):
                raise Unreadable("a header of the recording is missing")
            _covers(bytes(stream.packet), layout)
            stream.packet.clear()
            stream.headers -= 1


def _covers(packet: bytes, layout: Layout) -> None:
    """Pictures among the comments, as FLAC has them, in letters."""
    at = packet.find(COVER)
    while at >= 0 and at >= 4:
        (length,) = struct.unpack_from("<L", packet, at - 4)
        letters = packet[at + len(COVER) : at + length]
        try:
            block = base64.b64decode(letters)
        except binascii.Error:
            block = b""
        if len(block) > 8:
            layout.attach(_picture(block))
        at = packet.find(COVER, at + len(COVER))


def _picture(block: bytes) -> bytes:
    """The bytes of a picture behind its type, its MIME type, its description, four numbers and its length."""
    kind = 8 + int.from_bytes(block[4:8], "big")
    words = kind + 4 + int.from_bytes(block[kind : kind + 4], "big")
    return block[words + 20 :]
