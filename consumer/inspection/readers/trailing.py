"""What stands behind and beside a picture's own content: nothing, padding, junk, or a second file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from consumer.inspection.readers import formats, scripts
from consumer.inspection.readers.formats import PADDING, PICTURES
from consumer.inspection.readers.seen import PLACE, Seen, Work
from consumer.model import Reason

_MOTION = re.compile(rb"MotionPhoto|MicroVideo|MotionPhoto_Data|SEFT|Container:Directory")
JPEG = b"\xff\xd8\xff"  # its first byte reads as padding
Extent = tuple[int, int]  # the first byte, and the one behind the last
HEAD = 4096  # bytes of metadata that tell what it is
SHARE_OF_A_COPY = 4  # copying bytes costs a quarter of reading them


def examine(data: bytes, end: int, seen: Seen, noun: str = "picture", texts: Sequence[Extent] = ()) -> None:
    """What is in the file of a picture or recording that ends at `end`, and belongs to no part of it.

    `texts`: what people wrote in it. No word of it counts but what a web server would run.
    """
    if end < len(data):
        _behind(data, end, seen, noun)
    for name in formats.formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the {noun} is {name} as well")
    for _, name in formats.formats_in(data, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{name} inside the {noun}")
    if formats.pdf_in(data, seen.work) is not None:
        seen.find(Reason.SECOND_FORMAT, f"a PDF inside the {noun}")
    if any(scripts.markup_in(data[begin:stop], seen.work) is not None for begin, stop in _between(texts, len(data))):
        seen.find(Reason.SECOND_FORMAT, f"markup or a script inside the {noun}")
    if any(_is_served(data[begin:stop], seen.work) for begin, stop in texts):
        seen.find(Reason.SECOND_FORMAT, f"a server's page in a text of the {noun}")


def _between(texts: Sequence[Extent], size: int) -> Iterator[Extent]:
    """What is left of a file without its texts."""
    at = 0
    for begin, stop in sorted(texts):
        if begin > at:
            yield at, begin
        at = max(at, stop)
    if at < size:
        yield at, size


def _is_served(text: bytes, work: Work) -> bool:
    return b"<?" in text and any(text[at : at + 2] == b"<?" for at in scripts.markup(text, work))


def _behind(data: bytes, end: int, seen: Seen, noun: str) -> None:
    """Junk is told. Cameras put further pictures behind one, and phones a film that they announce."""
    content = _past_pictures(data[end:], seen.work)
    if not content.strip(PADDING):
        seen.find(Reason.TRAILING_DATA, f"padding or further pictures behind the {noun}")
        return
    found = next((name for name in formats.foreigners(content, seen.work) if name not in PICTURES), None)
    if found == "media" and _MOTION.search(data):
        seen.flag("motion_photo")
    elif found:
        seen.find(Reason.SECOND_FORMAT, f"{found} behind the {noun}")
    else:
        seen.find(Reason.TRAILING_DATA, f"bytes behind the {noun}")
        seen.loose.append(content.lstrip(PADDING)[:HEAD])


def _past_pictures(data: bytes, work: Work) -> bytes:
    from consumer.inspection.readers import table  # which names the readers, and they ask here

    while True:
        work.spend(len(data) // SHARE_OF_A_COPY)
        content = data.lstrip(PADDING)
        if content.startswith(JPEG[1:]) and len(content) < len(data):
            content = data[-len(content) - 1 :]
        picture = table.picture_at(content, work)
        if picture is None:
            return data
        data = content[picture.end :] if picture.complete else b""


def examine_remark(content: bytes, seen: Seen) -> None:
    """Metadata that is a file of its own. Thumbnails are pictures, profiles and XMP have formats of their own."""
    seen.work.spend(4 * PLACE)
    found = next((name for name in formats.formats_of(content, seen.work) if name not in PICTURES), None)
    if found is None and scripts.is_text(content) and scripts.program_in(content, seen.work):
        found = "a script"
    if found:
        seen.find(Reason.SECOND_FORMAT, f"{found} in the picture's metadata")
