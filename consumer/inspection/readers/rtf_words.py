"""The text of a group of RTF as Word reads it: escapes, groups within, and those whose text it passes over.

What is passed over may be long: EndNote keeps all that it knows of a source in the field that cites it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from consumer.inspection.readers.runs import DIGITS, HEX, LETTERS, LOWER, behind
from consumer.inspection.readers.seen import PLACE, TooMuch, Work

LONGEST_GROUP = 8 * 1024  # bytes of a group that are read
MOST_TEXT = 1024  # characters of it that tell what it does
MOST_PARTS = 32
A_BYTE, A_LETTER, A_CONTROL = 16, 144, 1024  # of work
BLANKS = (b"par", b"line", b"tab", b"emspace", b"enspace")
BORDER = "\x01"  # of a group
BLANK = f" {BORDER}"
PASSED_OVER = frozenset(
    {b"pict", b"info", b"fonttbl", b"colortbl", b"stylesheet", b"header", b"footer", b"footnote", b"annotation", b"xe"}
)
OF_UNICODE = b"ud"  # a group whose text stands in place of the one before it
BACKSLASH, OPENED, CLOSED, SPACE = b"\\{} "
WHITE = b" \t\r\n\0"
_BEGIN_NUMBERS = frozenset(bytes([sign]) for sign in b"-" + DIGITS)
_LETTERS = {
    bytes(digits): bytes([int(bytes(digits), 16)]).decode("cp1252", "replace") for digits in product(HEX, repeat=2)
}


def destination(data: bytes, at: int, work: Work, substitutes: int) -> str:
    """The text from `at` to the end of its group, with what is written as escapes and in groups within."""
    begin, raw, out, depth, at, controls = at, data[at : at + LONGEST_GROUP], list[str](), 0, 0, 0
    while at < len(raw) and len(out) < MOST_TEXT:
        byte = raw[at]
        if byte == BACKSLASH:
            controls += 1
            at = _control(raw, at + 1, out, substitutes)
            continue
        if byte == OPENED:
            depth += 1
            _mark(out)
            if _is_passed_over(raw, at + 1):
                depth -= 1
                closed = _past_group(data, begin + at + 1, work) - begin
                if closed >= LONGEST_GROUP:
                    work.spend(A_LETTER * at)
                    begin, closed = begin + closed, 0
                    raw = data[begin : begin + LONGEST_GROUP]
                at = closed
        elif byte == CLOSED:
            depth -= 1
            _mark(out)
            if depth < 0:
                break
        elif byte not in b"\r\n\0" and (byte != SPACE or (out and out[-1] != " ")):
            out.append(chr(byte))
        at += 1
    work.spend(2 * PLACE + A_LETTER * at + A_CONTROL * controls)
    text = "".join(out)
    if at >= LONGEST_GROUP and len(text.replace(BORDER, "").strip()) < MOST_TEXT // 4:
        raise TooMuch("an instruction in it is longer than any can be")
    return text


def _mark(out: list[str]) -> None:
    """A border, and no second one: text of nothing but borders is none."""
    if out and out[-1] not in BLANK:
        out.append(BORDER)


def _is_passed_over(raw: bytes, at: int) -> bool:
    """Whether a group begins whose text is no part of what stands around it."""
    head = raw[at : at + 32].lstrip(WHITE).lower()
    if head[:2] == b"\\*":
        return _control_word(head[2:].lstrip(WHITE)) != OF_UNICODE
    return _control_word(head) in PASSED_OVER


def _control_word(head: bytes) -> bytes:
    return head[1 : len(head) - len(head[1:].lstrip(LOWER))] if head[:1] == b"\\" else b""


def _past_group(data: bytes, at: int, work: Work) -> int:
    """The place of the brace that closes the group that is open at `at`. Braces in binary data are none: not told here
    where the group is longer than what is read letter by letter."""
    begin, depth = at, 1
    while depth and (closed := data.find(b"}", at)) >= 0:
        work.spend(PLACE // 4 + A_BYTE * (closed - at))
        inside = data[at:closed].replace(b"\\\\", b"")
        depth += inside.count(b"{") - inside.count(b"\\{") - (not inside.endswith(b"\\"))
        at = closed + 1
    end = len(data) if depth else at - 1
    work.spend(A_BYTE * (end - begin))
    if end - begin >= LONGEST_GROUP and b"\\bin" in data[begin:end].lower():
        raise TooMuch("an instruction in it is longer than any can be")
    return end


def readings(text: str) -> Iterator[str]:
    """The text, and what is left of it behind each border of a group: of some groups Word passes over the text."""
    parts = text.split(BORDER)[:MOST_PARTS]
    for first, part in enumerate(parts):
        if part.strip():
            yield "".join(parts[first:])


def _control(raw: bytes, at: int, out: list[str], substitutes: int) -> int:
    """Reads the control word or symbol whose backslash stands before `at`; returns the place behind it."""
    if not raw[at : at + 1].isalpha():
        return _symbol(raw, at, out)
    begin, at = at, behind(raw, at, LETTERS)
    word, begin = raw[begin:at].lower(), at
    if raw[at : at + 1] in _BEGIN_NUMBERS:
        at = behind(raw, at + 1, DIGITS)
    number = raw[begin:at]
    at += raw[at : at + 1] == b" "
    if word == b"u" and number.strip(b"-"):
        out.append(chr(int(number[:12]) & 0xFFFF))
        for _ in range(substitutes):
            at = _past_a_character(raw, at)
    elif word in BLANKS and out and out[-1] != " ":
        out.append(" ")
    elif word == b"bin":
        at += int(number.strip(b"-")[:12] or b"0")
    return at


def _symbol(raw: bytes, at: int, out: list[str]) -> int:
    symbol = raw[at : at + 1]
    if symbol == b"'":
        if letter := _LETTERS.get(raw[at + 1 : at + 3]):
            out.append(letter)
            return at + 3
    elif symbol in (b"\\", b"{", b"}"):
        out.append(symbol.decode())
    elif symbol == b"~":
        out.append(" ")
    return at + 1


def _past_a_character(raw: bytes, at: int) -> int:
    """A letter, an escape, or a control word, which counts as one; groups are not entered."""
    if raw[at : at + 1] in (b"", b"{", b"}"):
        return at
    return _control(raw, at + 1, [], 0) if raw[at] == BACKSLASH else at + 1
