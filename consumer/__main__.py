"""`attachment-consumer`, and `python -m consumer`."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import TextIO

INTERRUPTED, CUT_SHORT = 128 + signal.SIGINT, 128 + signal.SIGPIPE  # as shells tell of whom these signals ended


class Spoken(io.FileIO):
    """A stream whose reader may leave, as `head` does. click and rich would each end with 1, which means "no" here."""

    def write(self, piece: bytes, /) -> int:  # type: ignore[override] # any buffer
        try:
            return super().write(piece)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return self.gone(len(piece))

    def gone(self, size: int) -> int:
        raise SystemExit(CUT_SHORT)


class Remarks(Spoken):
    """Nobody has to hear them: the work goes on."""

    def gone(self, size: int) -> int:
        return size


def main() -> None:
    from consumer.cli.app import app

    if sys.stdout and sys.stderr:  # a shell may have closed them
        sys.stdout, sys.stderr = _through(Spoken, sys.stdout), _through(Remarks, sys.stderr)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        if sys.stdout:
            sys.stdout.flush()


def _through(kind: type[Spoken], stream: TextIO) -> TextIO:
    raw: io.RawIOBase = kind(stream.fileno(), "w", closefd=False)
    buffer = io.BufferedWriter(raw)
    by_line = stream is sys.stderr or stream.isatty()
    return io.TextIOWrapper(buffer, encoding=stream.encoding, errors=stream.errors, line_buffering=by_line)


if __name__ == "__main__":
    main()
