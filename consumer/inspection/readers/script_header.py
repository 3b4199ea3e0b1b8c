"""Pictures that a page could run as a script (`<script src=picture>`): their header is the beginning of one."""

from __future__ import annotations

from consumer.inspection.readers import runs
from consumer.inspection.readers.formats import PADDING
from consumer.inspection.readers.picture import Picture
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

QUOTES = b"\"'`"
_SCRIPT = runs.between(0x09, 0x0D) + runs.between(0x20, 0x7E) + runs.between(0xA0, 0xFF)
"""Text as a script has it."""
_UNQUOTED = bytes(set(_SCRIPT) - set(QUOTES))
_PRINTED = b"\t" + runs.between(0x20, 0x7E)
NO_CHANCE = 6  # characters behind a string or a line
TO_THE_END = 16  # characters of a text that goes on to the end of the file


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
    hidden, begin = _hidden(data, at)
    if not hidden:
        return False
    if hidden == b"/*":
        return data.find(b"*/", begin) >= 0  # such a width or length is never met: whatever follows
    comment = data.rfind(b"//")
    return (
        not picture.complete
        or bool(data[picture.end :].strip(PADDING))
        or (comment >= 0 and data.find(b"\n", comment) < 0 and data.find(b"\r", comment) < 0)
        or (len(data) >= TO_THE_END and not data[-TO_THE_END:].strip(_SCRIPT))
    )


def _hidden(data: bytes, at: int) -> tuple[bytes, int]:
    """What makes a script skip the picture behind text as a script has it, a comment or a string, and where that is
    begun; no bytes if nothing does.
    """
    stop = runs.behind(data, at, _UNQUOTED)
    lines = (data.find(sign, at, stop) for sign in (b"/*", b"//"))
    comment = min((line for line in lines if line >= 0), default=-1)
    if comment >= 0:
        return data[comment : comment + 2], comment + 2
    quote = data[stop : stop + 1]
    return (quote, stop + 1) if quote and quote in QUOTES else (b"", stop)


def _is_code(data: bytes, at: int) -> bool:
    """Whether what stands there is no chance any more, or the end."""
    few = data[at : at + NO_CHANCE + 1]
    whole = len(few) >= NO_CHANCE and not few[:NO_CHANCE].strip(_PRINTED)
    return whole or (len(few) <= NO_CHANCE and not few.strip(_PRINTED + b"\r\n"))


def goes_on(data: bytes, at: int) -> bool:
    """Whether what begins at `at` reads as a script up to a comment or a string that hides the rest, and behind that as
    a script again.
    """
    hidden, begin = _hidden(data, at)
    if not hidden:
        return False
    if hidden == b"/*":
        return data.find(b"*/", begin) >= 0
    line = data.find(b"\n", begin)
    if hidden == b"//":
        return line >= 0 and _is_code(data, line + 1)
    closed = data.find(hidden, begin)
    on_one_line = hidden == b"`" or line < 0 or closed < line
    return closed >= 0 and on_one_line and _is_code(data, closed + 1)
