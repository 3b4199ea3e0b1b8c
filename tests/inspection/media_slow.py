"""Pictures, recordings, films and drawings that are made to cost: as many small parts as fit into `size` bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.inspection.media import EBML, SAMPLES, TRACKS, box, element, frame, ogg_page, riff, riff_chunk, svg, tag


def filled(start: bytes, part: bytes, size: int, end: bytes = b"") -> bytes:
    return start + part * max(1, (size - len(start) - len(end)) // len(part)) + end


def tiff_of_directories(size: int) -> bytes:
    """Directories of one entry, each in the next one's way."""
    made = bytearray(b"II*\0\x08\0\0\0")
    while len(made) < size:
        made += struct.pack("<H2H2LL", 1, 270, 2, 1, 0, len(made) + 18)
    return bytes(made)


def tiff_of_lists(size: int) -> bytes:
    """Overlapping directories that all name the whole file as a list of further ones."""
    made = bytearray(b"II*\0\x08\0\0\0")
    while len(made) < size - 40:
        made += struct.pack("<H2H2L2H3L", 2, 330, 4, size // 8, 8, 0x8769, 4, 1, 8, len(made) + 30)
    return bytes(made)


def tiff_of_strips(size: int) -> bytes:
    count = size // 8
    head = struct.pack("<4H", 0x4949, 42, 8, 0)
    rows = ((256, 4, 1, 8), (257, 4, 1, 8), (273, 4, count, 100), (279, 4, count, 100 + 4 * count))
    directory = struct.pack("<H", 4) + b"".join(struct.pack("<2H2L", *row) for row in rows) + bytes(4)
    return (head + directory).ljust(100, b"\0") + struct.pack("<L", 8) * count + struct.pack("<L", 1) * count


def heic_of_items(size: int) -> bytes:
    entries = b"".join(box(b"infe", b"\2\0\0\0" + struct.pack(">2H", n, 0) + b"mime\0a/b\0") for n in range(9_000))
    places = b"".join(struct.pack(">3H2L", n, 0, 1, 8, 4) for n in range(9_000))
    meta = box(b"meta", bytes(4), box(b"hdlr", bytes(8), b"pict", bytes(13)),
               box(b"iinf", bytes(4), b"\x23\x28", entries),
               box(b"iloc", bytes(4), b"\x44\0", b"\x23\x28", places))  # fmt: skip
    return box(b"ftyp", b"heic", bytes(4), b"heic") + meta + box(b"mdat", bytes(max(8, size - len(meta))))


PICTURE = SAMPLES["cwebp.webp"][12:]
OPEN_CLUSTER = b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7
COVER = frame(b"APIC", b"\0image/png\0\3\0\x89PNG\r\n\x1a\n")

SLOW: dict[str, Callable[[int], bytes]] = {
    "webp of parts": lambda size: riff(b"WEBP", PICTURE, riff_chunk(b"ABCD", b"") * (size // 8)),
    "webp of full parts": lambda size: riff(b"WEBP", PICTURE, riff_chunk(b"ABCD", b"a<b on=c") * (size // 16)),
    "wav of parts": lambda size: riff(b"WAVE", riff_chunk(b"ABCD", b"") * (size // 8)),
    "mp4 of parts": lambda size: filled(SAMPLES["ffmpeg_frag.mp4"], box(b"free"), size),
    "mp4 of unknown parts": lambda size: filled(SAMPLES["ffmpeg_frag.mp4"], box(b"abcd", b"12345678"), size),
    "mp4 of titles": lambda size: SAMPLES["ffmpeg_frag.mp4"] + box(b"udta", box(b"\xa9nam", b"x") * (size // 9)),
    "heic of items": heic_of_items,
    "webm of blocks": lambda size: EBML
    + element(0x18538067, filled(TRACKS + OPEN_CLUSTER, b"\xa3\x81a", size), False),
    "webm of parts": lambda size: EBML + element(0x18538067, filled(TRACKS, b"\xec\x80", size)),
    "webm of tags": lambda size: EBML
    + element(0x18538067, TRACKS + element(0x1254C367, b"\x73\x73\x80" * (size // 3))),
    "ogg of pages": lambda size: filled(SAMPLES["xiph.opus"], ogg_page(b"", 9), size),
    "ogg of streams": lambda size: filled(SAMPLES["xiph.opus"], ogg_page(b"", 9, 2), size),
    "ogg of gaps": lambda size: filled(SAMPLES["xiph.opus"], b"OggS\1", size),
    "mp3 of ones": lambda size: SAMPLES["lame.mp3"] + b"\xff" * size,
    "mp3 of headers": lambda size: SAMPLES["lame.mp3"] + b"\xff\xfb\x90" * (size // 3),
    "mp3 of gaps": lambda size: filled(b"", SAMPLES["lame.mp3"][:1200] + b"\0\xff" * 900, size),
    "mp3 of tags": lambda size: filled(b"", tag(), size, SAMPLES["lame.mp3"]),
    "mp3 of titles": lambda size: tag(frame(b"TIT2", b"\0") * (size // 11)) + SAMPLES["lame.mp3"],
    "mp3 of covers": lambda size: tag(COVER * (size // 30)) + SAMPLES["lame.mp3"],
    "aac of frames": lambda size: b"\xff\xf1\x50\x80\x01\x1f\xfc\0" * (size // 8),
    "amr of frames": lambda size: b"#!AMR\n" + b"\x7c" * size,
    "amr of two frames": lambda size: b"#!AMR\n" + b"\x7c\x44\0\0\0\0\0" * (size // 7),
    "tiff of directories": tiff_of_directories,
    "tiff of lists": tiff_of_lists,
    "tiff of strips": tiff_of_strips,
    "svg of elements": lambda size: svg("<g/>" * (size // 4)),
    "svg of depth": lambda size: svg("<g>" * (size // 7) + "</g>" * (size // 7)),
    "svg of attributes": lambda size: svg("<g " + " ".join(f"a{n}=''" for n in range(size // 10)) + "/>"),
    "svg of styles": lambda size: svg("<g style='a:url(#b)'/>" * (size // 22)),
    "svg of escapes": lambda size: svg(f"<style>{'a' + chr(92) * 2 * (size // 2)}</style>"),
    "svg of remarks": lambda size: svg("<!--<a on=b-->" * (size // 14)),
    "svg of raw characters": lambda size: svg("<![CDATA[<]]>" * (size // 13)),
    "svg of pictures": lambda size: svg("<image href='data:image/png;base64,iVBORw0KGgo='/>" * (size // 50)),
}  # fmt: skip
