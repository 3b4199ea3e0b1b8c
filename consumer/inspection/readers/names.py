"""What a file's name ends with, read as a desktop would read it."""

from __future__ import annotations

import unicodedata

_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_~-{}")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


def visible_name(name: str) -> str:
    """The last part of `name` without what hides its ending: paths, control and bidi characters, trailing dots.

    What stands behind a NUL is dropped: C code would not see it, and `evil.exe\\0.jpg` is an `.exe` there.
    """
    name = name.partition("\0")[0]
    if not name.isprintable():
        name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    base = name.replace("\\", "/").rpartition("/")[2]
    base = base.partition("::$")[0] if "::$" in base else base
    return base.rstrip(". \u00a0\u3000")


def extension_of(name: str | None) -> str:
    """The last extension in lower case without its dot; "" if the name has none.

    It has a letter: the date in "report 12.05.2024" and the number in "notes v1.2" are none.
    """
    if not name:
        return ""
    _, dot, extension = unicodedata.normalize("NFKC", visible_name(name)).rpartition(".")
    extension = extension.strip().lower()
    characters = set(extension)
    return extension if dot and characters <= _CHARACTERS and characters & _LETTERS else ""
