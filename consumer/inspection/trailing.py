"""What stands before, behind and beside a file's own content: nothing, padding, junk, or a second file."""

from __future__ import annotations

import re

from consumer.inspection import formats, images
from consumer.inspection.formats import PADDING
from consumer.inspection.images import Picture
from consumer.inspection.seen import Seen, Unreadable
from consumer.model import Reason

_MOTION = re.compile(rb"MotionPhoto|MicroVideo|MotionPhoto_Data|SEFT|Container:Directory")


def examine_picture(data: bytes, picture: Picture, seen: Seen) -> None:
    end = len(data) if picture.end is None else picture.end
    _behind_picture(data, end, seen)
    for name in formats.formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the picture is {name} as well")
    for _, name in formats.formats_in(data):
        seen.find(Reason.SECOND_FORMAT, f"{name} inside the picture")
    if formats.pdf_in(data) is not None:
        seen.find(Reason.SECOND_FORMAT, "a PDF inside the picture")
    if formats.markup_in(data) is not None:
        seen.find(Reason.SECOND_FORMAT, "markup or a script inside the picture")
    for begin, stop in picture.remarks:
        _remark(data[begin:stop], seen)
    if begins_script(data):
        seen.find(Reason.SECOND_FORMAT, "the picture's header is the beginning of a script")


def begins_script(data: bytes) -> bool:
    """A size of 0x2A2F reads as the opening of a comment, and what closes it is code: a picture that runs."""
    opened = data[6:8] == b"/*" if data.startswith(images.GIF) else data[4:6] == b"/*"
    at = 8
    while opened and (at := data.find(b"*/", at)) >= 0:
        if formats.looks_like_code(data[at : at + 200]):
            return True
        at += 2
    # "GIF89a=" alone is a picture 61 pixels wide; text where its height and flags should be is an assignment.
    return re.match(rb"GIF8[79]a\s*=[\t\n\r -~]{5}", data) is not None


def _behind_picture(data: bytes, end: int, seen: Seen) -> None:
    behind = data[end:]
    content = behind.lstrip(PADDING)
    if not behind:
        return
    if not content:
        seen.find(Reason.TRAILING_DATA, "padding behind the picture")
        return
    found = formats.format_at(content)
    if found == "media" and _MOTION.search(data):
        seen.flag("motion_photo")
    elif found and not _is_picture(content):
        seen.find(Reason.SECOND_FORMAT, f"{found} behind the picture")
    elif formats.looks_like_code(content):
        seen.find(Reason.SECOND_FORMAT, "a script behind the picture")
    else:
        seen.find(Reason.TRAILING_DATA, "bytes behind the picture")


def _is_picture(data: bytes) -> bool:
    """Cameras put previews and further exposures behind the first picture."""
    try:
        return images.walk(data) is not None
    except Unreadable:
        return False


def _remark(content: bytes, seen: Seen) -> None:
    """Metadata that is a file of its own. Thumbnails are pictures, profiles and XMP have formats of their own."""
    found = formats.format_at(content)
    if found and not content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"BM")):
        seen.find(Reason.SECOND_FORMAT, f"{found} in the picture's metadata")
