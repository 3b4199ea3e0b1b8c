"""The process that writes files into a folder: some at a time, and once on the disk for all of them.

Started as `python -I -c …` by `storage.folder`, with its socket as descriptor 0. In a process of its own, since each
system call of a thread gives the interpreter's lock away and waits for it again: six a file.

One message of the service is one gathering: its length, the files' descriptors, and for each its size and its name.
The answer comes when all of them would outlast a power cut: for each a number, 0 or the error's.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MOST = 64  # files of a gathering: one message takes 253 descriptors at most
LONGEST_NAME = 255
MESSAGE = MOST * (10 + LONGEST_NAME)  # bytes
ONE = struct.Struct("!QH")  # size of the file, length of its name
LENGTH = struct.Struct("!I")
RESULT = struct.Struct("!I")
PIECE = 1024 * 1024

PART = ".arriving-"  # begins the names of what is not whole yet; no reader looks at them
PROBE = "attachment-consumer.probe"  # a name that is written to see whether it can be, and taken away again
FORGOTTEN_S = 3_600.0  # what a writer left behind that was killed; none takes so long

Sync = Callable[[int], None]  # of the file system that the descriptor is on


class FileToWrite(NamedTuple):
    descriptor: int
    size: int
    name: str  # relative to the folder


class TargetFolder(NamedTuple):
    path: Path
    mode: int  # of the files; their folders can be entered by whom they may be read
    sync: Sync


def main(arguments: Sequence[str]) -> int:
    path, mode, durable = Path(arguments[0]), int(arguments[1], 8), arguments[2] == "durable"
    os.umask(0)  # the mode is the one that was asked for, whatever the service was started with
    folder = TargetFolder(path, mode, sync_file_system if durable else lambda descriptor: None)
    remove_forgotten(path, time.time())
    serve(socket.socket(fileno=0), folder)
    return 0


def serve(channel: socket.socket, folder: TargetFolder) -> None:
    """Until the service closes its end."""
    while (files := receive(channel)) is not None:
        try:
            results = keep(files, folder)
        finally:
            for file in files:
                os.close(file.descriptor)
        channel.sendall(b"".join(RESULT.pack(result) for result in results))


def receive(channel: socket.socket) -> list[FileToWrite] | None:
    """The next gathering; None when there is none to come."""
    message, descriptors, _, _ = socket.recv_fds(channel, LENGTH.size + MESSAGE, MOST)
    if not message:
        return None
    (length,) = LENGTH.unpack_from(message)
    while len(message) < LENGTH.size + length:
        message += channel.recv(MESSAGE)
    files, at = [], LENGTH.size
    for descriptor in descriptors:
        size, length = ONE.unpack_from(message, at)
        at += ONE.size
        files.append(FileToWrite(descriptor, size, message[at : at + length].decode("ascii")))
        at += length
    return files


def keep(files: Sequence[FileToWrite], folder: TargetFolder) -> list[int]:
    """Writes each file under another name, renames it, and answers when all are on the disk. 0, or an error number."""
    results = [_written(file, number, folder) for number, file in enumerate(files)]
    try:
        place = os.open(folder.path, os.O_RDONLY)
        try:
            folder.sync(place)
        finally:
            os.close(place)
        if any(file.name == PROBE for file in files):
            (folder.path / PROBE).unlink(missing_ok=True)
    except OSError as error:
        return [result or (error.errno or errno.EIO) for result in results]
    return results


def _written(file: FileToWrite, number: int, folder: TargetFolder) -> int:
    part = folder.path / f"{PART}{os.getpid()}-{number}"
    try:
        try:
            _copy(file, part, folder.mode)
            target = folder.path / file.name
            try:
                part.rename(target)
            except FileNotFoundError:
                target.parent.mkdir(mode=enterable(folder.mode), exist_ok=True)
                part.rename(target)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            return error.errno or errno.EIO
    except ValueError:
        return errno.EINVAL
    return 0


def _copy(file: FileToWrite, part: Path, mode: int) -> None:
    out = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        done = 0
        while done < file.size:
            moved = move(out, file.descriptor, done, file.size - done)
            if not moved:
                raise OSError(errno.EIO, "the body is shorter than it says")
            done += moved
    finally:
        os.close(out)


def enterable(mode: int) -> int:
    """The mode of a folder: who may read its files may enter it."""
    return mode | (mode & 0o444) >> 2


if sys.platform == "linux":
    LIBRARY = ctypes.CDLL(None, use_errno=True)
    move = os.sendfile  # to, from, place, bytes: without a detour through this process

    def sync_file_system(descriptor: int) -> None:
        """All that was written to it, data and names, is on the disk. Raises `OSError`."""
        if LIBRARY.syncfs(descriptor):
            raise OSError(ctypes.get_errno(), "syncfs")
else:

    def move(out: int, source: int, place: int, count: int) -> int:
        return os.write(out, os.pread(source, min(count, PIECE), place))

    def sync_file_system(descriptor: int) -> None:
        """Of all file systems: no other call of this platform knows names as well as data."""
        os.sync()


def remove_forgotten(folder: Path, now: float) -> None:
    for path in folder.glob(f"{PART}*"):
        with suppress(OSError):
            if now - path.stat().st_mtime > FORGOTTEN_S:
                path.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
