"""VBA projects: whether there is code in one. Word writes an empty project as soon as its editor was opened once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

MODULE_STREAM, MODULE_OFFSET, PROJECT_VERSION = 0x1A, 0x31, 0x09
OF_THE_PROJECT = frozenset({"dir", "_vba_project"})
MOST_SOURCE = 1024 * 1024
EMPTY_COMPILED = 800
"""Bytes of compiled code in a module without any, at most. Above it there may be code whose source was removed."""


@dataclass(frozen=True, slots=True)
class Module:
    stream: str  # lower case
    offset: int  # of its source, behind its compiled code


def has_code(streams: Mapping[str, Callable[[int], bytes]]) -> bool:
    """Whether a project, given its streams by lower-case name, holds more than empty modules. In doubt it does."""
    modules = {module.stream: module for module in _modules(decompress(streams["dir"](MOST_SOURCE)))}
    if set(streams) - OF_THE_PROJECT != set(modules):
        return True
    return any(_is_code(streams[name](MOST_SOURCE), module.offset) for name, module in modules.items())


def _is_code(content: bytes, offset: int) -> bool:
    source = decompress(content[offset:])
    if offset > EMPTY_COMPILED or not source:
        return True
    lines = source.rstrip(b"\0").splitlines()
    return any(line.strip() and not line.startswith(b"Attribute ") for line in lines)


def _modules(directory: bytes) -> list[Module]:
    found, stream, at = [], "", 0
    while at + 6 <= len(directory):
        kind, size = (
            int.from_bytes(directory[at : at + 2], "little"),
            int.from_bytes(directory[at + 2 : at + 6], "little"),
        )
        size = 6 if kind == PROJECT_VERSION else size  # its size field counts two bytes too few
        value = directory[at + 6 : at + 6 + size]
        if kind == MODULE_STREAM:
            stream = value.decode("latin-1").lower()
        elif kind == MODULE_OFFSET:
            found.append(Module(stream, int.from_bytes(value[:4], "little")))
        at += 6 + size
    return found


def decompress(container: bytes) -> bytes:
    """The content of a compressed container (MS-OVBA 2.4.1), as far as it is sound."""
    out, at = bytearray(), 1
    if container[:1] != b"\x01":
        return b""
    while at + 2 <= len(container) and len(out) < MOST_SOURCE:
        header = int.from_bytes(container[at : at + 2], "little")
        stop = min(len(container), at + (header & 0x0FFF) + 3)
        if header >> 12 & 7 != 3:
            break
        if header & 0x8000:
            _chunk(container, at + 2, stop, out)
        else:
            out += container[at + 2 : stop]
        at = stop
    return bytes(out)


def _chunk(container: bytes, at: int, stop: int, out: bytearray) -> None:
    begin = len(out)
    while at < stop:
        flags, at = container[at], at + 1
        for bit in range(8):
            if at >= stop:
                return
            if not flags >> bit & 1:
                out.append(container[at])
                at += 1
                continue
            token = int.from_bytes(container[at : at + 2], "little")
            at += 2
            shift = max(4, (len(out) - begin - 1).bit_length()) if len(out) > begin else 4
            length, distance = (token & 0xFFFF >> shift) + 3, (token >> 16 - shift) + 1
            if distance > len(out) - begin:
                return
            for _ in range(length):
                out.append(out[-distance])
