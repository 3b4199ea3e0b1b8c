"""Tags of a part that comes in pieces: where one ends, and what of it is looked at again with the next piece."""

from __future__ import annotations

from collections.abc import Iterable

from consumer.inspection.readers import runs
from consumer.inspection.readers.office.xml_reader import LONGEST_TAG
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

A_QUOTE = 512  # of work
KEPT = 64  # bytes of the end of a tag that is too long to be carried: a word may go on there

AFTER_NAME = frozenset(bytes([sign]) for sign in runs.SPACE + b"/>")
_IN_NAME = runs.all_but(runs.SPACE + b"<>:/\"'=")
_UNQUOTED = runs.all_but(b"<>\"'")
_OTHER = (b"</", b"<!", b"<?")

Tag = tuple[bytes, bytes, int]
"""Its name without prefix, what stands between that and the bracket, and where it ends."""


def tag_at(data: bytes, begin: int, stop: int) -> Tag | None:
    """The tag that begins there and ends before `stop`; None if none does. Values stand in quotes."""
    if data[begin : begin + 1] != b"<":
        return None
    prefix = runs.behind(data, begin + 1, _IN_NAME)
    name = prefix + 1 if prefix > begin + 1 and data[prefix : prefix + 1] == b":" else begin + 1
    after = at = runs.behind(data, name, runs.WORD)
    if after == name or data[after : after + 1] not in AFTER_NAME:
        return None
    while (at := runs.behind(data, at, _UNQUOTED)) < stop:
        sign = data[at : at + 1]
        if sign == b">":
            return data[name:after], data[after:at], at + 1
        if sign == b"<" or (at := data.find(sign, at + 1, stop) + 1) == 0:
            return None
    return None


def unended(data: bytes, last: int, words: Iterable[bytes], seen: Seen) -> bytes:
    """What begins at `last`, behind which no other tag begins, and ends in no piece so far; nothing if it ends.

    Of a tag that is too long the middle is left out. So none may hold one of the words: nobody would read it there.
    """
    if _is_whole(data, last, seen):
        return b""
    tag = data[last:]
    if len(tag) <= LONGEST_TAG:
        return tag
    if any(runs.has(tag, word) for word in words):
        seen.find(Reason.MALFORMED, "a tag that may do something is longer than any program writes it")
    return tag[: LONGEST_TAG - KEPT] + tag[-KEPT:]


def _is_whole(data: bytes, last: int, seen: Seen) -> bool:
    if data[last : last + 1] != b"<":
        return last < len(data)
    if data.find(b">", last) < 0:
        return False
    if data.startswith(_OTHER, last):
        return True
    seen.work.spend(A_QUOTE * (data.count(b'"', last) + data.count(b"'", last)))
    return tag_at(data, last, len(data)) is not None
