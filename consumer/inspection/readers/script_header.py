"""Pictures that a page could run as a script (`<script src=picture>`): their header is the beginning of one."""

from __future__ import annotations

import re

from consumer.inspection.readers.formats import PADDING
from consumer.inspection.readers.picture import Picture
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

_HIDING = re.compile(rb"(?:[^\0-\x08\x0e-\x1f\x7f-\x9f\"'`/]|/(?![/*]))*+(/\*|//|[\"'`])")
"""Text as a script has it, and behind it what makes a script skip the picture: a comment or a string."""
_CODE = re.compile(rb"[\t\x20-\x7e]{6}|[\t\r\n\x20-\x7e]{0,6}\Z")
"""What behind a string or a line is no chance any more."""
_TEXT_TO_THE_END = re.compile(rb"[\t-\r\x20-\x7e\xa0-\xff]{16}\Z")


def examine(data: bytes, at: int, picture: Picture, seen: Seen) -> None:
    """`at`: behind the bytes of the header that a script takes for a name."""
    if begins_script(data, at, picture):
        seen.find(
            Reason.SECOND_FORMAT, "the picture's header is the beginning of a script", at=0, opener="script element"
        )


def begins_script(data: bytes, at: int, picture: Picture) -> bool:
    """Whether a page could run the picture as a script: its first bytes are a name, what follows hides the picture,
    and the file ends in a way that a script may end.
    """
    hidden = _HIDING.match(data, at)
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


def goes_on(data: bytes, at: int) -> bool:
    """Whether what begins at `at` reads as a script up to a comment or a string that hides the rest, and behind that as
    a script again.
    """
    hidden = _HIDING.match(data, at)
    if hidden is None:
        return False
    if hidden[1] == b"/*":
        return data.find(b"*/", hidden.end()) >= 0
    line = data.find(b"\n", hidden.end())
    if hidden[1] == b"//":
        return line >= 0 and _CODE.match(data, line + 1) is not None
    closed = data.find(hidden[1], hidden.end())
    on_one_line = hidden[1] == b"`" or line < 0 or closed < line
    return closed >= 0 and on_one_line and _CODE.match(data, closed + 1) is not None
