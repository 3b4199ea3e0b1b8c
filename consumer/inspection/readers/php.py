"""PHP's tags, with code of PHP behind them. PHP runs them wherever they stand in a file that it is told to include, and
opens an archive of its own in any file that ends with its signature (php.net, "Phar file format").

The text behind a tag is compiled as a whole, and words that are no code stop it: a text may speak of `<?php`. So the
first tokens behind the tag are read (php.net, "PHP tags"; the grammar of `zend_language_parser.y`).
"""

from __future__ import annotations

from collections.abc import Iterator

from consumer.inspection.readers import runs, server_code
from consumer.inspection.readers.searches import together
from consumer.inspection.readers.seen import Seen, Work
from consumer.inspection.readers.server_code import MOST_SIGNS
from consumer.model import Reason

BEGUN, TAG, ECHO = b"<?", b"<?php", b"<?="
STUB, SIGNED = b"__HALT_COMPILER();", b"GBMB"  # before an archive's list of files, and behind its signature
HALT = b"__halt_compiler"  # nothing behind it is code
WHITE = b" \t\r\n"
A_MARK, A_TAG = 512, 64 * 1024  # of work
LOOKED_AT = 1024  # bytes behind a tag
MOST_ECHO = 4096  # bytes within which an expression ends
BEGINS = 2  # bytes of a tag that may stand at the end of a piece
DECLARATION = 256  # bytes within which that of XML ends
LOOKS = 8  # bytes that a search for tags passes in the time in which one is read

_TAGS = together((b"<?p", b"<?P", b"<?="))
_NAME = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_\\" + bytes(range(128, 256))
_NO_SIGNS, _CLOSED_BY = runs.all_but(b"()[]{}'\"`#/?<_"), {ord("("): ord(")"), ord("["): ord("]")}
_BEFORE_VALUE = b"@!-+~([& \t\r\n{;"
_CASTS = frozenset(b"int integer float double string bool boolean array object binary".split())
_OF_VALUES = frozenset(
    b"echo print return include include_once require require_once throw yield clone exit die".split()
)
_BRACKETED = frozenset(
    b"if for foreach while switch eval isset unset empty list array match declare fn exit die".split()
)
_NAMING = frozenset(b"namespace use class interface trait enum function const new abstract final readonly goto".split())
_ALONE = frozenset(b"exit die return try do else".split())
_OF_VARIABLES = frozenset(b"static global var".split())
_AFTER_NAME = (b"(", b"::", b"{", b";", b"\\", b"=", b"extends ", b"implements ", b"as ", b":", b",", b"class ")


