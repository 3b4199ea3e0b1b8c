"""Modules of Basic in an OpenDocument: whether there is code in one. LibreOffice's editor makes an empty one."""

from __future__ import annotations

from consumer.inspection.readers.references import unescaped
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

LISTINGS = ("/script-lc.xml", "/script-lb.xml", "/dialog-lc.xml", "/dialog-lb.xml")
MOST = 64 * 1024  # bytes of a module without code
EMPTY = ("rem", "'", "sub main", "end sub", "option ")


class Module:
    """Fed with the pieces of a module."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._content = bytearray()

    def feed(self, piece: bytes) -> None:
        self._content += piece[: MOST + 1 - len(self._content)]

    def close(self) -> None:
        if self._has_code():
            self._seen.find(Reason.MACROS, "it contains macros")
        else:
            self._seen.flag("empty_macro_project")

    def _has_code(self) -> bool:
        if len(self._content) > MOST:
            return True
        text = unescaped(self._content.decode("utf-8", "replace"))
        begin = text.find("<script:module")
        code = text[text.find(">", begin) + 1 : text.rfind("</")] if begin >= 0 else text
        lines = (line.strip().lower() for line in code.splitlines())
        return any(line and not _does_nothing(line) for line in lines)


def _does_nothing(line: str) -> bool:
    return line.startswith(EMPTY) and ":" not in line.partition("'")[0]
