"""PDF objects as they are written: dictionaries, arrays, names, strings, numbers, references. Comments are none."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from consumer.inspection.readers import runs
from consumer.inspection.readers.formats import OBJECTS_TRIED
from consumer.inspection.readers.pdf.strings import TOKEN, escapes, from_digits, plain, string_at
from consumer.inspection.readers.pdf.words import AFTER_NAME, DELIMITERS, OBJECT, REGULAR, WHITE, is_telling
from consumer.inspection.readers.seen import PLACE, Work

DEEPEST = 64  # levels of arrays and dictionaries
AN_OBJECT, AN_ESCAPE = 4096, 1024  # of work, to list the one, and to look at the other
A_SIGN = 12  # of work: of a token, and of short comments before it
KEYWORDS = (b"obj", b"endobj", b"stream", b"endstream", b"xref", b"trailer", b"startxref")
CONSTANTS = {b"true": True, b"false": False}
IN_LINE = runs.all_but(b"\r\n")
MOST_DIGITS = 10  # of a number of an object
NEAR = 24  # bytes within which a reference ends
LONGEST_NAME = 128  # before its first escape

_BESIDE_BRACKETS, _NO_BRACKET = runs.all_but(b"()<>%"), runs.all_but(b"<>")
_UNESCAPED = bytes(set(REGULAR) - set(b"#"))
_BRACKETS = {b"<<": "open", b"[": "open", b">>": "close", b"]": "close"}
_BEFORE_TOKENS = WHITE + b"%"


class Name(bytes):
    """Without its slash, and with its escapes undone."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Reference:
    number: int


Value = object
"""A dictionary (keys without their slash), a list, a `Name`, a `Reference`, a string, a number; None for the rest."""
Dictionary = dict[bytes, Value]


def unescaped(content: bytes, work: Work) -> bytes:
    """`content` with every name in it as it is without escapes that somebody looks for as it is written: it is only
    shorter where somebody uses them.
    """
    if b"#" not in content:
        return content
    work.spend(2 * len(content))
    made, done, looked = list[bytes](), 0, 0
    for sign in escapes(content):
        work.spend(AN_ESCAPE)
        begin = runs.before(content, sign, _UNESCAPED, max(looked, sign - LONGEST_NAME + 1)) - 1
        if begin < looked or content[begin : begin + 1] != b"/":
            continue
        work.spend(2 * TOKEN)
        looked = runs.behind(content, sign, REGULAR)
        if is_telling(name := plain(content[begin:looked])):
            made += [content[done:begin], name]
            done = looked
    return b"".join((*made, content[done:])) if made else content


past = runs.behind_lines(WHITE, b"%", b"\r\n")
"""Gives the place behind white space and comments."""


def reference_at(data: bytes, at: int, word: bytes) -> int:
    """Where `word` begins that stands behind white space and two numbers, as in `1 0 obj`; -1 if it does not."""
    near = data[at : at + NEAR]
    words = near.split(None, 3)
    numbered = len(words) > 2 and words[0].isdigit() and words[1].isdigit() and words[2].startswith(word)
    if numbered and b"\x0b" not in near:  # as nearly always
        return at + near.find(word)
    first = runs.behind(data, runs.behind(data, at, WHITE), runs.DIGITS)
    second = runs.behind(data, first, WHITE)
    stop = runs.behind(data, second, runs.DIGITS)
    begin = runs.behind(data, stop, WHITE)
    numbers = data[first - 1 : first].isdigit() and first < second < stop < begin
    return begin if numbers and first > at and data.startswith(word, begin) else -1


def referred_at(data: bytes, at: int, work: Work) -> Value:
    """The value that begins at `at`, which nearly always is a reference."""
    near = data[at : at + NEAR]
    words = near.split(None, 3)
    if len(words) > 2 and words[0].isdigit() and words[1].isdigit() and words[2][:1] == b"R" and b"\x0b" not in near:
        ends = len(words) > 3 or at + NEAR >= len(data) or len(words[2]) > 1
        if ends and words[2][1:2] in AFTER_NAME and max(len(words[0]), len(words[1])) <= MOST_DIGITS:
            work.spend(3 * TOKEN)
            return Reference(int(words[0]))
    return read(data, at, work)[0]


def number_before(data: bytes, word: int, floor: int, spaced: bool) -> tuple[int, int] | None:
    """From where to where the first of the two numbers stands that are before a word, as in `1 0 obj`.

    `spaced`: whether there has to be white space before the word.
    """
    stop = runs.before(data, word, WHITE, floor)
    if spaced and stop == word:
        return None
    begin = runs.before(data, stop, runs.DIGITS, floor)
    if not 0 < stop - begin <= MOST_DIGITS:
        return None
    end = runs.before(data, begin, WHITE, floor)
    first = runs.before(data, end, runs.DIGITS, floor) if end < begin else end
    return (first, end) if first < end else None


Token = tuple[str, bytes, int]
"""Its kind, what it says, and where it ends."""


