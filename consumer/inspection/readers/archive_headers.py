"""Whether an archive's header stands at a place: by its checksum, or by fields that chance can't put there."""

from __future__ import annotations

import struct
import zlib

from consumer.inspection.readers.runs import DIGITS, HEX

MOST_OF_A_NAME, LARGEST_BLOCK = 1024, 1 << 17
PACKED_LOOK, INFLATED_LOOK = 8 * 1024, 4 * 1024  # bytes that tell whether compressed ones are what they say
OLD_CPIO = 76  # bytes of an entry's header
MOST_BLOCKS = 4  # that are looked at
KINDS_OF_FILES = frozenset((1, 2, 4, 6, 8, 10, 12))  # the upper four bits of Unix's modes

_OF_A_PRINTER = b"//Uncompressed-Data//\0"
_OF_A_CAMERA, _OF_A_DRAWING = b"afDebug", b"%AI24_ZStandard_Data"


def is_rar(data: bytes, at: int) -> bool:
    if not data.startswith(b"\x1a\x07", at + 4):
        return False
    return data[at + 6 : at + 7] == b"\0" or data[at + 6 : at + 8] == b"\1\0"


def is_ace(data: bytes, at: int) -> bool:
    """By its header's checksum: 16 bits of CRC-32 before its last step, over what stands behind the size."""
    if at < 7 or not data.startswith(b"**ACE**", at):
        return False
    stored, size = struct.unpack_from("<2H", data, at - 7)
    block = data[at - 3 : at - 3 + size]
    return len(block) == size >= 20 and block[:1] == b"\0" and ~zlib.crc32(block) & 0xFFFF == stored


def is_seven_zip(data: bytes, at: int) -> bool:
    stored = int.from_bytes(data[at + 8 : at + 12], "little")
    is_whole = data.startswith(b"\x27\x1c", at + 4) and len(data) >= at + 32
    return is_whole and zlib.crc32(data[at + 12 : at + 32]) == stored


def is_cabinet(data: bytes, at: int) -> bool:
    """Drivers of Xerox pack the settings of their printers into one, whose only file has a name that none can have."""
    first = at + 16 + int.from_bytes(data[at + 16 : at + 20], "little")
    return data[at + 4 : at + 8] == data[at + 12 : at + 16] == bytes(4) and not data.startswith(_OF_A_PRINTER, first)


def is_arj(data: bytes, at: int) -> bool:
    size = int.from_bytes(data[at + 2 : at + 4], "little")
    if not 30 <= size <= 2600 or len(data) < at + 8 + size:
        return False
    return zlib.crc32(data[at + 4 : at + 4 + size]) == int.from_bytes(data[at + 4 + size : at + 8 + size], "little")


def is_lha(data: bytes, at: int) -> bool:
    """By its checksum, or in the newest kind by its size: unpackers look for it behind programs."""
    level = data[at + 20 : at + 21]
    if data[at + 6 : at + 7] != b"-" or len(level) < 1 or level > b"\3":
        return False
    size = data[at]
    if level >= b"\2":
        return 26 <= int.from_bytes(data[at : at + 2], "little") <= len(data) - at
    return size >= 22 and sum(data[at + 2 : at + 2 + size]) & 0xFF == data[at + 1]


def is_gzip(data: bytes, at: int) -> bool:
    """By what it inflates to. Google's cameras note how they focused in one."""
    if len(data) < at + 10 or _OF_A_CAMERA in data[max(0, at - 16) : at]:
        return False
    flags, more, system = data[at + 3], data[at + 8], data[at + 9]
    if flags > 0x1F or more not in (0, 2, 4) or 0x0D < system < 0xFF:
        return False
    begin = at + 10
    if flags & 4:
        begin += 2 + int.from_bytes(data[begin : begin + 2], "little")
    for field in (8, 16):  # a name, a comment
        if flags & field:
            begin = data.find(b"\0", begin, begin + MOST_OF_A_NAME) + 1
    try:
        packed = data[begin + (flags & 2) : begin + PACKED_LOOK] if begin else b""
        return bool(zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, INFLATED_LOOK))
    except zlib.error:
        return False


