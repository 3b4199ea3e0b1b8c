"""Whether a part that is XML is whole: no program opens a document whose main part is cut off or was emptied.

All of it is not parsed, which takes several times as long as to inflate it: its beginning is, and its end is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from consumer.inspection.readers.office.containers import Sink
from consumer.inspection.readers.office.xml_reader import refuse
from consumer.inspection.readers.seen import Unreadable, Work

PARSED = 16 * 1024  # bytes from its beginning
PARSING = 8  # a byte that is parsed costs as much as looking at so many
TAIL = 256
BEHIND_ROOT = (b"/>", b"-->", b"?>")  # ends of a root without content, of a remark, of an instruction
WIDE = (b"\xff\xfe", b"\xfe\xff")
UNKNOWN_ENCODING = 18


class Whole:
    """Fed with a part's pieces, which it hands on to `inner`. `root`: the name that its root has to have, if any."""

    def __init__(self, broken: Callable[[], None], work: Work, inner: Sink | None = None, root: str = "") -> None:
        self._broken, self._work, self._inner, self._root = broken, work, inner, root
        self._left, self._counted, self._has_nul, self._is_wide = PARSED, 0, False, False
        self._name, self._tail = "", b""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._first
        self._parser.StartDoctypeDeclHandler = refuse

    def feed(self, piece: bytes) -> None:
        if self._inner is not None:
            self._inner.feed(piece)
        self._work.spend(len(piece))
        self._is_wide = self._is_wide or (not self._counted and (piece.startswith(WIDE) or b"\0" in piece[:2].strip()))
        self._counted += len(piece)
        if self._left > 0:
            self._parse(piece[: self._left], False)
        self._has_nul = self._has_nul or b"\0" in piece
        self._tail = (self._tail + piece[-TAIL:])[-TAIL:]

    def close(self) -> None:
        if self._inner is not None:
            self._inner.close()
        if self._left > 0:
            self._parse(b"", True)
        elif not self._is_wide and (self._has_nul or not self._ends()):
            self._broken()

    def _parse(self, piece: bytes, last: bool) -> None:
        self._work.spend(PARSING * len(piece))
        self._left -= len(piece)
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as problem:
            if problem.code != UNKNOWN_ENCODING:
                self._broken()
            self._left = 0
        except (ValueError, LookupError, Unreadable):  # an encoding that nobody knows, or a document type
            self._left = 0

    def _first(self, name: str, attributes: dict[str, str]) -> None:
        self._parser.StartElementHandler = None
        self._name = name
        if self._root and name.rpartition(":")[2] != self._root:
            self._broken()

    def _ends(self) -> bool:
        end = self._tail.rstrip()
        closes = end.endswith(b">") and end[:-1].rstrip().endswith(f"</{self._name}".encode())
        return closes or not self._name or end.endswith(BEHIND_ROOT)
