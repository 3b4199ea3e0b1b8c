"""Foreign text, made safe to show: in a terminal, in a log line, in a result, on a page (which still escapes HTML)."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"  # Persian words and emoji need them, and they move nothing
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # control, format (bidi marks), lone surrogates, line separators


def printable(text: str, limit: int) -> str:
    """`text` on one line and at most `limit` characters long; what could steer a terminal or reorder a line is escaped.

    An escape is what Python would write (`\\x1b`, `\\u202e`); a text that was cut ends in `…`.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    shown: list[str] = []
    room = limit
    for character in text[: limit + 1]:  # no longer text fits, however few escapes it has
        piece = _visible(character)
        if len(piece) > room:
            return _cut(shown, limit)
        shown.append(piece)
        room -= len(piece)
    return "".join(shown)


def _visible(character: str) -> str:
    if unicodedata.category(character) in _UNSAFE and character not in _JOINERS:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def _cut(pieces: list[str], limit: int) -> str:
    """Drops whole pieces, so that no escape is cut in the middle, until the mark of the cut fits."""
    room = sum(map(len, pieces))
    while pieces and room > limit - 1:
        room -= len(pieces.pop())
    return "".join(pieces) + "…"[:limit]
