"""OLE compound files as their bytes are: a directory, and streams in chains of sectors."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from consumer.inspection.readers.seen import Unreadable, Work

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_SECTORS = 0xFFFFFFFA
NO_STREAM = 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5
MOST_ENTRIES = 20_000
MINI = 64
MOST_AT_ONCE = 64  # sectors
A_STEP = 1024  # of work: following one link costs more than the bytes that it leads to
AN_ENTRY = 4096

_FIRST_PLACES = struct.Struct("<109L")
_LINKS = struct.Struct("<3L")


@dataclass(frozen=True, slots=True)
class Node:
    name: str  # lower case
    kind: int
    first: int  # sector
    size: int
    left: int
    right: int
    child: int
    of: bytes  # the class of what it is for


class CompoundFile:
    """Its directory and its streams. Chains are bounded by the file's size, so that none goes round for ever."""

    def __init__(self, data: bytes, work: Work) -> None:
        if len(data) < 512 or not is_ole(data):
            raise Unreadable("not a compound file")
        self._data, self._work = data, work
        sector, mini = struct.unpack_from("<2H", data, 30)
        if sector not in (9, 12) or mini != 6:
            raise Unreadable("the compound file has sectors of no known size")
        self._sector: int = 1 << sector
        self._fat = self._read_fat()
        self.end = self._end()  # behind the last sector that is in use
        (directory,) = struct.unpack_from("<L", data, 48)
        self.cutoff, first_mini_fat = struct.unpack_from("<2L", data, 56)
        self.nodes = self._read_directory(directory)
        if not self.nodes:
            raise Unreadable("the compound file has no directory")
        self._mini_fat = _words(_collect(self._sectors(first_mini_fat), len(data) // MINI * 4 + self._sector))
        self._mini_stream: bytes | None = None

    @property
    def unused(self) -> bytes:
        """What stands in sectors that belong to nothing, among those in use."""
        size, at, found = self._sector, -1, list[bytes]()
        with suppress(ValueError):
            while True:
                at = self._fat.index(NO_STREAM, at + 1, max(0, self.end // size - 1))
                found.append(self._data[(at + 1) * size : (at + 2) * size])
        return b"".join(found)

    def _end(self) -> int:
        used = next((at for at in reversed(range(len(self._fat))) if self._fat[at] != NO_STREAM), -1)
        return min(len(self._data), (used + 2) * self._sector)

    def children(self, index: int = 0) -> Iterator[int]:
        """The entries of a storage; the tree's own order does not matter, its cycles do."""
        waiting, met = [self.nodes[index].child], set()
        while waiting:
            at = waiting.pop()
            if at >= len(self.nodes) or at in met:
                continue
            self._work.spend(A_STEP)
            met.add(at)
            yield at
            waiting += [self.nodes[at].left, self.nodes[at].right]

    def read(self, node: Node, most: int) -> bytes:
        """The first `most` bytes of a stream."""
        want = min(node.size, most)
        if node.size >= self.cutoff:
            return _collect(self._sectors(node.first), want)
        if self._mini_stream is None:
            root = self.nodes[0]
            self._mini_stream = _collect(self._sectors(root.first), root.size)
        return _collect(self._mini_sectors(node.first), want)

    def _sectors(self, at: int) -> Iterator[bytes]:
        """Those of a chain, as many at once as stand one behind the other."""
        fat, left = self._fat, len(self._fat) + 1
        while left > 0 and at < len(fat):
            last, stop = at, min(at + MOST_AT_ONCE, len(fat)) - 1
            while last < stop and fat[last] == last + 1:
                last += 1
            count = last - at + 1
            left -= count
            self._work.spend(count * (A_STEP + self._sector))
            yield self._data[(at + 1) * self._sector : (last + 2) * self._sector]
            at = fat[last]

    def _mini_sectors(self, at: int) -> Iterator[bytes]:
        stream = self._mini_stream or b""
        for _ in range(len(self._mini_fat) + 1):
            if at >= len(self._mini_fat):
                return
            self._work.spend(A_STEP)
            yield stream[at * MINI : at * MINI + MINI]
            at = self._mini_fat[at]

    def _read_fat(self) -> tuple[int, ...]:
        data, size = self._data, self._sector
        most = len(data) // size + 1
        fat = bytearray()
        for place in self._fat_places():
            if len(fat) // 4 >= most:
                break
            if place < MOST_SECTORS and (place + 1) * size < len(data):
                fat += data[(place + 1) * size : (place + 2) * size]
        return _words(bytes(fat))[:most]

    def _fat_places(self) -> Iterator[int]:
        """The sectors of the table: the header names the first, and a chain of sectors the others."""
        data, size = self._data, self._sector
        yield from _FIRST_PLACES.unpack_from(data, 76)
        more, count = struct.unpack_from("<2L", data, 68)
        for _ in range(min(count, len(data) // size + 1)):
            words = _words(data[(more + 1) * size : (more + 2) * size]) if more < MOST_SECTORS else ()
            if len(words) < size // 4:
                return
            self._work.spend(len(words) * A_STEP // 8)
            yield from words[:-1]
            more = words[-1]

    def _read_directory(self, first: int) -> list[Node]:
        nodes: list[Node] = []
        for sector in self._sectors(first):
            for at in range(0, len(sector) - 127, 128):
                self._work.spend(AN_ENTRY)
                nodes.append(_node(sector[at : at + 128]))
            if len(nodes) > MOST_ENTRIES:
                raise Unreadable("the compound file's directory is too long")
        return nodes


def is_ole(data: bytes) -> bool:
    return data.startswith(SIGNATURE)


def _node(raw: bytes) -> Node:
    length = min(int.from_bytes(raw[64:66], "little"), 64)
    name = raw[: max(0, length - 2)].decode("utf-16-le", "replace").lower()
    left, right, child = _LINKS.unpack_from(raw, 68)
    start, size = struct.unpack_from("<2L", raw, 116)
    return Node(name, raw[66], start, size, left, right, child, raw[80:96])


def _collect(pieces: Iterator[bytes], want: int) -> bytes:
    collected, left = list[bytes](), want
    for piece in pieces:
        collected.append(piece[:left])
        left -= len(piece)
        if left <= 0:
            break
    return b"".join(collected)


def _words(raw: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(raw) // 4}L", raw[: len(raw) // 4 * 4])
