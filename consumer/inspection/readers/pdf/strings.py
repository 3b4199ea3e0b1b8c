"""Strings and names of a PDF as they are written: in parentheses with escapes, as digits, with escaped letters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from ahocorasick_rs import BytesAhoCorasick

from consumer.inspection.readers import runs
from consumer.inspection.readers.seen import Work

TOKEN = 2400  # what reading one token costs, as bytes that are read
A_LETTER = 4  # of a string
MOST_STRING = 4096

BACKSLASH = b"\\"

_PLAIN = runs.all_but(b"()\\")
_ESCAPED_LETTER = BytesAhoCorasick([b"#%c%c" % digits for digits in product(runs.HEX, repeat=2)])
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\r": b"", b"\n": b"", b"\r\n": b""}


def string_at(data: bytes, at: int, work: Work) -> tuple[bytes, int]:
    """The string whose parenthesis was opened before `at`, its beginning without escapes, and where it ends."""
    begin, depth = at, 1
    while depth and at < len(data):
        end = runs.behind(data, at, _PLAIN)
        work.spend(TOKEN + A_LETTER * (end - at))
        if end > at:
            at = end
        elif data[at] == BACKSLASH[0]:
            if at + 1 == len(data):
                break
            at += 2
        else:
            depth += 1 if data[at : at + 1] == b"(" else -1
            at += 1
    text = data[begin : min(at - (depth == 0), begin + MOST_STRING)]
    return (_without_escapes(text) if BACKSLASH in text else text), at


def _without_escapes(text: bytes) -> bytes:
    made, at = bytearray(), 0
    while (sign := text.find(BACKSLASH, at)) >= 0:
        made += text[at:sign]
        three = text[sign + 1 : sign + 4]
        octal = three[: len(three) - len(three.lstrip(b"01234567"))]
        said = octal or (b"\r\n" if three[:2] == b"\r\n" else three[:1])
        made += bytes([int(octal, 8) & 0xFF]) if octal else _ESCAPES.get(said, said) if said else BACKSLASH
        at = sign + 1 + len(said)
    return bytes(made + text[at:])


def from_digits(digits: bytes) -> bytes:
    """The string that is written in hexadecimal digits, white space among them."""
    bare = digits[: 2 * MOST_STRING].translate(None, b"\0\t\n\x0c\r ")
    return bytes.fromhex((bare + b"0" * (len(bare) % 2)).decode("ascii"))


def escapes(content: bytes) -> Iterator[int]:
    """Where letters may be written as digits: in a name, or in what only looks like one."""
    return runs.places_of_any(content, _ESCAPED_LETTER)


def plain(text: bytes) -> bytes:
    """A name without escapes."""
    if b"#" not in text:
        return text
    first, *rest = text.split(b"#")
    return first + b"".join(
        bytes.fromhex(piece[:2].decode("ascii")) + piece[2:] if is_byte(piece[:2]) else b"#" + piece for piece in rest
    )


def is_byte(digits: bytes) -> bool:
    """Whether these are the two digits of an escaped letter."""
    return len(digits) == 2 and not digits.strip(runs.HEX)