def is_zstd(data: bytes, at: int) -> bool:
    """By its blocks, one behind the other. Illustrator keeps its drawing so in a PDF, behind a name."""
    if data[at + 3 : at + 4] != b"\xfd" or data.endswith(_OF_A_DRAWING, 0, at):
        return False
    says = data[at + 4] if at + 4 < len(data) else 0xFF
    if says & 0x08:
        return False
    single, dictionary, content = says >> 5 & 1, (0, 1, 2, 4)[says & 3], (0, 2, 4, 8)[says >> 6]
    block = at + 5 + (not single) + dictionary + (content or single)
    for _ in range(MOST_BLOCKS):
        head = int.from_bytes(data[block : block + 3], "little")
        kind, size = head >> 1 & 3, head >> 3
        if block + 3 > len(data) or kind == 3 or size > LARGEST_BLOCK:
            return False
        block += 3 + (1 if kind == 1 else size)
        if head & 1:
            return block <= len(data)
    return True


def is_new_cpio(data: bytes, at: int) -> bool:
    head = data[at : at + 110]
    return len(head) == 110 and not head.strip(HEX) and 1 < int(head[94:102], 16) <= MOST_OF_A_NAME


def is_old_cpio(data: bytes, at: int) -> bool:
    """By its last entry: what the first one begins with stands in every grey picture that is written in digits."""
    head = data[at : at + OLD_CPIO]
    return head.startswith(b"070707") and not head.strip(DIGITS[:8])


def is_binary_cpio(data: bytes, at: int) -> bool:
    """Of either order of bytes, at the place of one of the two signatures: the other may begin within it."""
    if min(data[at + 20 : at + 23], default=0xFF) > MOST_OF_A_NAME >> 8:  # as nearly always
        return False
    return any(_is_in_order(data, begin, "<") or _is_in_order(data, begin, ">") for begin in (at, at + 1))


def _is_in_order(data: bytes, at: int, order: str) -> bool:
    if len(data) < at + 26:
        return False
    magic, _, _, mode, *_, name, high, low = struct.unpack_from(f"{order}13H", data, at)
    named = data[at + 26 : at + 26 + name]
    if magic != 0o070707 or mode >> 12 not in KINDS_OF_FILES or not 1 < name == len(named) <= MOST_OF_A_NAME:
        return False
    content = at + 26 + name + (name & 1) + (high << 16 | low)
    return named.endswith(b"\0") and min(named[:-1]) >= ord(" ") and content <= len(data)


def is_ar(data: bytes, at: int) -> bool:
    return (
        data[at : at + 1] == b"!"
        and data[at + 66 : at + 68] == b"`\n"
        and not data[at + 56 : at + 66].strip(DIGITS + b" ")
    )


def is_xar(data: bytes, at: int) -> bool:
    return b"\0\x1c" <= data[at + 4 : at + 6] <= b"\4\0" and data[at + 6 : at + 8] == b"\0\1"


def is_squashed(data: bytes, at: int) -> bool:
    """At the place of what four signatures have in common; another one may begin within it."""
    return any(_is_superblock(data, begin) for begin in range(max(0, at - 1), at + 3))


def _is_superblock(data: bytes, at: int) -> bool:
    signature, version = data[at : at + 4], data[at + 28 : at + 32]
    if signature in (b"hsqs", b"shsq"):
        return b"\1" <= version[:1] <= b"\4" and version[1:2] == version[3:] == b"\0"
    return signature in (b"sqsh", b"qshs") and b"\0\1" <= version[:2] <= b"\0\4" and version[2:3] == b"\0"


def is_package(data: bytes, at: int) -> bool:
    """RPM: of version 3 or 4, binary or source."""
    return data[at + 4 : at + 5] in (b"\3", b"\4") and data[at + 6 : at + 8] in (b"\0\0", b"\0\1")


def is_compiled_help(data: bytes, at: int) -> bool:
    return data.startswith(b"ITSF\3\0\0\0\x60\0\0\0", at)


def is_old_setup(data: bytes, at: int) -> bool:
    return data.startswith(b"SZDD\x88\xf0\x27\x33A", at)


def is_bzip2(data: bytes, at: int) -> bool:
    return (
        at >= 0
        and data.startswith(b"BZh", at)
        and b"1" <= data[at + 3 : at + 4] <= b"9"
        and data.startswith(b"1", at + 4)
    )


def is_xz(data: bytes, at: int) -> bool:
    stored = data[at + 8 : at + 12]
    return data.startswith(b"\0", at + 5) and zlib.crc32(data[at + 6 : at + 8]).to_bytes(4, "little") == stored


def is_windows_image(data: bytes, at: int) -> bool:
    return data.startswith(b"MSWIM\0\0\0\xd0\0\0\0", at)
