"""What a click on a slide does, or the pointer above it: in newer presentations an attribute of the slide's parts."""

from __future__ import annotations

from itertools import product

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from consumer.inspection.readers import runs
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

STARTS = tuple(b"=%c%s" % (quote, url) for quote in b"\"'" for url in (b"ppaction://program", b"ppaction://macro"))
CARRIED = 256  # bytes of the last piece, so that no word is lost between two
A_REFERENCE = 512  # of work, to read one

_BEGUN = tuple(
    bytes(letters) + behind
    for word, behind in ((b"pp", b"&"), (b"ppa", b"&"), (b"ppac", b""))
    for letters in product(*((letter, *bytes([letter]).upper()) for letter in word))
)
_REFERRED_TO = (
    *(b"#112;", b"#0112;", b"00112;", b"#80;", b"#080;", b"0080;", b"0070;", b"0050;"),
    *(b"x70;", b"x070;", b"X70;", b"X070;", b"x50;", b"x050;", b"X50;", b"X050;"),
)
_SCHEME = BytesAhoCorasick([*_BEGUN, *_REFERRED_TO], matchkind=MatchKind.LeftmostFirst)
"""How an action may begin: with two letters as they are, or with one of them as a reference. Few slides have it."""
_LETTERS = {
    written: bytes([letter])
    for letter in range(32, 127)
    for written in (b"%d" % letter, b"x%x" % letter, b"x%X" % letter, b"X%x" % letter, b"X%X" % letter)
}


class Actions:
    """Fed with the pieces of a slide."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._carried = b""

    def feed(self, piece: bytes) -> None:
        self._seen.work.spend(2 * len(piece))
        window = self._carried + piece
        self._carried = window[-CARRIED:]
        if not runs.holds(window, _SCHEME):
            return
        if b"&#" in window:
            self._seen.work.spend(A_REFERENCE * window.count(b"&#"))
            first, *rest = window.split(b"&#")
            window = first + b"".join(map(_read, rest))
        lower = window.lower()
        if any(action in lower for action in STARTS):
            detail = "a click, or the pointer above it, starts a program or a macro"
            self._seen.find(Reason.LAUNCH_ACTION, detail, opener="office")

    def close(self) -> None:
        """Each piece was looked at as it came."""


def _read(behind: bytes) -> bytes:
    """What stands behind the two signs of a reference, which is read if it is to a letter of ASCII."""
    number, _, rest = behind.partition(b";")
    if number[:1] == b"0":
        number = number.lstrip(b"0")
    elif number[1:2] == b"0" and number[:1] in (b"x", b"X"):
        number = b"x" + number[1:].lstrip(b"0")
    letter = _LETTERS.get(number)
    return b"&#" + behind if letter is None else letter + rest
