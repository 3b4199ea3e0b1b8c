"""OLE compound files (.doc and its like): what they are by the streams at their root, and what they carry."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from consumer.inspection import vba
from consumer.inspection.extensions import EXECUTABLE_EXTENSIONS, extension_of
from consumer.inspection.formats import PADDING, executable, format_at, formats_at_fixed_places, zip_at
from consumer.inspection.seen import Seen, Unreadable
from consumer.model import Reason

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_SECTORS = 0xFFFFFFFA
NO_STREAM = 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5
MOST_ENTRIES = 20_000
MSWORD = "application/msword"

ROOT_STREAMS: tuple[tuple[str, str], ...] = (
    ("worddocument", MSWORD),
    ("workbook", "application/vnd.ms-excel"),
    ("book", "application/vnd.ms-excel"),
    ("powerpoint document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("visiodocument", "application/vnd.visio"),
)
WORD_STARTS = (
    b"\xec\xa5",
    b"\xdc\xa5",
    b"\x97\xa6",
    b"\x98\xa6",
    b"\x99\xa6",
)  # 97 and later; 6 and 95; their East Asian ones
ENCRYPTED_STREAMS = ("encryptedpackage", "encryptioninfo", "\x09drmcontent", "\x06dataspaces")


@dataclass(frozen=True, slots=True)
class Node:
    name: str  # lower case
    kind: int
    first: int  # sector
    size: int
    parent: int
    left: int
    right: int
    child: int


class CompoundFile:
    """Its directory and its streams. Chains are bounded by the file's size, so that none goes round for ever."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 512 or not is_ole(data):
            raise Unreadable("not a compound file")
        self._data = data
        sector, mini = struct.unpack_from("<2H", data, 30)
        if sector not in (9, 12) or mini != 6:
            raise Unreadable("the compound file has sectors of no known size")
        self._sector: int = 1 << sector
        self._fat = self._read_fat()
        (directory,) = struct.unpack_from("<L", data, 48)
        self.cutoff, first_mini_fat = struct.unpack_from("<2L", data, 56)
        self.nodes = self._read_directory(directory)
        if not self.nodes:
            raise Unreadable("the compound file has no directory")
        self._mini_fat = _words(b"".join(self._sectors(first_mini_fat)))
        self._mini_stream: bytes | None = None

    @property
    def end(self) -> int:
        """Behind the last sector that is in use."""
        used = max((i for i, value in enumerate(self._fat) if value != NO_STREAM), default=-1)
        return min(len(self._data), (used + 2) * self._sector)

    def children(self, index: int = 0) -> Iterator[int]:
        """The entries of a storage; the tree's own order does not matter, its cycles do."""
        waiting, met = [self.nodes[index].child], set()
        while waiting:
            at = waiting.pop()
            if at >= len(self.nodes) or at in met:
                continue
            met.add(at)
            yield at
            waiting += [self.nodes[at].left, self.nodes[at].right]

    def read(self, node: Node, most: int) -> bytes:
        """The first `most` bytes of a stream."""
        want = min(node.size, most)
        if node.size >= self.cutoff:
            return self._collect(self._sectors(node.first), want)
        if self._mini_stream is None:
            root = self.nodes[0]
            self._mini_stream = self._collect(self._sectors(root.first), root.size)
        return self._collect(self._mini_sectors(node.first), want)

    @staticmethod
    def _collect(pieces: Iterator[bytes], want: int) -> bytes:
        collected = bytearray()
        for piece in pieces:
            collected += piece
            if len(collected) >= want:
                break
        return bytes(collected[:want])

    def _sectors(self, at: int) -> Iterator[bytes]:
        for _ in range(len(self._fat) + 1):
            if at >= len(self._fat):
                return
            begin = (at + 1) * self._sector
            yield self._data[begin : begin + self._sector]
            at = self._fat[at]

    def _mini_sectors(self, at: int) -> Iterator[bytes]:
        stream = self._mini_stream or b""
        for _ in range(len(self._mini_fat) + 1):
            if at >= len(self._mini_fat):
                return
            yield stream[at * 64 : at * 64 + 64]
            at = self._mini_fat[at]

    def _read_fat(self) -> tuple[int, ...]:
        data, size = self._data, self._sector
        places = list(struct.unpack_from("<109L", data, 76))
        at, (more, count) = 0, struct.unpack_from("<2L", data, 68)
        while more < MOST_SECTORS and at < min(count, len(data) // size + 1):
            begin = (more + 1) * size
            words = _words(data[begin : begin + size])
            if len(words) < size // 4:
                break
            places += words[:-1]
            more, at = words[-1], at + 1
        most = len(data) // size + 1
        fat = bytearray()
        for place in places:
            if place < MOST_SECTORS and (place + 1) * size < len(data) and len(fat) // 4 < most:
                fat += data[(place + 1) * size : (place + 2) * size]
        return _words(bytes(fat))[:most]

    def _read_directory(self, first: int) -> list[Node]:
        nodes: list[Node] = []
        for sector in self._sectors(first):
            for at in range(0, len(sector) - 127, 128):
                raw = sector[at : at + 128]
                length = min(struct.unpack_from("<H", raw, 64)[0], 64)
                name = raw[: max(0, length - 2)].decode("utf-16-le", "replace").lower()
                left, right, child = struct.unpack_from("<3L", raw, 68)
                start, size = struct.unpack_from("<2L", raw, 116)
                nodes.append(Node(name, raw[66], start, size, 0, left, right, child))
            if len(nodes) > MOST_ENTRIES:
                raise Unreadable("the compound file's directory is too long")
        return nodes


def is_ole(data: bytes) -> bool:
    return data.startswith(SIGNATURE)


def examine(data: bytes, seen: Seen) -> None:
    """Sets the detected type by the streams at the root; embedded documents do not count for it."""
    seen.detected_type = "application/x-ole-storage"
    try:
        file = CompoundFile(data)
    except Unreadable as problem:
        seen.find(Reason.MALFORMED, str(problem))
        return
    root = {file.nodes[i].name: file.nodes[i] for i in file.children()}
    seen.detected_type = next((kind for name, kind in ROOT_STREAMS if name in root), seen.detected_type)
    if any(name in root for name in ENCRYPTED_STREAMS):
        seen.find(Reason.ENCRYPTED, "the document is protected by a password or by rights management")
        seen.detected_type = "application/encrypted" if "encryptedpackage" in root else seen.detected_type
    if seen.detected_type == MSWORD:
        _word(file, root["worddocument"], seen)
    for has_code in _projects(file):
        if has_code:
            seen.find(Reason.MACROS, "it contains macros")
        else:
            seen.flag("empty_macro_project")
    _objects(data, seen)
    _behind(data, file, seen)


def _word(file: CompoundFile, stream: Node, seen: Seen) -> None:
    head = file.read(stream, 32)
    if len(head) < 32:
        seen.flag("incomplete")
        return
    if head[:2] not in WORD_STARTS:
        seen.find(Reason.MALFORMED, "its text does not begin as a Word document")
        return
    bits = int.from_bytes(head[10:12], "little")
    if bits & 0x0100:
        seen.find(Reason.ENCRYPTED, "the document is protected by a password")
    if bits & 0x0001:
        seen.find(Reason.TEMPLATE, "it is a Word template")


def _projects(file: CompoundFile) -> Iterator[bool]:
    """For each VBA project, whether it has code. It is a storage with a stream `dir` beside the modules."""
    for index, node in enumerate(file.nodes):
        if node.kind != STORAGE or node.name not in ("vba", "_vba_project_cur"):
            continue
        streams = {file.nodes[child].name: file.nodes[child] for child in file.children(index)}
        if "dir" in streams:
            yield vba.has_code({name: partial(file.read, stream) for name, stream in streams.items()})
        elif "_vba_project" in streams:
            yield True


def has_macros(data: bytes) -> bool:
    try:
        return any(_projects(CompoundFile(data)))
    except Unreadable:
        return False


def packaged(data: bytes) -> Iterator[tuple[str, bool]]:
    """Files that were dropped into a document: the name each had, and whether it begins as a program."""
    try:
        file = CompoundFile(data)
    except Unreadable:
        return
    for node in file.nodes:
        if node.kind == STREAM and node.name == "\x01ole10native":
            stream = file.read(node, 64 * 1024)
            label = stream[6:].partition(b"\0")[0]
            yield (
                label[-200:].decode("latin-1"),
                any(executable(stream[at : at + 4096]) for at in _candidates(stream[:4096])),
            )
        elif node.kind == STREAM and executable(file.read(node, 4096)):
            yield "", True


def _candidates(head: bytes) -> Iterator[int]:
    for signature in (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe"):
        at = -1
        while (at := head.find(signature, at + 1)) >= 0:
            yield at


def _objects(data: bytes, seen: Seen) -> None:
    for label, program in packaged(data):
        if program or extension_of(label) in EXECUTABLE_EXTENSIONS:
            seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is embedded in the document")
        else:
            seen.flag("embedded_files")


def _behind(data: bytes, file: CompoundFile, seen: Seen) -> None:
    for name in formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the file is {name} as well")
    behind = data[file.end :]
    archive = zip_at(data)
    if archive is not None and archive >= file.end:
        seen.find(Reason.SECOND_FORMAT, "a ZIP archive behind the document")
    elif behind.strip(PADDING):
        found = format_at(behind.lstrip(PADDING))
        if found:
            seen.find(Reason.SECOND_FORMAT, f"{found} behind the document")
        else:
            seen.find(Reason.TRAILING_DATA, "bytes behind the document's last sector")


def _words(raw: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(raw) // 4}L", raw[: len(raw) // 4 * 4])
