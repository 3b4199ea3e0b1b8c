"""A disk whose power can be cut: ext4 in a file, mounted where nobody but this process and its children sees it."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, Self

NEW_MOUNTS: Final = 0x20000  # CLONE_NEWNS
SHUT_DOWN: Final = 0x8004587D  # EXT4_IOC_SHUTDOWN
LOSE_THE_JOURNAL: Final = struct.pack("I", 2)  # what is not on the disk yet does not get there
MIB: Final = 1024 * 1024
RELEASED_S: Final = 30.0


def isolate() -> str | None:
    """From now on what is mounted is seen by this process and by all that it starts. Why not, where that can't be had.
    To be called before there is a second thread."""
    if sys.platform != "linux":
        return "only Linux has namespaces"
    if missing := [name for name in ("mkfs.ext4", "mount") if shutil.which(name) is None]:
        return f"{', '.join(missing)} is not installed"
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(NEW_MOUNTS):
        return f"no namespace: {os.strerror(ctypes.get_errno())}"
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    return None


class Disk:
    """From `__enter__` to `__exit__` mounted at `path`, unless its power is cut."""

    def __init__(self, size: int = 512 * MIB) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="disk-"))
        self._image, self.path = self._home / "image", self._home / "mounted"
        self.path.mkdir()
        with self._image.open("wb") as image:
            image.truncate(size)
        subprocess.run(["mkfs.ext4", "-q", "-F", self._image], check=True)

    def __enter__(self) -> Self:
        self.mount()
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", self.path], check=False)
        shutil.rmtree(self._home, ignore_errors=True)

    def mount(self) -> None:
        """Reads the journal first, as after a crash."""
        subprocess.run(["mount", "-o", "loop", self._image, self.path], check=True)

    def cut(self) -> None:
        """What was written and is not on the disk is lost, and every later call fails."""
        top = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(top, SHUT_DOWN, LOSE_THE_JOURNAL)
        finally:
            os.close(top)

    def unmount(self) -> None:
        """As soon as nobody has a file open there."""
        over = time.monotonic() + RELEASED_S
        while subprocess.run(["umount", self.path], capture_output=True).returncode:
            if time.monotonic() > over:
                raise TimeoutError("somebody still has a file open on the disk")
            time.sleep(0.05)
