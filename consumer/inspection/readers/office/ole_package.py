"""Files that were dropped into a document (the stream `\\1Ole10Native`): the names they had, and how they begin."""

from __future__ import annotations

from collections.abc import Iterator

from consumer.inspection.readers import programs
from consumer.inspection.readers.formats import HEAD
from consumer.inspection.readers.seen import Work

STREAM_NAME = "\x01ole10native"
HEADER = 6  # the size of what follows, and a kind
NAMES = 64 * 1024  # bytes within which names end and the file begins
A_PLACE = 16 * 1024  # of work
STARTS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"L\0\0\0\x01\x14\x02\0", b"ITSF")


def is_program(stream: bytes, work: Work) -> bool:
    return programs.is_program(b"", *_names(stream)) or any(
        programs.is_program(stream[at : at + HEAD]) for at in _places(stream[:NAMES], work)
    )


def _names(stream: bytes) -> Iterator[str]:
    """Its label, the paths it came from and went to; and the same again behind the file, for what is not ASCII."""
    at = HEADER
    for _ in range(2):
        name, _, _ = stream[at : at + NAMES].partition(b"\0")
        yield name[-200:].decode("latin-1")
        at += len(name) + 1
    at += 4
    path, at = _counted(stream, at)
    yield path[-200:].rstrip(b"\0").decode("latin-1")
    _, at = _counted(stream, at)
    for _ in range(3):
        name, at = _counted(stream, at, 2)
        yield name[-400:].decode("utf-16-le", "replace")


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
