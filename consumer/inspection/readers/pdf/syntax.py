"""PDF objects as they are written: dictionaries, arrays, names, strings, numbers, references. Comments are none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from consumer.inspection.readers.seen import PLACE, Work

TOKEN = 1152  # what reading one costs, as bytes that are read
SIGN = 24  # what a look at one of many signs costs
DEEPEST = 64  # levels of arrays and dictionaries
MOST_STRING = 4096
OBJECTS_TRIED = 32
KEYWORDS = (b"obj", b"endobj", b"stream", b"endstream", b"xref", b"trailer", b"startxref")

CONSTANTS = {b"true": True, b"false": False}

_INTEGER = re.compile(rb"[+-]?\d{1,11}")
_TOKEN = re.compile(
    rb"[\0\t\n\x0c\r ]*+(?:%[^\r\n]*+[\0\t\n\x0c\r ]*+)*+"
    rb"(?:/(?P<name>[^\0\t\n\x0c\r ()<>\[\]{}/%]*+)|(?P<word>[^\0\t\n\x0c\r ()<>\[\]{}/%]++)"
    rb"|(?P<open><<|\[)|(?P<close>>>|\])|(?P<string>\()|<(?P<hex>[0-9A-Fa-f\0\t\n\x0c\r ]*+)>?|(?P<stray>[)>{}]))"
)
_STEP = re.compile(rb"[^()<>%]*+(<<|>>|\(|<[^<>]*+>|%[^\r\n]*+|[)<>])")
_PIECE = re.compile(rb"[^()\\]++|\\.|[()]", re.S)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|.))", re.S)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\r": b"", b"\n": b"", b"\r\n": b""}
_ESCAPED_BYTE = re.compile(rb"#([0-9A-Fa-f]{2})")
_ESCAPED_NAME = re.compile(rb"/[^\0\t\n\x0c\r ()<>\[\]{}/%#]{0,127}+#[0-9A-Fa-f]{2}[^\0\t\n\x0c\r ()<>\[\]{}/%]*+")


class Name(bytes):
    """Without its slash, and with its escapes undone."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Reference:
    number: int


Value = object
"""A dictionary (keys without their slash), a list, a `Name`, a `Reference`, a string, a number; None for the rest."""
Dictionary = dict[bytes, Value]


def name(*words: bytes) -> re.Pattern[bytes]:
    """Finds these names, as they are written without escapes."""
    return re.compile(rb"/(?:" + b"|".join(words) + rb")(?=[\0\t\n\x0c\r /<>\[\](){}%]|$)")


def plain(text: bytes) -> bytes:
    """A name without escapes."""
    return _ESCAPED_BYTE.sub(lambda match: bytes([int(match[1], 16)]), text) if b"#" in text else text


def unescaped(content: bytes, work: Work) -> bytes:
    """`content` with every name in it as it is without escapes: it is only shorter where somebody uses them."""

    def replace(match: re.Match[bytes]) -> bytes:
        work.spend(2 * TOKEN)
        return plain(match[0])

    if b"#" not in content:
        return content
    work.spend(len(content) + 2 * SIGN * content.count(b"/"))
    return _ESCAPED_NAME.sub(replace, content)


def read(data: bytes, at: int, work: Work, flat: bool = False) -> tuple[Value, int]:
    """The object that begins at `at`, and where it ends. What is broken ends it where it breaks.

    If it is `flat`, dictionaries inside of it are passed over and read as empty: those of pages are long.
    """
    levels: list[list[Value]] = [[]]
    while len(levels) <= DEEPEST and (token := _TOKEN.match(data, at)):
        work.spend(TOKEN + token.end() - at)
        kind, values = token.lastgroup, levels[-1]
        if kind == "stray" or (kind == "close" and len(levels) == 1):
            break
        if kind == "word":
            if not _word(token["word"], values):
                break
            at = token.end()
            if len(levels) == 1 and isinstance(values[-1], Reference):
                break
            continue
        at = token.end()
        if kind == "name":
            values.append(Name(plain(token["name"])))
        elif kind == "open" and flat and len(levels) > 1 and token["open"] == b"<<":
            at = _behind_dictionary(data, at, work)
            values.append({})
        elif kind == "open":
            levels.append([])
        elif kind == "close":
            levels.pop()
            levels[-1].append(_dictionary(values) if token["close"] == b">>" else values)
        elif kind == "hex":
            values.append(_from_digits(token["hex"]))
        else:
            text, at = _string(data, at, work)
            values.append(text)
        if len(levels) == 1:
            break
    while len(levels) > 1:
        values = levels.pop()
        levels[-1].append(_dictionary(values))
    return (levels[0][-1] if levels[0] else None), at


