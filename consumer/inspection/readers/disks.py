"""Images of disks, by what stands at their fixed places.

Programs that unpack or mount one ask for nothing else, and the first bytes are nobody's: so the file may begin as
anything. (Kernel.org, ext4 and FAT; UEFI 2.10, 5; Apple, TN1150 and the APFS reference.)
"""

from __future__ import annotations

import struct

TAIL = 512  # bytes of what names an image at its end
MARKS = {
    3: (b"NTFS    ", b"EXFAT   "), 32: (b"NXSB",), 64: (b"\x7f\x10\xda\xbe",), 512: (b"EFI PART", b"LABELONE"),
    1024: (b"H+\0\4", b"HX\0\5", b"\x10\x20\xf5\xf2"), 4096: (b"EFI PART",), 0x8000: (b"JFS1",),
    0x10034: (b"ReIsEr",), 0x10040: (b"_BHRfS_M",),
}  # fmt: skip
SECTORS, CLUSTERS = (512, 1024, 2048, 4096), tuple(1 << bit for bit in range(8))
MEDIA = (0xF0, *range(0xF8, 0x100))
PARTITIONS, OF_A_SECTOR = range(446, 510, 16), b"\x55\xaa"
IN_USE = (0, 0x80)  # the first byte of a partition

_FAT = struct.Struct("<HBHB4xB")
_EXT = struct.Struct("<2L12x2L28x2HL12xL")


def is_disk(data: bytes) -> bool:
    if any(map(data.startswith, MARKS.values(), MARKS)):
        return True
    return _has_partitions(data) or _is_fat(data) or _is_ext(data) or _is_old_mac(data) or _is_named_behind(data)


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


def _is_fat(data: bytes) -> bool:
    if len(data) < SECTORS[0]:
        return False
    sector, cluster, reserved, tables, media = _FAT.unpack_from(data, 11)
    return sector in SECTORS and cluster in CLUSTERS and reserved != 0 and tables in (1, 2) and media in MEDIA


def _is_ext(data: bytes) -> bool:
    """Linux's own, of any generation."""
    if data[0x438:0x43A] != b"\x53\xef" or len(data) < 0x450:
        return False
    nodes, blocks, first, block_size, _, state, _, revision = _EXT.unpack_from(data, 1024)
    return bool(nodes and blocks) and max(first, revision) <= 1 and block_size <= 6 and state <= 7


def _is_old_mac(data: bytes) -> bool:
    """Within which the newer one stands."""
    return data.startswith(b"BD", 1024) and data.startswith((b"H+", b"HX"), 0x47C)


def _is_named_behind(data: bytes) -> bool:
    tail = data[-TAIL:]
    return tail.startswith((b"koly", b"conectix")) or tail.startswith(b"conectix", 1)
