"""libmagic's opinion, in names that do not change from version to version."""

from __future__ import annotations

import re

import magic

from consumer.inspection.mime import MIME, UNKNOWN_TYPE
from consumer.inspection.readers.seen import Unreadable
from consumer.inspection.readers.table import canonical

HEAD, HEAD_OF_TEXT = 1024 * 1024, 256 * 1024  # formats that do not show themselves at their beginning have readers
_RUNS = re.compile(rb"[ \t\r\n\f\v]{16,}")
_A_RUN, _AS_SPACES = b" " * 16, bytes.maketrans(b"\t\r\n\f\v", b"     ")


class Detector:
    """One libmagic cookie. Not for threads; a worker process has one of its own."""

    def __init__(self) -> None:
        self._magic = magic.Magic(mime=True)

    def detect(self, data: bytes) -> str:
        """A MIME type. `Unreadable` when libmagic gives up on these bytes."""
        try:
            said = self._magic.from_buffer(squeezed(data))
        except magic.MagicException:
            raise Unreadable("libmagic gave up on it") from None
        said = said.lower()
        return canonical(said) if MIME.fullmatch(said) else UNKNOWN_TYPE


def squeezed(data: bytes) -> bytes:
    """The head, with long runs of white space made short in what can only be text.

    64 KB of newlines cost libmagic 0.3 to 0.6 s, and 10 MB of short runs cost the pattern 3 s. Nearly every text has no
    long run: to see that costs a fifteenth of what the pattern does.
    """
    if b"\0" in data[:4096]:
        return data[:HEAD]
    head = data[:HEAD_OF_TEXT]
    return _RUNS.sub(b"\n", head) if _A_RUN in head.translate(_AS_SPACES) else head


def libmagic_version() -> str:
    """As people write it: `5.44`."""
    number = int(magic.version())  # type: ignore[no-untyped-call] # python-magic has no types
    return f"{number // 100}.{number % 100}"