def _word(word: bytes, values: list[Value]) -> bool:
    """Whether it is a number, a constant or the end of a reference: other words belong to no object."""
    if word == b"R" and len(values) > 1 and isinstance(values[-2], int):
        values[-2:] = [Reference(values[-2])]
    elif word in KEYWORDS:
        return False
    else:
        values.append(int(word) if _INTEGER.fullmatch(word) else CONSTANTS.get(word))
    return True


def _dictionary(values: list[Value]) -> Dictionary:
    """What stands without a key, or as a key without a value, is left out."""
    made: Dictionary = {}
    at = 0
    while at + 1 < len(values):
        key = values[at]
        if isinstance(key, Name):
            made[bytes(key)] = values[at + 1]
            at += 1
        at += 1
    return made


def _behind_dictionary(data: bytes, at: int, work: Work) -> int:
    """Where the dictionary ends that was opened before `at`."""
    depth = 1
    while depth and (step := _STEP.match(data, at)):
        work.spend(TOKEN + step.end() - at)
        mark, at = step[1], step.end()
        depth += {b"<<": 1, b">>": -1}.get(mark, 0)
        if mark == b"(":
            _, at = _string(data, at, work)
    return at


def _string(data: bytes, at: int, work: Work) -> tuple[bytes, int]:
    """The string whose parenthesis was opened before `at`, its beginning without escapes, and where it ends."""
    begin, depth = at, 1
    while depth and (piece := _PIECE.match(data, at)):
        work.spend(TOKEN)
        depth += {b"(": 1, b")": -1}.get(piece[0], 0)
        at = piece.end()
    text = data[begin : min(at - (depth == 0), begin + MOST_STRING)]
    return (_ESCAPE.sub(_unescaped, text) if b"\\" in text else text), at


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8) & 0xFF]) if match[1] else _ESCAPES.get(match[2], match[2])


def _from_digits(digits: bytes) -> bytes:
    bare = digits[: 2 * MOST_STRING].translate(None, b"\0\t\n\x0c\r ")
    return bytes.fromhex((bare + b"0" * (len(bare) % 2)).decode("ascii"))


def enclosing(data: bytes, at: int, floor: int, work: Work) -> tuple[Value, int]:
    """The object that the byte at `at` belongs to, and where it ends; (None, `at`) if none can be read.

    Backwards, since tables of places lie. The word that begins an object may stand in a string of it as well.
    """
    begin = at
    for _ in range(OBJECTS_TRIED):
        before, begin = begin, data.rfind(b"obj", floor, begin)
        if begin < 0:
            break
        work.spend(PLACE + before - begin)
        value, end = read(data, begin + 3, work)
        if end > at:
            return value, end
    return None, at


def string_around(data: bytes, at: int, begin: int, work: Work) -> int | None:
    """Where the string ends that the byte at `at` is in, as they are read from `begin` on; None if it is in none."""
    while begin <= at and (token := _TOKEN.match(data, begin)):
        work.spend(TOKEN + token.end() - begin)
        begin = token.end()
        if token["string"]:
            _, begin = _string(data, begin, work)
            if token.end() <= at < begin:
                return begin
    return None


def text(value: Value) -> str:
    """A string for people, in whichever of the encodings it is."""
    if not isinstance(value, bytes) or isinstance(value, Name):
        return ""
    if value.startswith((b"\xfe\xff", b"\xff\xfe")):
        return value.decode("utf-16", "replace")
    return value.decode("utf-8-sig" if value.startswith(b"\xef\xbb\xbf") else "latin-1", "replace")


def resolve(data: bytes, reference: Reference, work: Work) -> Value:
    """What the last object of that number is; None if there is none outside of object streams."""
    work.spend(12 * len(data))
    value = None
    for match in re.finditer(rb"(?<!\d)%d[\0\t\n\x0c\r ]++\d{1,10}[\0\t\n\x0c\r ]++obj" % reference.number, data):
        value, _ = read(data, match.end(), work)
    return value
