"""What a file's name ends with, read as a desktop would read it."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from urllib.parse import unquote

LONGEST = 255  # of a file's name, on any system
TRAILING = ". \u00a0\u3000"  # what Windows leaves out at the end
_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_~-{}")
_WRITTEN = str.maketrans("%:\0", "   ")  # signs that are letters of the name once they were written so
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


def visible_name(name: str) -> str:
    """The last part of `name` without what hides its ending: paths, control and bidi characters, trailing dots.

    What stands behind a NUL is dropped: C code would not see it, and `evil.exe\\0.jpg` is an `.exe` there.
    """
    name = name.partition("\0")[0]
    if not name.isprintable():
        unseen = (ord(c) for c in set(name) if unicodedata.category(c) in ("Cc", "Cf", "Cs"))
        name = name.translate(dict.fromkeys(unseen))
    base = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    base = base.partition("::$")[0] if "::$" in base else base
    if "%" in base:  # browsers read what servers call a file so (Chromium, the header Content-Disposition)
        base = visible_name(unquote(base).translate(_WRITTEN))
    return base.rstrip(TRAILING)


@lru_cache(256)  # a file's name is read several times while it is judged
def extension_of(name: str | None) -> str:
    """The last extension in lower case without its dot; "" if the name has none.

    A longer name than any file has ends where the longest would. An extension has a letter: the date in
    "report 12.05.2024" and the number in "notes v1.2" are none.
    """
    if not name:
        return ""
    end = visible_name(name)[-LONGEST:]  # marks are put in order in a time that grows by the square of their number
    _, dot, extension = unicodedata.normalize("NFKC", end).rstrip(TRAILING).rpartition(".")
    extension = extension.strip().lower()
    characters = set(extension)
    return extension if dot and characters <= _CHARACTERS and characters & LETTERS else ""


def ends_in_words(name: str | None) -> bool:
    """Whether a space stands behind the last dot, as in "Smith & Co. KG": no desktop takes what follows for an
    extension that it knows.
    """
    return unicodedata.normalize("NFKC", visible_name(name or "")[-LONGEST:]).rpartition(".")[2][:1].isspace()
