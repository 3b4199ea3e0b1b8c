"""The bytes of one file: counted and hashed while they arrive, in an anonymous file that no name leads to."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from consumer.model import Reason

PIECE = 256 * 1024

Descriptors = tuple[int, int]  # to write, and to read; the same one where a seal makes it read-only


class Body:
    """A complete file, read-only from now on. Closing it closes the file and gives its memory back.

    `size` in bytes and `sha256` (lower-case hex) are those of the bytes that are really there.
    """

    def __init__(self, fd: int, size: int, sha256: str, release: Callable[[], None] | None = None) -> None:
        self._fd: int | None = fd
        self._releases = [] if release is None else [release]
        self._slot: Callable[[], None] | None = None
        self._has_much: Callable[[], bool] | None = None
        self.size = size
        self.sha256 = sha256

    @staticmethod
    def of(data: bytes) -> Body:
        with Spool() as spool:
            spool.write(data)
            return spool.seal()

    @staticmethod
    def from_path(path: Path, cap: int) -> Body | Reason:
        """The file at `path`; `Reason.TOO_LARGE` above `cap` bytes, of which no more are read. Raises `OSError`."""
        with path.open("rb") as file, Spool() as spool:
            while piece := file.read(PIECE):
                if spool.size + len(piece) > cap:
                    return Reason.TOO_LARGE
                spool.write(piece)
            return spool.seal()

    def fileno(self) -> int:
        if self._fd is None:
            raise ValueError("the body is closed")
        return self._fd

    def chunks(self, size: int = PIECE) -> Iterator[bytes]:
        """The bytes in order, at most `size` at a time. Several readers do not disturb each other."""
        offset = 0
        while piece := os.pread(self.fileno(), size, offset):
            yield piece
            offset += len(piece)

    def when_closed(self, release: Callable[[], None]) -> None:
        """Calls that as well."""
        self._releases.append(release)

    def hold(self, slot: Callable[[], None], has_much: Callable[[], bool]) -> None:
        """Calls `slot` when the body is closed, or before if it is in hand for long, or has to wait although its
        conversation `has_much`."""
        self._slot, self._has_much = slot, has_much

    def waits(self) -> None:
        """For its turn, and who knows for how long. May be called again."""
        if self._has_much is not None and self._has_much():
            self.takes_long()

    def takes_long(self) -> None:
        """Gives back what others need, and keeps only the bytes. May be called again."""
        slot, self._slot = self._slot, None
        if slot is not None:
            slot()

    def close(self) -> None:
        """May be called again."""
        if self._fd is None:
            return
        fd, self._fd = self._fd, None
        os.close(fd)
        for release in self._releases:
            release()
        self.takes_long()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Spool:
    """A file that is still arriving. It ends in `seal`, or its bytes are gone when the `with` block ends."""

    def __init__(self, open_file: Callable[[], Descriptors] | None = None) -> None:
        self._fd, self._read_only = (open_file or anonymous_file)()
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Of what has come so far, in lower-case hex."""
        return self._hash.hexdigest()

    def write(self, piece: bytes) -> None:
        """Raises `OSError` when there is no more memory or disk."""
        view = memoryview(piece)
        while view:
            view = view[os.write(self._fd, view) :]
        self._hash.update(piece)
        self.size += len(piece)

    def seal(self, release: Callable[[], None] | None = None) -> Body:
        """The finished body. Whoever gets its descriptor, a worker that hostile bytes took over too, cannot write."""
        if self._fd == self._read_only:
            fcntl.fcntl(self._fd, fcntl.F_ADD_SEALS, ALL_SEALS)
        else:
            os.close(self._fd)
        fd, self._fd, self._read_only = self._read_only, -1, -1
        return Body(fd, self.size, self.sha256, release)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for fd in {self._fd, self._read_only} - {-1}:
            os.close(fd)
        self._fd = self._read_only = -1


def unlinked_file() -> Descriptors:
    fd, name = tempfile.mkstemp(prefix="attachment-")
    try:
        return fd, os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        os.close(fd)
        raise
    finally:
        Path(name).unlink()


if sys.platform == "linux":
    ALL_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL

    def memory_file() -> Descriptors:
        fd = os.memfd_create("attachment", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        return fd, fd

    anonymous_file = memory_file
else:
    anonymous_file = unlinked_file
