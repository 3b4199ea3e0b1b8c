"""What a click on a slide does, or the pointer above it: in newer presentations an attribute of the slide's parts."""

from __future__ import annotations

from consumer.inspection.readers import runs
from consumer.inspection.readers.references import unescaped
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

STARTS = tuple(b"=%c%s" % (quote, url) for quote in b"\"'" for url in (b"ppaction://program", b"ppaction://macro"))
_SCHEME = runs.any_case(b"ppac")
CARRIED = 256  # bytes of the last piece, so that no word is lost between two


class Actions:
    """Fed with the pieces of a slide."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._carried = b""

    def feed(self, piece: bytes) -> None:
        self._seen.work.spend(2 * len(piece))
        window = self._carried + piece
        self._carried = window[-CARRIED:]
        if b"&#" in window:
            self._seen.work.spend(8 * len(window))
            window = unescaped(window.decode("latin-1")).encode("latin-1", "replace")
        lower = window.lower() if runs.holds(window, _SCHEME) else b""
        if any(action in lower for action in STARTS):
            detail = "a click, or the pointer above it, starts a program or a macro"
            self._seen.find(Reason.LAUNCH_ACTION, detail, opener="office")

    def close(self) -> None:
        """Each piece was looked at as it came."""
