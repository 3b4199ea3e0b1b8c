"""What stands behind and beside a picture's own content: nothing, padding, junk, or a second file."""

from __future__ import annotations

import re

from consumer.inspection.readers import formats, images, scripts
from consumer.inspection.readers.formats import PADDING, PICTURES
from consumer.inspection.readers.images import Picture
from consumer.inspection.readers.seen import PLACE, Seen, Unreadable, Work
from consumer.model import Reason

_MOTION = re.compile(rb"MotionPhoto|MicroVideo|MotionPhoto_Data|SEFT|Container:Directory")
_HIDING = re.compile(rb"(?:[^\0-\x08\x0e-\x1f\x7f-\x9f\"'`/]|/(?![/*]))*+(/\*|//|[\"'`])")
"""Text as a script has it, and behind it what makes a script skip the picture: a comment or a string."""
_TEXT_TO_THE_END = re.compile(rb"[\t-\r\x20-\x7e\xa0-\xff]{16}\Z")
HEAD = 4096  # bytes of metadata that tell what it is
SHARE_OF_A_COPY = 4  # copying bytes costs a quarter of reading them


def examine_picture(data: bytes, picture: Picture, seen: Seen) -> None:
    if picture.end < len(data):
        _behind(data, picture.end, seen)
    for name in formats.formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the picture is {name} as well")
    for _, name in formats.formats_in(data, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{name} inside the picture")
    if formats.pdf_in(data, seen.work) is not None:
        seen.find(Reason.SECOND_FORMAT, "a PDF inside the picture")
    if scripts.markup_in(data, seen.work) is not None:
        seen.find(Reason.SECOND_FORMAT, "markup or a script inside the picture")
    for begin, stop in picture.remarks:
        _remark(data[begin : min(stop, begin + HEAD)], seen)
    if begins_script(data, picture):
        seen.find(Reason.SECOND_FORMAT, "the picture's header is the beginning of a script")


def _behind(data: bytes, end: int, seen: Seen) -> None:
    """Junk is told. Cameras put further pictures behind one, and phones a film that they announce."""
    content = _past_pictures(data[end:], seen.work)
    if not content.strip(PADDING):
        seen.find(Reason.TRAILING_DATA, "padding or further pictures behind the picture")
        return
    found = next((name for name in formats.foreigners(content, seen.work) if name not in PICTURES), None)
    if found == "media" and _MOTION.search(data):
        seen.flag("motion_photo")
    elif found:
        seen.find(Reason.SECOND_FORMAT, f"{found} behind the picture")
    else:
        seen.find(Reason.TRAILING_DATA, "bytes behind the picture")
        seen.loose.append(content.lstrip(PADDING)[:HEAD])


def _past_pictures(data: bytes, work: Work) -> bytes:
    while True:
        work.spend(len(data) // SHARE_OF_A_COPY)
        content = data.lstrip(PADDING)
        if content.startswith(images.JPEG[1:]) and len(content) < len(data):
            content = data[-len(content) - 1 :]
        try:
            picture = images.walk(content, work)
        except Unreadable:
            return data
        if picture is None:
            return data
        data = content[picture.end :] if picture.complete else b""


def begins_script(data: bytes, picture: Picture) -> bool:
    """Whether a page could run the picture as a script: its first bytes are a name, what follows hides the picture,
    and the file ends in a way that a script may end.
    """
    if data.startswith(images.PNG):
        return False  # its first byte is none of a script
    hidden = _HIDING.match(data, 6 if data.startswith(images.GIF) else 4)
    if hidden is None:
        return False
    if hidden[1] == b"/*":
        return data.find(b"*/", hidden.end()) >= 0  # such a width or length is never met: whatever follows
    comment = data.rfind(b"//")
    return (
        not picture.complete
        or bool(data[picture.end :].strip(PADDING))
        or (comment >= 0 and not re.search(rb"[\r\n]", data[comment:]))
        or _TEXT_TO_THE_END.search(data[-16:]) is not None
    )


def _remark(content: bytes, seen: Seen) -> None:
    """Metadata that is a file of its own. Thumbnails are pictures, profiles and XMP have formats of their own."""
    seen.work.spend(4 * PLACE)
    found = next((name for name in formats.formats_of(content, seen.work) if name not in PICTURES), None)
    if found is None and scripts.is_text(content) and scripts.program_in(content, seen.work):
        found = "a script"
    if found:
        seen.find(Reason.SECOND_FORMAT, f"{found} in the picture's metadata")
