"""What a click on a slide does, or the pointer above it: in newer presentations an attribute of the slide's parts."""

from __future__ import annotations

from itertools import product

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from consumer.inspection.readers import runs
from consumer.inspection.readers.office.tags import unended
from consumer.inspection.readers.references import with_letters
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

STARTS = (b"ppaction://program", b"ppaction://macro")
QUOTES = (b'"', b"'")
ATTRIBUTE = b"action"  # that they stand in
A_REFERENCE, AN_ACTION = 512, 640  # of work, to read one

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


class Actions:
    """Fed with the pieces of a slide."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._carried = b""

    def feed(self, piece: bytes) -> None:
        self._seen.work.spend(2 * len(piece))
        window = self._carried + piece
        self._carried = unended(window, max(0, window.rfind(b"<")), (ATTRIBUTE,), self._seen)
        if not runs.holds(window, _SCHEME):
            return
        if b"&#" in window:
            self._seen.work.spend(A_REFERENCE * window.count(b"&#"))
            window = with_letters(window)
        if self._acts(window.lower()):
            detail = "a click, or the pointer above it, starts a program or a macro"
            self._seen.find(Reason.LAUNCH_ACTION, detail, opener="office")

    def _acts(self, lower: bytes) -> bool:
        """Whether a value begins with one."""
        for at in (at for action in STARTS for at in runs.places(lower, action)):
            self._seen.work.spend(AN_ACTION)
            equals = runs.before(lower, at - 1, runs.SPACE) - 1
            if lower[at - 1 : at] in QUOTES and lower[max(0, equals) : equals + 1] == b"=":
                return True
        return False

    def close(self) -> None:
        """Each piece was looked at as it came."""
