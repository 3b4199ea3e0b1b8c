"""Pictures, recordings and films: real ones of many makers, and what can be hidden in them, behind them or left out."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

FOLDER = Path(__file__).with_name("samples")
SAMPLES: Mapping[str, bytes] = {
    path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix != ".md"
}
TYPES = {
    "avif": "image/avif", "bmp": "image/bmp", "heic": "image/heic", "svg": "image/svg+xml", "tiff": "image/tiff",
    "webp": "image/webp", "aac": "audio/aac", "amr": "audio/amr", "m4a": "audio/mp4", "mp3": "audio/mpeg",
    "oga": "audio/ogg", "ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav", "3gp": "video/3gpp",
    "mkv": "video/x-matroska", "mov": "video/quicktime", "mp4": "video/mp4", "ogv": "video/ogg", "webm": "video/webm",
}  # fmt: skip


def kind(name: str) -> str:
    return name.rpartition(".")[2]


def riff_chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<L", len(content)) + content + bytes(len(content) & 1)


def riff(form: bytes, *chunks: bytes) -> bytes:
    content = form + b"".join(chunks)
    return b"RIFF" + struct.pack("<L", len(content)) + content


def chunks_of(data: bytes) -> bytes:
    """The chunks of a RIFF file."""
    return data[12:]


def box(name: bytes, *content: bytes) -> bytes:
    joined = b"".join(content)
    return struct.pack(">L", 8 + len(joined)) + name + joined


def element(number: int, content: bytes, known: bool = True) -> bytes:
    size = (1 << 56 | len(content)).to_bytes(8, "big") if known else b"\x01" + b"\xff" * 7
    return number.to_bytes((number.bit_length() + 7) // 8, "big") + size + content


def tag(*frames: bytes) -> bytes:
    """An ID3 tag of version 2.3."""
    content = b"".join(frames)
    return b"ID3\x03\0\0" + safe(len(content)) + content


def safe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def frame(name: bytes, content: bytes, flags: int = 0) -> bytes:
    return name + struct.pack(">LH", len(content), flags) + content


def ogg_page(content: bytes, serial: int = 7, flags: int = 0, number: int = 0) -> bytes:
    lacing = bytes([255] * (len(content) // 255) + [len(content) % 255])
    assert len(lacing) < 256
    head = b"OggS\0" + bytes([flags]) + struct.pack("<QLL", 0, serial, number)
    page = head + bytes(4) + bytes([len(lacing)]) + lacing + content
    return head + struct.pack("<L", ogg_checksum(page)) + page[26:]


def ogg_checksum(page: bytes) -> int:
    """As RFC 3533 has it, bit by bit."""
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register & 0x80000000 else 0)) & 0xFFFFFFFF
    return register


def tiff(
    gap: bytes = b"",
    more: Mapping[int, tuple[int, bytes]] | None = None,
    changed: Mapping[int, tuple[int, int, int]] | None = None,
) -> bytes:
    """A picture of 8 × 8 pixels: a gap behind the header, the pixels, values, the directory with changes."""
    body = b"II*\0\0\0\0\0" + gap + bytes(len(gap) & 1)
    pixels, body = len(body), body + bytes(range(64))
    rows = {
        256: (4, 1, 8),
        257: (4, 1, 8),
        258: (3, 1, 8),
        259: (3, 1, 1),
        262: (3, 1, 1),
        273: (4, 1, pixels),
        279: (4, 1, 64),
    }
    for number, (kind_, value) in (more or {}).items():
        rows[number] = (kind_, len(value), len(body))
        body += value + bytes(len(value) & 1)
    rows.update(changed or {})
    directory = len(body)
    body += struct.pack("<H", len(rows))
    body += b"".join(struct.pack("<2H2L", number, *row) for number, row in sorted(rows.items())) + bytes(4)
    return body[:4] + struct.pack("<L", directory) + body[8:]


def bmp(gap: bytes = b"", pixels: bytes = bytes(192), header: bytes = b"") -> bytes:
    info = header or struct.pack("<3L2H6L", 40, 8, 8, 1, 24, 0, 0, 0, 0, 0, 0)
    start = 14 + len(info) + len(gap)
    return b"BM" + struct.pack("<3L", start + len(pixels), 0, start) + info + gap + pixels


def svg(content: str = "<rect width='1' height='1'/>", attributes: str = "", before: str = "") -> bytes:
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"{before}<svg {names} {attributes}>{content}</svg>".encode()


EBML = element(0x1A45DFA3, element(0x4282, b"webm"))
TRACKS = element(0x1654AE6B, element(0xAE, element(0xD7, b"\1") + element(0x83, b"\2") + element(0x86, b"A_OPUS")))
CLUSTER = element(0x1F43B675, element(0xE7, b"\0") + element(0xA3, b"\x81\0\0\x80" + bytes(40)))


def webm(*parts: bytes, known: bool = True, tracks: bytes = TRACKS) -> bytes:
    return EBML + element(0x18538067, tracks + CLUSTER + b"".join(parts), known)


def attachment(name: bytes, content: bytes) -> bytes:
    file = element(0x466E, name) + element(0x4660, b"application/octet-stream") + element(0x465C, content)
    return element(0x1941A469, element(0x61A7, file))


def gps(words: bytes) -> bytes:
    """Exif of a camera that says something in words."""
    return b"Exif\0\0" + tiff(more={270: (2, words)})


SPOKEN = riff_chunk(b"fmt ", struct.pack("<2H2L2H", 1, 1, 8000, 8000, 1, 8))
XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")

PLACES: Mapping[str, Callable[[bytes], bytes]] = {
    "webp, a part of its own": lambda hidden: riff(
        b"WEBP", chunks_of(SAMPLES["cwebp.webp"]), riff_chunk(b"JUNK", hidden)
    ),
    "wav, a part of its own": lambda hidden: riff(
        b"WAVE", SPOKEN, riff_chunk(b"junk", hidden),
        riff_chunk(b"data", bytes(64)),
    ),
    "wav, its sound": lambda hidden: riff(
        b"WAVE", SPOKEN, riff_chunk(b"data", bytes(64) + hidden)
    ),
    "mp4, free space": lambda hidden: SAMPLES["ffmpeg_plain.mp4"] + box(b"free", hidden),
    "mp4, an unknown part": lambda hidden: SAMPLES["ffmpeg_plain.mp4"] + box(b"abcd", hidden),
    "mp4, a second film": lambda hidden: SAMPLES["ffmpeg_plain.mp4"] + box(b"mdat", hidden),
    "mov, free space": lambda hidden: SAMPLES["gstreamer.mov"] + box(b"skip", hidden),
    "3gp, a part of its own": lambda hidden: SAMPLES["ffmpeg.3gp"] + box(b"uuid", bytes(16), hidden),
    "m4a, free space": lambda hidden: SAMPLES["ffmpeg.m4a"] + box(b"free", bytes(9), hidden),
    "mp4, a fragment": lambda hidden: SAMPLES["ffmpeg_frag.mp4"] + box(b"free", hidden),
    "heic, free space": lambda hidden: SAMPLES["heifenc.heic"] + box(b"free", hidden),
    "avif, a gap in its content": lambda hidden: SAMPLES["avifenc.avif"] + box(b"mdat", hidden),
    "webm, free space": lambda hidden: webm(element(0xEC, hidden)),
    "webm, an unknown part": lambda hidden: webm(element(0x7FFE, hidden)),
    "webm, a recording's free space": lambda hidden: webm(element(0xEC, hidden), CLUSTER, known=False),
    "ogg, a stream of no sound": lambda hidden: SAMPLES["xiph.opus"] + ogg_page(hidden),
    "mp3, an object": lambda hidden: tag(frame(b"PRIV", b"me\0" + hidden)) + SAMPLES["lame.mp3"],
    "mp3, space in its tag": lambda hidden: tag(frame(b"TIT2", b"\0x"), bytes(20), hidden) + SAMPLES["lame.mp3"],
    "aac, an object": lambda hidden: tag(frame(b"PRIV", b"me\0" + hidden)) + SAMPLES["ffmpeg.aac"],
    "bmp, a gap": lambda hidden: bmp(gap=hidden),
    "bmp, its pixels": lambda hidden: bmp(
        pixels=hidden.ljust(9120, b"\0"), header=struct.pack("<3L2H6L", 40, 50, 60, 1, 24, 0, 0, 0, 0, 0, 0)
    ),
    "tiff, a gap": lambda hidden: tiff(gap=hidden),
    "tiff, a value of its own": lambda hidden: tiff(more={65000: (7, hidden.ljust(80, b" "))}),
}  # fmt: skip
"""Where bytes may stand that nobody is shown: a file with them, by the place."""


TEXTS: Mapping[str, Callable[[bytes], bytes]] = {
    "webp, XMP": lambda words: riff(b"WEBP", chunks_of(SAMPLES["cwebp.webp"]), riff_chunk(b"XMP ", words)),
    "webp, Exif": lambda words: riff(b"WEBP", chunks_of(SAMPLES["cwebp.webp"]), riff_chunk(b"EXIF", gps(words))),
    "wav, a comment": lambda words: riff(
        b"WAVE", SPOKEN, riff_chunk(b"data", bytes(64)),
        riff_chunk(b"LIST", b"INFO" + riff_chunk(b"ICMT", words)),
    ),
    "mp4, XMP": lambda words: SAMPLES["ffmpeg_plain.mp4"] + box(b"uuid", XMP, words),
    "mov, a title": lambda words: SAMPLES["gstreamer.mov"] + box(b"udta", box(b"\xa9nam", words)),
    "webm, a title": lambda words: webm(element(0x1549A966, element(0x7BA9, words))),
    "webm, a tag": lambda words: webm(element(0x1254C367, element(0x7373, element(0x67C8, element(0x4487, words))))),
    "ogg, a comment": lambda words: ogg_opus(words),
    "mp3, a title": lambda words: tag(frame(b"TIT2", b"\0" + words)) + SAMPLES["lame.mp3"],
    "mp3, words of a song": lambda words: tag(frame(b"USLT", b"\0eng\0" + words)) + SAMPLES["lame.mp3"],
    "mp3, a tag of its end": lambda words: SAMPLES["lame.mp3"] + (b"TAG" + words).ljust(128, b"\0")[:128],
    "aac, a comment": lambda words: tag(frame(b"COMM", b"\0eng\0" + words)) + SAMPLES["ffmpeg.aac"],
    "tiff, a description": lambda words: tiff(more={270: (2, words + b"\0")}),
    "tiff, XMP": lambda words: tiff(more={700: (1, words.ljust(80))}),
}  # fmt: skip
"""Where people write, by the place."""


def ogg_opus(words: bytes) -> bytes:
    head = b"OpusHead\1\1" + struct.pack("<HLHB", 0, 48000, 0, 0)
    comments = b"OpusTags" + struct.pack("<L", 2) + b"me" + struct.pack("<LL", 1, 8 + len(words)) + b"comment=" + words
    pages = ((head, 2), (comments, 0), (b"\xf8\xff\xfe" + bytes(20), 4))
    return b"".join(ogg_page(content, 1, flags, number) for number, (content, flags) in enumerate(pages))


def encrypted() -> dict[str, bytes]:
    """Files that nobody opens without a key, by how it shows."""
    sealed = element(0x6D80, element(0x6240, element(0x5035, element(0x47E1, b"\5"))))
    track = element(0xAE, element(0xD7, b"\1") + element(0x86, b"V_VP8") + sealed)
    secret = tag(frame(b"TIT2", b"\1\1secret", flags=0x0040)) + SAMPLES["lame.mp3"]
    heic = SAMPLES["heifenc.heic"]
    entry = heic.index(b"infe") + 4
    protected = heic[: entry + 6] + b"\0\1" + heic[entry + 8 :]
    return {
        "mp4, film": _coded(SAMPLES["ffmpeg_plain.mp4"], b"avc1", b"encv"),
        "mp4, fragments": _coded(SAMPLES["ffmpeg_frag.mp4"], b"avc1", b"encv"),
        "m4a": _coded(SAMPLES["ffmpeg.m4a"], b"mp4a", b"enca"),
        "m4a of a shop": _coded(SAMPLES["ffmpeg.m4a"], b"mp4a", b"drms"),
        "mov": _coded(SAMPLES["ffmpeg_hevc.mov"], b"hvc1", b"encv"),
        "3gp": _coded(SAMPLES["ffmpeg.3gp"], b"s263", b"encv"),
        "webm": webm(tracks=element(0x1654AE6B, track)),
        "webm, a block": webm(element(0x1F43B675, element(0xAF, bytes(20)), known=False), known=False),
        "mp3, its tag": secret,
        "heic": protected,
    }


def _coded(data: bytes, plain: bytes, secret: bytes) -> bytes:
    place = data.index(plain, data.index(b"stsd"))
    return data[:place] + secret + data[place + 4 :]


def headers() -> dict[str, bytes]:
    """Files that begin as they should and hold nothing."""
    mp4 = SAMPLES["ffmpeg_fast.mp4"]
    frag = SAMPLES["ffmpeg_frag.mp4"]
    return {
        "webp": riff(b"WEBP"),
        "webp, a size": riff(b"WEBP", riff_chunk(b"VP8X", bytes(10))),
        "wav": riff(b"WAVE", riff_chunk(b"fmt ", bytes(16))),
        "wav, no sound": SAMPLES["ffmpeg_pipe.wav"][: SAMPLES["ffmpeg_pipe.wav"].index(b"data") + 8],
        "mp4": mp4[:32],
        "mp4, an index": mp4[: mp4.index(b"mdat") - 4],
        "mp4, fragments": frag[: frag.index(b"moof") - 4],
        "heic": SAMPLES["heifenc.heic"][:36],
        "avif": SAMPLES["avifenc.avif"][: SAMPLES["avifenc.avif"].index(b"mdat") - 4],
        "webm": EBML,
        "webm, tracks": EBML + element(0x18538067, TRACKS),
        "webm, a recording's tracks": EBML + element(0x18538067, TRACKS, known=False),
        "ogg": ogg_page(b"OpusHead\1\1" + bytes(9), 1, 2),
        "ogg, comments": SAMPLES["xiph.opus"][: SAMPLES["xiph.opus"].rindex(b"OggS")],
        "mp3": tag(frame(b"TIT2", b"\0x")),
        "mp3, a frame": b"\xff\xfb\x90\x64" + bytes(413),
        "aac": SAMPLES["ffmpeg.aac"][:7],
        "amr": b"#!AMR\n",
        "amr-wb": b"#!AMR-WB\n",
        "bmp": SAMPLES["pillow_1.bmp"][:54],
        "tiff": b"II*\0\x08\0\0\0",
        "tiff, no pages": b"II*\0\x08\0\0\0" + bytes(6),
        "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">',
    }
