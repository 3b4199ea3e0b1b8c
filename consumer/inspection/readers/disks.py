"""Images of disks, by what stands at their fixed places.

Programs that unpack or mount one ask for nothing else, and the first bytes are nobody's: so the file may begin as
anything. (Kernel.org, ext4 and FAT; UEFI 2.10, 5; Apple, TN1150 and the APFS reference.)
"""

from __future__ import annotations

import struct

TAIL = 512  # bytes of what names an image at its end
UNIX = (b"\x54\x19\x01\0", b"\0\x01\x19\x54", b"\x19\x01\x54\x19", b"\x19\x54\x01\x19")  # BSD's, in either order
MARKS = {
    3: (b"NTFS    ", b"EXFAT   "), 32: (b"NXSB",), 64: (b"\x7f\x10\xda\xbe",), 512: (b"EFI PART", b"LABELONE"),
    1024: (b"H+\0\4", b"HX\0\5", b"\x10\x20\xf5\xf2", b"\xe2\xe1\xf5\xe0", b"\2\0\0\0\0\0\x34\x34"),
    4096: (b"EFI PART",), 0x1018: (b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca",), 0x2000: (b"\x49\xe8\x95\xf9", b"OCFSV2"),
    0x255C: UNIX, 0x8000: (b"JFS1",), 0x8009: (b"CDROM\1",), 0x10000: (b"\x01\x16\x19\x70\0\0\0\1",),
    0x10034: (b"ReIsEr",), 0x10040: (b"_BHRfS_M",), 0x1055C: UNIX,
}  # fmt: skip
SECTORS, CLUSTERS = (512, 1024, 2048, 4096), tuple(1 << bit for bit in range(8))
MEDIA = (0xF0, *range(0xF8, 0x100))
PARTITIONS, OF_A_SECTOR = range(446, 510, 16), b"\x55\xaa"
IN_USE = (0, 0x80)  # the first byte of a partition

JUMPS = (b"\xe9", b"\xeb")  # with which a sector begins that is run

MINIX = (0x137F, 0x138F, 0x2468, 0x2478)
MOST_OF_A_MAP = 9  # blocks of the map of 65,535 nodes

_FAT = struct.Struct("<HBHB4xB")
_EXT = struct.Struct("<2L12x2L28x2HL12xL")
_MINIX = struct.Struct("<H2x3H6xH")


def is_disk(data: bytes) -> bool:
    if any(map(data.startswith, MARKS.values(), MARKS)):
        return True
    return (
        _has_partitions(data)
        or _is_fat(data)
        or is_ext(data)
        or _is_old_mac(data)
        or _is_minix(data)
        or _is_named_behind(data)
    )


def _has_partitions(data: bytes) -> bool:
    """A table of at most four: unused ones are zeros, and another one begins within the file."""
    if data[510:512] != OF_A_SECTOR:
        return False
    begins = []
    for at in PARTITIONS:
        kind = data[at + 4]
        begin, size = struct.unpack_from("<2L", data, at + 8)
        if data[at] not in IN_USE or (not kind and any(data[at : at + 16])):
            return False
        begins += [begin * SECTORS[0]] if kind and size else []
    return any(0 < begin < len(data) for begin in begins)


def _is_fat(data: bytes, at: int = 0) -> bool:
    if len(data) < at + SECTORS[0]:
        return False
    sector, cluster, reserved, tables, media = _FAT.unpack_from(data, at + 11)
    return sector in SECTORS and cluster in CLUSTERS and reserved != 0 and tables in (1, 2) and media in MEDIA


def is_ext(data: bytes, at: int = 0) -> bool:
    """Linux's own, of any generation."""
    if data[at + 0x438 : at + 0x43A] != b"\x53\xef" or len(data) < at + 0x450:
        return False
    nodes, blocks, first, block_size, _, state, _, revision = _EXT.unpack_from(data, at + 1024)
    return bool(nodes and blocks) and max(first, revision) <= 1 and block_size <= 6 and state <= 7


def _is_old_mac(data: bytes) -> bool:
    """Within which the newer one stands."""
    return data.startswith(b"BD", 1024) and data.startswith((b"H+", b"HX"), 0x47C)


def _is_minix(data: bytes) -> bool:
    """Of which Linux's first one came: a map has a bit for each of its nodes."""
    if len(data) < 1024 + _MINIX.size:
        return False
    nodes, nodes_map, zones_map, first, magic = _MINIX.unpack_from(data, 1024)
    maps = 0 < nodes_map <= MOST_OF_A_MAP and zones_map and nodes < nodes_map << 13
    return bool(magic in MINIX and nodes and maps and first)


def _is_named_behind(data: bytes) -> bool:
    tail = data[-TAIL:]
    return tail.startswith((b"koly", b"conectix")) or tail.startswith(b"conectix", 1)


def is_started(data: bytes, at: int) -> bool:
    """FAT or NTFS that begins there as one that a machine is started from: 7-Zip asks for no less."""
    return data[at : at + 1] in JUMPS and (_is_fat(data, at) or data.startswith(MARKS[3], at + 3))


def is_table(data: bytes, at: int) -> bool:
    """Of partitions, by its version and its size."""
    return data[at + 512 : at + 526] == b"EFI PART\0\0\1\0\x5c\0"


def is_mac(data: bytes, at: int) -> bool:
    """By the size of its blocks, which is a power of two."""
    size = int.from_bytes(data[at + 1064 : at + 1068], "big")
    return size >= SECTORS[0] and not size & (size - 1) and data[at + 1068 : at + 1072] > bytes(4)


def is_compressed_rom(data: bytes, at: int) -> bool:
    return data.startswith(b"S", at + 31) and data[at : at + 4] in (b"\x45\x3d\xcd\x28", b"\x28\xcd\x3d\x45")


def is_sparse(data: bytes, at: int) -> bool:
    """Android's."""
    return data[at + 8 : at + 12] == b"\x1c\0\x0c\0"


def is_virtual(data: bytes, at: int) -> bool:
    """VMware's or QEMU's, by the version."""
    if data.startswith(b"KDMV", at):
        return b"\1" <= data[at + 4 : at + 5] <= b"\3" and data[at + 5 : at + 8] == bytes(3)
    return data[at + 4 : at + 7] == bytes(3) and b"\1" <= data[at + 7 : at + 8] <= b"\3"
