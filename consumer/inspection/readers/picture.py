"""A picture as its reader walked it: how large it is, where it ends, and what in it no viewer shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from consumer.inspection.readers import flate, trailing
from consumer.inspection.readers.seen import UNQUESTIONED, Limits, Seen, Unreadable
from consumer.model import Reason

MOST_BLOCKS = 300_000
MOST_TEXTS = 5_000
SHORTEST_TEXT = 8  # bytes: in fewer, nothing is written that anybody would run
MOST_DRAWN = 4_000_000_000  # pixels, over all frames and scans: two thousand frames of full HD
LARGE = 75_000_000  # pixels: A1 at 300 dpi, A3 at 600
LARGE_DECODED = 80_000_000  # bytes of pixels: an A0 scan of one bit has 70 million at 600 dpi
MOST_A_BYTE = 200  # pixels of a large picture for each byte of its file: above, it is nearly nothing but size
BLOCK, SUB_BLOCK = 1024, 96  # what the step to the next one costs, as bytes that are read


@dataclass(slots=True)
class Picture:
    mime: str
    width: int = 0
    height: int = 0
    end: int = 0  # behind the last byte that belongs to it
    complete: bool = False  # whether it has its end mark
    drawn: int = 0  # pixels that a viewer computes, over all frames and scans
    texts: list[tuple[int, int]] = field(default_factory=list)  # extents of text fields: comments, EXIF, XMP
    packed: list[tuple[int, int]] = field(default_factory=list)  # extents of compressed metadata
    bits: int = 32  # that a pixel decodes to, at most 8 a channel: viewers draw no finer

    @property
    def decoded(self) -> int:
        """Bytes of its pixels."""
        return self.width * self.height * self.bits // 8

    def text(self, begin: int, stop: int) -> None:
        """A field for words stands there."""
        if stop - begin >= SHORTEST_TEXT:
            self.texts.append((begin, stop))
        if len(self.texts) > MOST_TEXTS:
            raise Unreadable("the picture has too many comments")


def examine(data: bytes, picture: Picture, seen: Seen, limits: Limits) -> None:
    """What every picture is asked once it is walked: its size, and what else is in its file."""
    seen.detected_type = picture.mime
    measure(data, picture, seen, limits)
    trailing.examine(data, picture.end, seen, "picture", picture.texts)


def measure(data: bytes, picture: Picture, seen: Seen, limits: Limits) -> None:
    """Whether it is larger than what a viewer should have to compute, and whether it is whole."""
    pixels, decoded = picture.width * picture.height, picture.decoded
    nearly_nothing = decoded > LARGE_DECODED and pixels > max(LARGE, MOST_A_BYTE * len(data))
    if decoded > limits.picture or nearly_nothing:
        seen.find(Reason.IMAGE_TOO_LARGE, f"{picture.width} × {picture.height} pixels")
    elif picture.drawn > MOST_DRAWN:
        seen.find(Reason.IMAGE_TOO_LARGE, f"{picture.drawn // 1_000_000} million pixels in all its frames")
    if not picture.complete:
        seen.flag("incomplete")
    left = UNQUESTIONED
    for begin, stop in picture.packed:
        left -= flate.count(flate.inflate(flate.cut(memoryview(data)[begin:stop]), seen.work), left)
        if left < 0:
            seen.find(Reason.ARCHIVE_LIMITS, "the picture's metadata expands beyond the limits")
            return
