"""How a file is called when its sender is told of it: in quotes, short, and with nothing in it to click on.

The name is the customer's own word, or that of whoever gave them the file. Messengers make links out of `pay.example`
as well as out of `https://pay.example`, so no dot, slash or colon of it goes out; the extension stands beside it.
"""

from __future__ import annotations

import unicodedata

LONGEST = 40  # characters
KEPT = frozenset(" -_()'")


def called(name: str | None) -> str:
    """`"invoice 2024" (PDF)`, or "" where nothing of the name can be said."""
    stem, dot, extension = (name or "").rpartition(".")
    if not dot:
        stem, extension = extension, ""
    words = _plain(stem)
    if len(words) > LONGEST:
        words = f"{words[: LONGEST - 1].rstrip()}…"
    if not words:
        return ""
    ending = extension.upper() if extension.isascii() and extension.isalnum() and len(extension) <= 5 else ""
    return f'"{words}"' + (f" ({ending})" if ending else "")


def _plain(text: str) -> str:
    """Letters, digits and a few marks; whatever else stands between two of them is one space."""
    kept = (c if c in KEPT or unicodedata.category(c)[0] in "LMN" else " " for c in text[: 10 * LONGEST])
    return " ".join("".join(kept).split())
