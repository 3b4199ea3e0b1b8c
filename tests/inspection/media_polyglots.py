"""Pictures, recordings and films that are something else as well, made by joining formats as mitra does."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

from tests.inspection import anywhere, media
from tests.inspection.files import archive, jpeg, ooxml, pdf, program, segment
from tests.inspection.media import SAMPLES, box, frame, riff, riff_chunk, tag
from tests.inspection.polyglots import ELF, HTA, HTML, PHP, RAR, RAR5, ZIP, arj, disks, second_files, seven_zip, tar

FIRST = (
    "cwebp.webp", "heifenc.heic", "avifenc.avif", "pillow_1.bmp", "imagemagick.tiff", "inkscape.svg", "sox.amr",
    "xiph.opus", "lame.mp3", "ffmpeg.m4a", "ffmpeg.aac", "ffmpeg_mulaw.wav", "ffmpeg_plain.mp4", "ffmpeg_frag.mp4",
    "gstreamer.mov", "ffmpeg.3gp", "ffmpeg_vp9.webm", "chromium.webm", "ffmpeg.mkv",
)  # fmt: skip


def opened_anywhere() -> dict[str, bytes]:
    """Formats that a program finds wherever they begin, or from the end of the file."""
    return {
        "zip": ZIP,
        "jar": archive({"META-INF/MANIFEST.MF": b"Main-Class: Evil\n", "Evil.class": b"\xca\xfe\xba\xbe"}),
        "docx": ooxml("docx"),
        "rar": RAR,
        "rar5": RAR5,
        "7z": seven_zip(),
        "arj": arj(),
        "bzip2": bz2.compress(b"hello"),
        "xz": lzma.compress(b"hello"),
        "tar": tar(),
        **{kind: anywhere.FILES[kind][1] for kind in anywhere.SAMPLED},
        "wim": b"MSWIM\0\0\0\xd0\0\0\0" + bytes(200),
        "exe": program(),
        "elf": ELF,
        "pdf": pdf(),
        "html": HTML,
        "hta": HTA,
        "php": PHP,
    }


def polyglots() -> dict[str, bytes]:
    """By the extension of the first format and what it is joined with."""
    return dict([*_behind(), *_inside(), *_zipped_into(), *_at_fixed_places(), *_over_disks(), *_in_a_text()])


def _behind() -> Iterator[tuple[str, bytes]]:
    for first in FIRST:
        for second, payload in (second_files() | opened_anywhere()).items():
            yield f"{first} + {second}", SAMPLES[first] + payload
            yield f"{first} + padding + {second}", SAMPLES[first] + bytes(64) + payload


def _inside() -> Iterator[tuple[str, bytes]]:
    for place, made in media.PLACES.items():
        for second, payload in opened_anywhere().items():
            yield f"a.{place.replace(',', ' of')}: {second}", made(payload)


def _zipped_into() -> Iterator[tuple[str, bytes]]:
    """An archive's entries in a place of their own, its directory behind everything."""
    for place, made in media.PLACES.items():
        mark = b"alert(document.cookie) // " + bytes(range(32, 96))
        sizes = (zlib.crc32(mark), len(mark), len(mark), 4, 0)
        first = made(struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 33, *sizes) + b"a.js" + mark)
        start = first.index(b"PK\3\4")
        listed = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 33, *sizes, 0, 0, 0, 0, start)
        directory = listed + b"a.js"
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), len(first), 0)
        assert zipfile.ZipFile(io.BytesIO(first + directory + end)).read("a.js") == mark
        yield f"a.{place.replace(',', ' of')}: entries of an archive", first + directory + end


def _at_fixed_places() -> Iterator[tuple[str, bytes]]:
    """Formats whose signature stands far into the file: a disc, a picture of a clinic, a tape."""
    for name, first in (("a.mp4", box(b"ftyp", b"isom", bytes(4), b"isom")), ("a.webp", b""), ("a.wav", b"")):
        yield f"{name}: iso", _placed(name, first, 0x8001, b"CD001\x01")
        yield f"{name}: dicom", _placed(name, first, 128, b"DICM\2\0\0\0UL\4\0")
        yield f"{name}: tar", _tape(_placed(name, first, 400, b"x"))


def _over_disks() -> Iterator[tuple[str, bytes]]:
    """Files over the first bytes of a disk's image."""
    for kind, image in disks().items():
        yield f"a.tiff: {kind}", media.tiff(gap=image[8:])
        yield f"a.jpg: {kind}", over(image)
        if kind != "fat":
            yield f"a.bmp: {kind}", media.bmp(gap=image[54:])
            yield f"a.mp3: {kind}", tag(frame(b"PRIV", b"me\0" + image[23:])) + SAMPLES["lame.mp3"]
            yield (
                f"a.wav: {kind}",
                riff(b"WAVE", media.SPOKEN, riff_chunk(b"JUNK", image[44:]), riff_chunk(b"data", b"")),
            )
            yield (
                f"a.webp: {kind}",
                riff(b"WEBP", riff_chunk(b"JUNK", image[20:]), media.chunks_of(SAMPLES["cwebp.webp"])),
            )


def over(disk: bytes) -> bytes:
    """A photo with a disk's image in its comments."""
    parts = b"".join(segment(0xFE, disk[at + 4 : at + 65_000]) for at in range(2, len(disk) - 4, 65_000))
    return jpeg()[:2] + parts + jpeg()[2:]


def _placed(name: str, first: bytes, place: int, mark: bytes) -> bytes:
    if name == "a.mp4":
        free = bytes(place - len(first) - 8) + mark + bytes(40_000)
        return first + box(b"free", free) + SAMPLES["ffmpeg_frag.mp4"][SAMPLES["ffmpeg_frag.mp4"].index(b"moov") - 4 :]
    free = riff_chunk(b"JUNK", bytes(place - 20) + mark + bytes(40_000))
    if name == "a.webp":
        return riff(b"WEBP", free, media.chunks_of(SAMPLES["cwebp.webp"]))
    return riff(b"WAVE", free, media.SPOKEN, riff_chunk(b"data", bytes(64)))


def _tape(data: bytes) -> bytes:
    """With the header of a tape over its first 512 bytes, whose name is the header of the file."""
    entry = tarfile.TarInfo("x")
    entry.size = 5
    block = bytearray(data[:100] + entry.tobuf()[100:512])
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + data[512:]


def _in_a_text() -> Iterator[tuple[str, bytes]]:
    for place, made in media.TEXTS.items():
        for second in ("zip", "jar", "pdf", "exe", "php"):
            if "of its end" not in place:
                yield f"a.{place.replace(',', ' of')}: {second}", made(opened_anywhere()[second])
