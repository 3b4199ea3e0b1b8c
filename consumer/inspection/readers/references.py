"""References to characters in XML (`&#68;`, `&amp;`), each read once, however long a number is written."""

from __future__ import annotations

from html import unescape
from html.entities import html5

DIGITS, HEXADECIMAL = "0123456789", "0123456789abcdefABCDEF"
MOST_DIGITS = 7  # behind leading zeros, of a number that can be a character
LONGEST_NAME = 32
_MARKUP = b"<>&\"'"
_LETTERS = {
    written: bytes([letter])
    for letter in set(range(32, 127)) - set(_MARKUP)
    for written in (b"%d" % letter, b"x%x" % letter, b"x%X" % letter, b"X%x" % letter, b"X%X" % letter)
}


def unescaped(text: str) -> str:
    """`text` with its references as the characters that they mean. What means none stays as it is written."""
    first, *rest = text.split("&")
    return first + "".join(map(_read, rest)) if rest else text


def with_letters(data: bytes) -> bytes:
    """`data` with references to characters of ASCII as these, but for those by which markup is told from text."""
    first, *rest = data.split(b"&#")
    return first + b"".join(map(_lettered, rest))


def _lettered(behind: bytes) -> bytes:
    number, _, rest = behind.partition(b";")
    if number[:1] == b"0":
        number = number.lstrip(b"0")
    elif number[1:2] == b"0" and number[:1] in (b"x", b"X"):
        number = b"x" + number[1:].lstrip(b"0")
    letter = _LETTERS.get(number)
    return b"&#" + behind if letter is None else letter + rest


def _read(behind: str) -> str:
    """What stands behind the sign."""
    if behind.startswith("#"):
        return _numbered(behind)
    name, end, _ = behind[: LONGEST_NAME + 1].partition(";")
    found = html5.get(name + end) if end else None
    return "&" + behind if found is None else found + behind[len(name) + 1 :]


def _numbered(behind: str) -> str:
    sign, digits = ("#x", HEXADECIMAL) if behind[1:2] in ("x", "X") else ("#", DIGITS)
    written = behind[len(sign) :]
    rest = written.lstrip(digits)
    number = written[: len(written) - len(rest)]
    significant = number.lstrip("0") or number[:1]
    if not 0 < len(significant) <= MOST_DIGITS:
        return "&" + behind
    return unescape(f"&{sign}{significant};") + rest.removeprefix(";")