def _token(data: bytes, at: int) -> Token:
    if data[at : at + 1] in _BEFORE_TOKENS:
        one_space = data[at : at + 1] == b" " and data[at + 1 : at + 2] not in _BEFORE_TOKENS
        at = at + 1 if one_space else past(data, at)
    if not (sign := data[at : at + 1]):
        return "stray", b"", len(data)  # behind a comment that may be long: whoever reads it pays for that
    if sign == b"/" or sign not in DELIMITERS:
        begin = at + (sign == b"/")
        end = runs.behind(data, begin, REGULAR)
        return ("name" if sign == b"/" else "word"), data[begin:end], end
    for written in (sign, data[at : at + 2]):
        if kind := _BRACKETS.get(written):
            return kind, written, at + len(written)
    if sign == b"(":
        return "string", b"", at + 1
    if sign == b"<":
        end = runs.behind(data, at + 1, runs.HEX + WHITE)
        return "hex", data[at + 1 : end], end + (data[end : end + 1] == b">")
    return "stray", b"", at + 1


def read(data: bytes, at: int, work: Work, flat: bool = False) -> tuple[Value, int]:
    """The object that begins at `at`, and where it ends. What is broken ends it where it breaks.

    If it is `flat`, dictionaries inside of it are passed over and read as empty: those of pages are long.
    """
    levels: list[list[Value]] = [[]]
    while len(levels) <= DEEPEST:
        kind, written, end = _token(data, at)
        work.spend(TOKEN + A_SIGN * (end - at))
        values = levels[-1]
        if kind == "stray" or (kind == "close" and len(levels) == 1):
            break
        if kind == "word" and not take_word(written, values):
            break
        at = end
        if kind == "word":
            if len(levels) == 1 and isinstance(values[-1], Reference):
                break
            continue
        if kind == "name":
            values.append(Name(plain(written)))
        elif kind == "open" and flat and len(levels) > 1 and written == b"<<":
            at = _behind_dictionary(data, at, work)
            values.append({})
        elif kind == "open":
            levels.append([])
        elif kind == "close":
            levels.pop()
            levels[-1].append(dictionary(values) if written == b">>" else values)
        elif kind == "hex":
            values.append(from_digits(written))
        else:
            text, at = string_at(data, at, work)
            values.append(text)
        if len(levels) == 1:
            break
    while len(levels) > 1:
        values = levels.pop()
        levels[-1].append(dictionary(values))
    return (levels[0][-1] if levels[0] else None), at


def take_word(word: bytes, values: list[Value]) -> bool:
    """Whether it is a number, a constant or the end of a reference: other words belong to no object."""
    if word == b"R" and len(values) > 1 and isinstance(values[-2], int):
        values[-2:] = [Reference(values[-2])]
    elif word in KEYWORDS:
        return False
    else:
        digits = word[1:] if word[:1] in (b"+", b"-") else word
        values.append(int(word) if digits.isdigit() and len(digits) <= MOST_DIGITS + 1 else CONSTANTS.get(word))
    return True


def dictionary(values: list[Value]) -> Dictionary:
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
    while depth and (step := _step(data, at)):
        mark, end = step
        work.spend(TOKEN + end - at)
        at = end
        depth += {b"<<": 1, b">>": -1}.get(mark, 0)
        if mark == b"(":
            _, at = string_at(data, at, work)
    return at


def _step(data: bytes, at: int) -> tuple[bytes, int] | None:
    """The next bracket of any kind, or comment or string of digits, which hold none, and where it ends."""
    at = runs.behind(data, at, _BESIDE_BRACKETS)
    sign = data[at : at + 1]
    if not sign:
        return None
    if sign == b"%":
        return sign, runs.behind(data, at, IN_LINE)
    if data.startswith((b"<<", b">>"), at):
        return data[at : at + 2], at + 2
    if sign == b"<":
        end = runs.behind(data, at + 1, _NO_BRACKET)
        if data[end : end + 1] == b">":
            return b"<>", end + 1
    return sign, at + 1


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
    while begin <= at:
        kind, _, end = _token(data, begin)
        work.spend(TOKEN + end - begin)
        begin = end
        if kind == "string":
            _, begin = string_at(data, begin, work)
            if end <= at < begin:
                return begin
    return None


def text(value: Value) -> str:
    """A string for people, in whichever of the encodings it is."""
    if not isinstance(value, bytes) or isinstance(value, Name):
        return ""
    if value.startswith((b"\xfe\xff", b"\xff\xfe")):
        return value.decode("utf-16", "replace")
    return value.decode("utf-8-sig" if value.startswith(codecs.BOM_UTF8) else "latin-1", "replace")


def resolve(data: bytes, reference: Reference, work: Work) -> Value:
    """What the last object of that number is; None if there is none outside of object streams."""
    at = work.objects(data, _objects).get(b"%d" % reference.number)
    return None if at is None else read(data, at, work)[0]


def _objects(data: bytes, work: Work) -> dict[bytes, int]:
    """Where the content of the last object of each number begins, by the number's digits."""
    work.spend(12 * len(data))
    found: dict[bytes, int] = {}
    for word in work.words(data).at(OBJECT):
        work.spend(AN_OBJECT)
        if number := number_before(data, word, 0, True):
            found[data[slice(*number)]] = word + 3
    return found
