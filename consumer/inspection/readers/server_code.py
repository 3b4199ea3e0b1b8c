"""Whether what stands between the marks of a server's page may be code.

Pages of a PDF that are written in letters (ASCII85) hold such marks by chance. Where an object begins between them no
server runs anything: a page is compiled as a whole, and in no language a line begins like that. It may only stand in a
remark or a string of several lines.
"""

from __future__ import annotations

from consumer.inspection.readers import runs
from consumer.inspection.readers.runs import DIGITS

LINES = (b"\n", b"\r")
MOST_SIGNS = 64  # brackets and quotes that are paired up
ESCAPES = (b"\\", b"")  # what takes the meaning of a quote away: in some strings nothing does

_OBJECT = b" obj"
_NO_SIGNS, _CLOSED_BY = runs.all_but(b"()[]\"'/"), {b"(": b")", b"[": b"]"}
_BEFORE_PATTERN = b"(,=:[!&|?{};+-*%<>~^"  # behind them a slash divides nothing


def object_in(code: bytes, begin: int, stop: int) -> bool:
    """Whether a line begins an object of a PDF there."""
    for word in runs.places(code, _OBJECT, begin, stop):
        second = runs.before(code, word, DIGITS)
        first = runs.before(code, second - 1, DIGITS) if code[second - 1 : second] == b" " else second
        if begin <= first < second - 1 and second < word and code[max(0, first - 1) : first] in LINES:
            return True
    return False


def may_be(code: bytes) -> bool:
    return not object_in(code, 0, len(code)) or any(_pairs_up(code, escape) for escape in ESCAPES)


def _pairs_up(code: bytes, escape: bytes) -> bool:
    """Whether brackets and quotes may, and no object begins but in a remark or a string."""
    expected, at = list[bytes](), 0
    for _ in range(MOST_SIGNS):
        before, at = at, runs.behind(code, at, _NO_SIGNS)
        if object_in(code, before, at):
            return False
        sign = code[at : at + 1]
        if sign in _CLOSED_BY:
            expected.append(_CLOSED_BY[sign])
        elif sign in (b")", b"]") and (not expected or expected.pop() != sign):
            return False
        at = _behind_quoted(code, at, escape)
        if at >= len(code):
            return not expected
    return True


def _behind_quoted(code: bytes, at: int, escape: bytes) -> int:
    """Behind the string, the remark or the pattern that begins at `at`, or behind that one sign."""
    if code.startswith(b"/*", at):
        end = code.find(b"*/", at + 2)
        return end + 2 if end >= 0 else len(code)
    line = min((end for mark in LINES if (end := code.find(mark, at)) >= 0), default=len(code))
    if code.startswith(b"//", at):
        return line
    sign = code[at : at + 1]
    if sign == b'"':
        return _closed(code, at, len(code), escape) or len(code)
    if sign == b"'":
        return _closed(code, at, line, escape) or line
    is_pattern = sign == b"/" and code[:at].rstrip()[-1:] in _BEFORE_PATTERN
    return (_closed(code, at, line, b"\\") if is_pattern else 0) or at + 1


def _closed(code: bytes, at: int, stop: int, escape: bytes) -> int:
    """Behind the next sign of that kind before `stop`; 0 if there is none."""
    end = at
    for _ in range(MOST_SIGNS):
        end = code.find(code[at : at + 1], end + 1, stop)
        if end < 0 or not escape or (end - runs.before(code, end, escape, at + 1)) % 2 == 0:
            return end + 1
    return 0
