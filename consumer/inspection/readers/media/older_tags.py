"""Tags behind the sound of an MP3: ID3's first version, Lyrics3, and APE's, as players look for them from the end."""

from __future__ import annotations

import struct

from consumer.inspection.readers.media import id3
from consumer.inspection.readers.media.layout import STEP, Layout
from consumer.inspection.readers.seen import Work

ID3_SIZE = 128
APE_FOOTER = 32
HAS_HEADER = 0x80000000
KIND, TEXT = 0x6, 0x0  # of an item, in its flags
MOST_ITEMS = 1_000
MOST_TAGS = 4


def behind(data: bytes, at: int, layout: Layout, work: Work) -> int:
    """Behind those that begin there, as they say: more than the file has if it stops inside one."""
    for _ in range(MOST_TAGS):
        begin = at
        if id3.begins(data, at) and id3.end(data, at) <= len(data):
            at = id3.walk(data, at, layout, work)
            continue
        if data.startswith(b"TAG", at):
            at += ID3_SIZE
        elif data.startswith(b"APETAGEX", at):
            at += APE_FOOTER + int.from_bytes(data[at + 12 : at + 16].ljust(4, b"\xff"), "little")
        elif data.startswith(b"LYRICSBEGIN", at):
            last = data.find(b"LYRICS200", at)
            at = last + 9 if last >= 0 else len(data) + 1
        layout.text(begin, min(at, len(data)))
    return at


def walk(data: bytes, layout: Layout, work: Work) -> int:
    """Where the first of them begins; the end of the file if there is none."""
    end = len(data)
    if end >= ID3_SIZE and data[end - ID3_SIZE : end - ID3_SIZE + 3] == b"TAG":
        layout.text(end - ID3_SIZE, end)
        end -= ID3_SIZE
    if data[max(0, end - 9) : end] == b"LYRICS200" and data[end - 15 : end - 9].isdigit():
        begin = max(0, end - 15 - int(data[end - 15 : end - 9]))
        layout.text(begin, end)
        end = begin
    if end >= APE_FOOTER and data[end - APE_FOOTER : end - APE_FOOTER + 8] == b"APETAGEX":
        end = _ape(data, end, layout, work)
    return end


def _ape(data: bytes, end: int, layout: Layout, work: Work) -> int:
    """Items: a size, flags, a name, the value. The size in the footer counts all but the header."""
    size: int
    size, _, flags = struct.unpack_from("<3L", data, end - APE_FOOTER + 12)
    at = max(0, end - size)
    begin = max(0, at - (APE_FOOTER if flags & HAS_HEADER else 0))
    stop = end - APE_FOOTER
    for _ in range(MOST_ITEMS):
        work.step(STEP)
        name = data.find(b"\0", at + 8, stop)
        if name < 0:
            break
        length, kind = struct.unpack_from("<2L", data, at)
        behind = min(stop, name + 1 + length)
        if kind & KIND == TEXT:
            layout.text(name + 1, behind)
        else:
            picture = data.find(b"\0", name + 1, min(behind, name + 256)) + 1  # behind the name of its file
            layout.attach(data[picture or name + 1 : behind])
        at = behind
    layout.hide(at, stop)
    return begin
