"""VBA projects: whether there is code in one. Word writes an empty project as soon as its editor was opened once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from consumer.inspection.readers.seen import Work

MODULE_STREAM, MODULE_STREAM_UNICODE, MODULE_OFFSET, PROJECT_VERSION = 0x1A, 0x32, 0x31, 0x09
OF_THE_PROJECT = frozenset({"dir", "_vba_project"})
MOST_DIRECTORY = 1024 * 1024
MOST_COMPILED = 1024 * 1024
MOST_SOURCE = 64 * 1024  # of a module that is nothing but attributes
CHUNK = 4096  # bytes that one chunk of a container may unpack to
A_TOKEN = 256  # of work, for each packed byte: it is unpacked one by one

LINES, LINES_OF_MACS = b"\xfe\xca\x01\0", b"\xca\xfe\0\x01"
"""The table of compiled lines, in either order of bytes; the number of its lines stands behind it."""
A_LINE = 12
MOST_BEHIND_LINES = 64

Read = Callable[[int], bytes]
"""The first so many bytes of a stream."""


@dataclass(frozen=True, slots=True)
class ProjectModule:
    stream: str  # lower case
    offset: int  # of its source, behind its compiled code


def has_code(streams: Mapping[str, Read], work: Work) -> bool:
    """Whether a project, given its streams by lower-case name, holds more than empty modules. In doubt it does."""
    modules = list(_modules(decompress(streams["dir"](MOST_DIRECTORY), MOST_DIRECTORY, work)))
    if set(streams) - OF_THE_PROJECT != {module.stream for module in modules}:
        return True
    return any(_is_code(streams[module.stream], module.offset, work) for module in modules)


def _is_code(read: Read, offset: int, work: Work) -> bool:
    content = read(min(offset, MOST_COMPILED) + MOST_SOURCE)
    if offset > MOST_COMPILED or len(content) >= offset + MOST_SOURCE or _is_compiled(content[:offset]):
        return True
    source = decompress(content[offset:], MOST_SOURCE, work)
    if not source or len(source) >= MOST_SOURCE:
        return True
    lines = source.rstrip(b"\0").splitlines()
    return any(line.strip() and not line.startswith(b"Attribute ") for line in lines)


def _is_compiled(module: bytes) -> bool:
    """Whether a module's compiled part has a line that does something: its source may have been removed."""
    if module.count(LINES) != 1 or LINES_OF_MACS in module:
        return True
    begin = module.index(LINES) + len(LINES) + 2
    end = begin + A_LINE * int.from_bytes(module[begin - 2 : begin], "little")
    lengths = (module[at + 4 : at + 6] for at in range(begin, end, A_LINE))
    return any(length != b"\0\0" for length in lengths) or not end <= len(module) <= end + MOST_BEHIND_LINES


def _modules(directory: bytes) -> Iterator[ProjectModule]:
    stream, at = "", 0
    while at + 6 <= len(directory):
        kind = int.from_bytes(directory[at : at + 2], "little")
        size = int.from_bytes(directory[at + 2 : at + 6], "little")
        size = 6 if kind == PROJECT_VERSION else size  # its size field counts two bytes too few
        value = directory[at + 6 : at + 6 + size]
        if kind == MODULE_STREAM:
            stream = value.decode("latin-1").lower()
        elif kind == MODULE_STREAM_UNICODE and value:
            stream = value.decode("utf-16-le", "replace").lower()
        elif kind == MODULE_OFFSET:
            yield ProjectModule(stream, int.from_bytes(value[:4], "little"))
        at += 6 + size


def decompress(container: bytes, most: int, work: Work) -> bytes:
    """The first `most` bytes of a compressed container's content (MS-OVBA 2.4.1), as far as it is sound."""
    out, at = bytearray(), 1
    if container[:1] != b"\x01":
        return b""
    while at + 2 <= len(container) and len(out) < most:
        header = int.from_bytes(container[at : at + 2], "little")
        stop = min(len(container), at + (header & 0x0FFF) + 3)
        if header >> 12 & 7 != 3:
            break
        work.spend((stop - at) * A_TOKEN)
        if header & 0x8000:
            out += _chunk(container[at + 2 : stop])
        else:
            out += container[at + 2 : stop]
        at = stop
    return bytes(out[:most])


def _chunk(packed: bytes) -> bytearray:
    out, at = bytearray(), 0
    while at < len(packed):
        flags, at = packed[at], at + 1
        for bit in range(8):
            if at >= len(packed) or len(out) >= CHUNK:
                return out
            if not flags >> bit & 1:
                out.append(packed[at])
                at += 1
                continue
            token = int.from_bytes(packed[at : at + 2], "little")
            at += 2
            shift = max(4, (len(out) - 1).bit_length()) if out else 4
            length, distance = (token & 0xFFFF >> shift) + 3, (token >> 16 - shift) + 1
            if distance > len(out):
                return out
            copied = out[len(out) - distance :]
            out += (copied * (length // distance + 1))[:length] if length > distance else copied[:length]
    return out
