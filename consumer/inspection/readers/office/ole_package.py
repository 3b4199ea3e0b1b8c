"""Files that were dropped into a document (the stream `\\1Ole10Native`): the names they had, and what they are."""

from __future__ import annotations

from collections.abc import Iterator

from consumer.inspection.readers import attached, programs
from consumer.inspection.readers.formats import HEAD
from consumer.inspection.readers.seen import Seen, Work

STREAM_NAME = "\x01ole10native"
HEADER = 6  # the size of what follows, and a kind
NAMES = 64 * 1024  # bytes within which names end and the file begins
A_PLACE = 16 * 1024  # of work
STARTS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"L\0\0\0\x01\x14\x02\0", b"ITSF")


def examine(stream: bytes, seen: Seen) -> bool:
    """Whether it is a program. Any other file opens with a double click, and is judged like one that is attached; an
    archive inside of one that was dropped in takes several.
    """
    names, content = _read(stream)
    if programs.is_program(b"", *names) or any(
        programs.is_program(stream[at : at + HEAD]) for at in _places(stream[:NAMES], seen.work)
    ):
        return True
    if content:
        attached.judge_outside(names[0], "", content, seen)
    return False


def _read(stream: bytes) -> tuple[list[str], bytes]:
    """Its label, the paths it came from and went to; and the same again behind the file, for what is not ASCII."""
    at, names = HEADER, list[str]()
    for _ in range(2):
        name, _, _ = stream[at : at + NAMES].partition(b"\0")
        names.append(name[-200:].decode("latin-1"))
        at += len(name) + 1
    at += 4
    path, at = _counted(stream, at)
    names.append(path[-200:].rstrip(b"\0").decode("latin-1"))
    content, at = _counted(stream, at)
    for _ in range(3):
        name, at = _counted(stream, at, 2)
        names.append(name[-400:].decode("utf-16-le", "replace"))
    return names, content


def _counted(stream: bytes, at: int, width: int = 1) -> tuple[bytes, int]:
    begin = at + 4
    end = begin + width * int.from_bytes(stream[at:begin], "little")
    return stream[begin:end], end


def _places(head: bytes, work: Work) -> Iterator[int]:
    """Where a program may begin. Searched for, since readers differ in where the names end."""
    for signature in STARTS:
        work.spend(len(head))
        at = -1
        while (at := head.find(signature, at + 1)) >= 0:
            work.spend(A_PLACE)
            yield at
