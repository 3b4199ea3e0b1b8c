"""Whether an archive's header stands at a place: by its checksum, or by fields that chance can't put there."""

from __future__ import annotations

import struct
import zlib

_OF_A_PRINTER = b"//Uncompressed-Data//\0"


def is_rar(data: bytes, at: int) -> bool:
    return data[at + 6 : at + 7] == b"\0" or data[at + 6 : at + 8] == b"\1\0"


def is_ace(data: bytes, at: int) -> bool:
    """By its header's checksum: 16 bits of CRC-32 before its last step, over what stands behind the size."""
    if at < 7:
        return False
    stored, size = struct.unpack_from("<2H", data, at - 7)
    block = data[at - 3 : at - 3 + size]
    return len(block) == size >= 20 and block[:1] == b"\0" and ~zlib.crc32(block) & 0xFFFF == stored


def is_seven_zip(data: bytes, at: int) -> bool:
    stored = int.from_bytes(data[at + 8 : at + 12], "little")
    return len(data) >= at + 32 and zlib.crc32(data[at + 12 : at + 32]) == stored


def is_cabinet(data: bytes, at: int) -> bool:
    """Drivers of Xerox pack the settings of their printers into one, whose only file has a name that none can have."""
    first = at + 16 + int.from_bytes(data[at + 16 : at + 20], "little")
    return data[at + 12 : at + 16] == bytes(4) and not data.startswith(_OF_A_PRINTER, first)


def is_arj(data: bytes, at: int) -> bool:
    size = int.from_bytes(data[at + 2 : at + 4], "little")
    if not 30 <= size <= 2600 or len(data) < at + 8 + size:
        return False
    return zlib.crc32(data[at + 4 : at + 4 + size]) == int.from_bytes(data[at + 4 + size : at + 8 + size], "little")


def is_bzip2(data: bytes, at: int) -> bool:
    return b"1" <= data[at + 3 : at + 4] <= b"9" and data.startswith(b"1AY&SY", at + 4)


def is_xz(data: bytes, at: int) -> bool:
    return zlib.crc32(data[at + 6 : at + 8]).to_bytes(4, "little") == data[at + 8 : at + 12]


def is_written(data: bytes, at: int) -> bool:
    """By its signature, which is long enough."""
    return True