def tags(data: bytes, work: Work) -> Iterator[int]:
    """Each place where PHP begins to run something."""
    work.spend(len(data) // 4)
    known = work.places_of(BEGUN, data)
    for at in runs.places(data, BEGUN) if known is None else known:
        work.spend(A_MARK)
        if data.startswith(ECHO, at) or data[at : at + len(TAG)].lower() == TAG:
            work.spend(A_TAG)
            if runs_at(data, at):
                yield at
    if data.endswith(SIGNED) and (at := data.find(STUB)) >= 0:
        yield at


class InPieces:
    """A packed part of an archive, fed with its pieces: PHP includes one by `phar://`."""

    __slots__ = ("_carried", "_seen")

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._carried = b""  # what a tag may begin with, or what stands behind one

    def feed(self, piece: bytes) -> None:
        self._seen.work.spend(len(piece) // LOOKS)
        if not _may_begin(piece) and not (self._carried and runs.holds(self._carried + piece[:BEGINS], _TAGS)):
            self._carried = piece[-BEGINS:] if b"<" in piece[-BEGINS:] else b""
            return
        window = self._carried + piece
        self._look(window, max(0, len(window) - LOOKED_AT))
        self._carried = window[-LOOKED_AT:]

    def close(self) -> None:
        if self._carried:
            self._look(self._carried, len(self._carried))

    def _look(self, window: bytes, stop: int) -> None:
        """Of a tag that begins behind `stop` what follows is still to come."""
        if runs.holds(window, _TAGS) and next(tags(window, self._seen.work), stop) < stop:
            self._seen.find(Reason.SECOND_FORMAT, "code of PHP in a part of the archive", opener="php")


def _may_begin(piece: bytes) -> bool:
    """In most parts, which are XML, only the declaration has the sign of a tag."""
    begin = piece.find(b"?>", 0, DECLARATION) + 2 if piece.startswith(b"<?xml") else 0
    return piece.find(b"?", begin) >= 0 and runs.holds(piece, _TAGS)


def runs_at(data: bytes, at: int) -> bool:
    """Whether the tag at `at` has code behind it."""
    if data[at : at + 3] == ECHO:
        return _is_value(data[at + 3 : at + 3 + LOOKED_AT]) and _ends(data, at + 3)
    code = data[at + 5 : at + 5 + LOOKED_AT]
    return code[:1] in (b" ", b"\t", b"\r", b"\n") and _is_code(code)


def _ends(data: bytes, at: int) -> bool:
    """Whether the tag is closed in the text that follows: pixels hold its beginning by chance."""
    stop = data.find(b"?>", at, at + MOST_ECHO)
    text = data[at : stop if stop >= 0 else at + MOST_ECHO]
    text = text if stop >= 0 else text.rstrip(b"\0\r\n")
    printed = not text.translate(None, bytes([*b"\t\r\n", *range(32, 127)]))
    return printed and (stop >= 0 or b"$_" in text) and _pairs_up(data[at : at + MOST_ECHO])


def _pairs_up(code: bytes) -> bool:
    """Whether its brackets and quotes may, up to where the tag ends: PHP runs nothing of a file in which they don't.

    Pictures that are written in letters (ASCII85, uuencode) hold a tag by chance, and behind it any of these signs.
    A block may go on behind another tag, and what stands in braces or in a text of many lines is not told here.
    """
    expected, at = bytearray(), 0
    for _ in range(MOST_SIGNS):
        before, at = at, runs.behind(code, at, _NO_SIGNS)
        if server_code.object_in(code, before, at):
            return False
        if code.startswith(b"?>", at):
            return not expected
        if (
            at >= len(code)
            or code[at] in b"{}"
            or code.startswith(b"<<<", at)
            or code[at : at + len(HALT)].lower() == HALT
        ):
            return True
        sign = code[at]
        if sign in b")]":
            if not expected or expected.pop() != sign:
                return False
        elif sign in _CLOSED_BY:
            expected.append(_CLOSED_BY[sign])
        behind = _behind_quoted(code, at)
        if behind == len(code) and sign in b"#/":
            return b"$_" in code[:at]  # all else is a remark
        if b"{$" in code[at:behind] or b"${" in code[at:behind]:
            return True
        at = behind
    return True


def _behind_quoted(code: bytes, at: int) -> int:
    """Behind the string or the comment that begins at `at`, or behind that one sign."""
    if code[at] in b"'\"`":
        end = at
        for _ in range(MOST_SIGNS):
            end = code.find(code[at], end + 1)
            if end < 0 or (end - runs.before(code, end, b"\\", at + 1)) % 2 == 0:
                return end + 1 or len(code)
        return len(code)
    if code.startswith(b"/*", at):
        end = code.find(b"*/", at + 2)
        return end + 2 if end >= 0 else len(code)
    if code.startswith((b"//", b"#"), at) and not code.startswith(b"#[", at):
        ends = (code.find(mark, at) for mark in (b"\n", b"\r", b"?>"))
        return min((end for end in ends if end >= 0), default=len(code))
    return at + 1


def _is_code(code: bytes) -> bool:
    code = _behind_comments(code).lstrip(b"; \t\r\n{}")
    word = _word(code)
    rest = code[len(word) :].lstrip(WHITE)
    name = word.lower()
    if not word:
        return _is_value(code)
    if (name in _BRACKETED and rest[:1] == b"(") or (name in _ALONE and rest[:1] in (b";", b"{")):
        return True
    if name in _OF_VARIABLES and rest[:1] == b"$":
        return True
    if name in _OF_VALUES and _is_value(rest):
        return True
    if name in _NAMING:
        return rest[len(_word(rest)) :].lstrip(WHITE).startswith(_AFTER_NAME)
    if rest[:1] in (b";", b":") and rest[:2] != b"::":
        return _is_code(rest[1:])
    return _is_value(code)


def _is_value(code: bytes) -> bool:
    """Whether an expression begins here that does something: a variable, a string, a call."""
    code = _behind_comments(code).lstrip(_BEFORE_VALUE)
    first = code[:1]
    if first == b"$":
        return code[1:2] in (b"{", b"$") or bool(_word(code[1:]))
    if first in (b"'", b'"', b"`"):
        return code.find(first, 1) > 0
    if code.startswith((b"<<<", b"#[")):
        return True
    word = _word(code)
    if not word:
        return False
    rest = code[len(word) :]
    if rest[:1] == b"(" or rest.lstrip(WHITE)[:2] == b"::":
        return True
    spaced = rest.lstrip(WHITE)
    if spaced[:1] == b"(":
        return spaced[1:].lstrip(WHITE)[:1] == b")" or _is_value(spaced[1:])
    if spaced[:1] == b")" and word.lower() in _CASTS:
        return _is_value(spaced[1:])
    return word.lower() in (b"new", b"include", b"require", b"include_once", b"require_once") and _is_value(spaced)


def _word(code: bytes) -> bytes:
    return code[: len(code) - len(code.lstrip(_NAME))]


def _behind_comments(code: bytes) -> bytes:
    while True:
        code = code.lstrip(WHITE)
        if code.startswith(b"/*"):
            _, end, code = code.partition(b"*/")
        elif code.startswith((b"//", b"#")) and not code.startswith(b"#["):
            _, end, code = code.partition(b"\n")
        else:
            return code
        if not end:
            return b"$_"  # the comment goes on: what is behind it is not looked at, and may be anything
