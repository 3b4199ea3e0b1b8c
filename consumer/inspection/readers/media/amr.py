"""AMR and AMR-WB recordings (RFC 4867): a line that names the format, then frames whose first byte tells their length.

Nothing marks the end, and phones stop anywhere: only one without a whole frame is broken.
"""

from __future__ import annotations

from consumer.inspection.readers import scripts
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.media.layout import Layout, judge
from consumer.inspection.readers.seen import Limits, Seen, Unreadable, Work
from consumer.model import Reason

END = End("nothing", "before the first whole frame", "every other, inside a frame too")
NARROW, WIDE = b"#!AMR\n", b"#!AMR-WB\n"
_NARROW = (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)  # bytes of a frame with its first one; 0: none such
_WIDE = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1)
WORDS = 24  # bytes of text where sound should be: the first line is a remark in a shell's script
FIXED, RIGHT = 0x87, 0x04  # bits of a first byte that are the same in every frame that a recorder writes
NARROW_SIZES, WIDE_SIZES = (
    tuple(sizes[first >> 3] if first & FIXED == RIGHT else 0 for first in range(256)) for sizes in (_NARROW, _WIDE)
)
FRAMES_AT_ONCE = 64  # frames of one length that are stepped over together
RUN = 128  # what that costs, as bytes that are read


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    narrow = data.startswith(NARROW)
    seen.detected_type = "audio/amr" if narrow else "audio/amr-wb"
    layout = Layout("recording")
    begin = len(NARROW if narrow else WIDE)
    layout.end = _frames(data, begin, NARROW_SIZES if narrow else WIDE_SIZES, layout, seen.work)
    if scripts.is_text(data[begin : begin + WORDS]):
        seen.find(Reason.SECOND_FORMAT, "the recording begins as a shell's script does")
    judge(data, layout, seen, limits, name_ends=begin)


def _frames(data: bytes, at: int, sizes: tuple[int, ...], layout: Layout, work: Work) -> int:
    """Where the last of them ends."""
    whole, end = 0, len(data)
    while at < end:
        first = data[at]
        size = sizes[first]
        if not size:
            break
        at += size
        whole += 1
        if at < end and data[at] == first:
            work.spend(RUN)
            firsts = data[at : at + FRAMES_AT_ONCE * size : size]
            run = len(firsts) - len(firsts.lstrip(firsts[:1]))
            at, whole = at + run * size, whole + run
    if at > end:
        at, whole, layout.complete = end, whole - 1, False
    if whole < 1:
        raise Unreadable("the recording has no sound")
    return at
