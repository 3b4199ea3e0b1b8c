"""MP3 and AAC in ADTS: frames that each say how long they are, with tags before and behind them.

Nothing marks the end. A recording that stops in the middle of a frame can't be told from a recorder that was stopped,
and is taken; one that stops inside its first tag, or has hardly a frame, is not.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable

from consumer.inspection.readers.ends import End
from consumer.inspection.readers.media import id3, older_tags
from consumer.inspection.readers.media.layout import GAPS, STEP, STRAY, Layout, judge
from consumer.inspection.readers.seen import PLACE, Limits, Seen, Unreadable, Work

END_OF_ADTS = End("nothing", "inside one of the first four frames", "every other, inside a frame too")
END_OF_MPEG = End(
    "nothing, or a tag",
    "inside the tag at its beginning, inside one of the first four frames",
    "every other, inside a frame or the last tag too",
)
LEAST, LEAST_ALONE = 4, 2  # whole frames, and those of a recording that holds nothing else: the click of a key
FEWEST = 3  # frames in a row: two bytes of a header are found anywhere
MOST_TAGS = 16
MANY_ZEROS, LONGEST = 64, 4096  # bytes at the beginning of a file, and of a frame
LOOKS = 1024  # at places in a gap
ADTS_FIXED, ADTS_SYNC = 0xFFF6 << 40, 0xFFF0 << 40  # of the seven bytes of a header
SYNC, LONGEST_HEADER = 0xFF, 7
FRAME = 128  # what stepping over one costs, as bytes that are read
RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}  # by version
BITS = {  # kbit/s, by version 1 or lower ones and by layer
    (True, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def mpeg_size(data: bytes, at: int) -> int:
    """Bytes of the MPEG frame whose header stands there; 0 if none does (ISO 11172-3, ISO 13818-3)."""
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] < 0xE0:
        return 0
    return _SIZES.get(data[at + 1] << 8 | data[at + 2], 0)


def _sizes() -> dict[int, int]:
    """Of every header that is possible, by its second and third byte."""
    sizes = {}
    for second in range(0xE0, 0x100):
        version, layer = second >> 3 & 3, second >> 1 & 3
        for third in range(0x100):
            rate, bits = third >> 2 & 3, third >> 4
            if version == 1 or layer == 0 or rate == 3 or bits in (0, 15):
                continue
            per_second, speed = BITS[version == 3, layer][bits - 1] * 1000, RATES[version][rate]
            padding = third >> 1 & 1
            if layer == 3:
                size = (12 * per_second // speed + padding) * 4
            else:
                size = (144 if version == 3 or layer == 2 else 72) * per_second // speed + padding
            sizes[second << 8 | third] = size
    return sizes


_SIZES = _sizes()


def adts_size(data: bytes, at: int) -> int:
    """Bytes of the AAC frame whose header stands there; 0 if none does (ISO 13818-7)."""
    head = int.from_bytes(data[at : at + 7], "big")
    if head & ADTS_FIXED != ADTS_SYNC or head >> 34 & 15 > 12:
        return 0
    size = head >> 13 & 0x1FFF
    return size if size > 7 else 0


def begins_mpeg(data: bytes) -> bool:
    """Behind a tag the first frame may stand further on: some tags are longer than they say.

    The mark of UTF-16 is a frame of Layer I with a checksum as well, which nothing makes that people send.
    """
    at = _past_zeros(data, 0)
    if not id3.begins(data, at):
        return not data.startswith(codecs.BOM_UTF16_LE) and (_begins(data, mpeg_size) or _begins_cut(data, at))
    if _begins(data, adts_size):
        return False
    at = _past_tags(data, at)
    return at >= len(data) or _resumed(data, at, len(data), mpeg_size, Work()) < len(data)


def _begins_cut(data: bytes, at: int) -> bool:
    """Whether frames stand behind many zeros and the rest of one, where a recorder began in the middle of it."""
    if at < MANY_ZEROS or _begins(data, adts_size):
        return False
    return _resumed(data, at, len(data), mpeg_size, Work()) < min(len(data) - FEWEST * LONGEST, at + LONGEST)


def begins_adts(data: bytes) -> bool:
    return _begins(data, adts_size)


def _begins(data: bytes, size_at: Callable[[bytes, int], int]) -> bool:
    """Whether frames stand at the beginning, or behind a tag, in a row."""
    at = _past_zeros(data, 0)
    at = _past_zeros(data, _past_tags(data, at)) if id3.begins(data, at) else at
    for _ in range(FEWEST):
        size = size_at(data, at)
        if not size:
            return False
        at += size
        if at >= len(data):
            return True
    return True


def _past_tags(data: bytes, at: int) -> int:
    """Some programs put theirs before those of others."""
    for _ in range(MOST_TAGS):
        if not id3.begins(data, at):
            break
        at = id3.end(data, at)
    return at


def _past_zeros(data: bytes, at: int) -> int:
    """Behind the padding that some writers put before a tag or the sound: players skip it."""
    if data[at : at + 1] != b"\0":
        return at
    window = data[at : at + STRAY]
    return at + len(window) - len(window.lstrip(b"\0"))


def examine_mpeg(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "audio/mpeg"
    _examine(data, mpeg_size, seen, limits)


def examine_adts(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "audio/aac"
    _examine(data, adts_size, seen, limits)


def _examine(data: bytes, size_at: Callable[[bytes, int], int], seen: Seen, limits: Limits) -> None:
    layout, at = Layout("recording"), _past_zeros(data, 0)
    while id3.begins(data, at):
        at = id3.walk(data, at, layout, seen.work)
    stop = older_tags.walk(data, layout, seen.work)
    layout.end = _frames(data, _past_zeros(data, at), stop, size_at, layout, seen.work)
    if layout.end < stop < len(data):
        layout.hide(layout.end, stop)
    if layout.end < stop and (behind := older_tags.behind(data, layout.end, layout, seen.work)) > layout.end:
        layout.complete, layout.end = behind <= len(data), min(behind, len(data))
    elif layout.end >= stop or stop < len(data):
        layout.end = len(data)
    judge(data, layout, seen, limits, name_ends=1 if data[0] == SYNC else 0)


def _frames(data: bytes, at: int, stop: int, size_at: Callable[[bytes, int], int], layout: Layout, work: Work) -> int:
    """Where the last of them ends. Of recordings that were put together each has its own tags, and plays on behind."""
    whole = gaps = 0
    while at < stop:
        size = size_at(data, at)
        if size and at + size <= stop:
            at, whole = at + size, whole + 1
            continue
        if size or (data[at] == SYNC and stop - at < LONGEST_HEADER):
            layout.complete, at = False, stop
            break
        work.spend(STEP)
        if at < (behind := older_tags.behind(data, at, layout, work)) < stop:
            at = _past_zeros(data, behind)
            continue
        following = _resumed(data, at + 1, stop, size_at, work) if gaps < GAPS else stop
        if following == stop:
            break
        layout.hide(at, following)
        at, gaps = following, gaps + 1
    work.spend(FRAME * whole)
    is_all = layout.complete and at == stop and not gaps
    if whole < (LEAST_ALONE if is_all else LEAST):
        raise Unreadable("the recording has no sound")
    return min(at, stop)


def _resumed(data: bytes, at: int, stop: int, size_at: Callable[[bytes, int], int], work: Work) -> int:
    """Where frames go on behind something that is none; `stop` if they do not."""
    limit = min(stop, at + STRAY)
    for _ in range(LOOKS):
        at = data.find(b"\xff", at, limit)
        if at < 0:
            break
        work.spend(PLACE // 4)
        place = at
        for _ in range(FEWEST):
            size = size_at(data, place)
            place += size
            if not size or place >= stop:
                break
        if size:
            return at
        at += 1
    return stop
