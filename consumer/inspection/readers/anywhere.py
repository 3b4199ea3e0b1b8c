"""Formats that 7-Zip and other programs find wherever they begin in a file: how each is known, and its header.

`marks` finds where one could be. A header is what chance can't put there: a file that is an archive for 7-Zip is one,
whatever it begins with.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Container
from typing import NamedTuple

from consumer.inspection.readers import archive_headers, disks, runs
from consumer.inspection.readers.runs import Signature
from consumer.inspection.readers.seen import PLACE, Work

ARJ = b"\x60\xea"
ELF = Signature(b"\x7fELF", 0, ((4, 6, b"\1\2"), (6, 7, b"\1"), (7, 8, runs.between(0, 0x12))))
LHA = Signature(b"-l", 0, ((2, 3, b"hz"), (3, 4, b"01234567sd"), (4, 5, b"-")))
OLD_MARKS = b"-lh"
TAPE = 512  # bytes of its header
MAC_PROCESSORS = frozenset((7, 12, 18, 0x01000007, 0x0100000C, 0x01000012, 0x0200000C))
PACKED_PICTURES = "gzip data"  # as Office packs drawings (`emz`): in a document whose parts all programs list
MOST_COMMANDS, MOST_PROCESSORS = 2048, 32

_OCTAL = b"01234567"
_DOS_STUBS = tuple(
    b"This program %s be run %s" % (verb, word) for verb in (b"cannot", b"must", b"can't") for word in (b"in", b"under")
)


class Marked(NamedTuple):
    mark: bytes  # of `marks`
    before: int  # bytes of it that stand before the mark
    is_at: Callable[[bytes, int], bool]  # whether its header stands at a place
    name: str


def says_dos(head: bytes) -> bool:
    """What the program says that stands before one for Windows."""
    return any(words in head for words in _DOS_STUBS)


def is_tar(block: bytes) -> bool:
    """By the header's checksum: old archives have no signature."""
    if len(block) < TAPE or not block[:1].strip(b"\0"):
        return False
    stored = block[148:156].strip(b"\0 ")
    if not stored or stored.strip(_OCTAL):
        return False
    return int(stored, 8) == sum(block) - sum(block[148:156]) + 8 * 32


def _is_windows_program(data: bytes, at: int) -> bool:
    """A header of Windows, or the program that says that it is not for DOS, which begins 64 bytes further on."""
    header = at + int.from_bytes(data[at + 60 : at + 64], "little")
    if at + 64 <= header and data[header : header + 4] == b"PE\0\0":
        return True
    return b"\0" in data[at : at + 64] and says_dos(data[at + 64 : at + 256])


def _is_mac_program(data: bytes, at: int) -> bool:
    if data[at : at + 1] not in (b"\xcf", b"\xce") or len(data) < at + 28:
        return False
    processor, _, kind, commands = struct.unpack_from("<4L", data, at + 4)
    return processor in MAC_PROCESSORS and 1 <= kind <= 12 and commands <= MOST_COMMANDS


def _is_mac_bundle(data: bytes, at: int) -> bool:
    """Of programs for several processors."""
    if len(data) < at + 28:
        return False
    count, processor = struct.unpack_from(">2L", data, at + 4)
    return 1 <= count <= MOST_PROCESSORS and processor in MAC_PROCESSORS


def _is_tape(data: bytes, at: int) -> bool:
    return is_tar(data[at : at + TAPE])


def _is_disc(data: bytes, at: int) -> bool:
    return data.startswith(b"\1CD001\1", at + 0x8000)


def _is_old_archive(data: bytes, at: int) -> bool:
    return LHA.is_at(data, at + 2) and archive_headers.is_lha(data, at)


KINDS = (
    Marked(b"Rar!", 0, archive_headers.is_rar, "a RAR archive"),
    Marked(b"\x7fELF", 0, ELF.is_at, "an ELF program"),
    Marked(b"MZ", 0, _is_windows_program, "a Windows program"),
    Marked(b"\xfa\xed\xfe", 1, _is_mac_program, "a Mach-O program"),
    Marked(b"\xca\xfe\xba\xbe", 0, _is_mac_bundle, "a Mach-O program"),
    Marked(b"ACE**", 2, archive_headers.is_ace, "an ACE archive"),
    Marked(b"7z\xbc\xaf", 0, archive_headers.is_seven_zip, "a 7-Zip archive"),
    Marked(b"MSCF", 0, archive_headers.is_cabinet, "a cabinet"),
    Marked(ARJ, 0, archive_headers.is_arj, "an ARJ archive"),
    Marked(OLD_MARKS, 2, _is_old_archive, "an LHA archive"),
    Marked(b"AY&SY", 5, archive_headers.is_bzip2, "bzip2 data"),
    Marked(b"\xfd7zXZ", 0, archive_headers.is_xz, "xz data"),
    Marked(b"\x1f\x8b\x08", 0, archive_headers.is_gzip, PACKED_PICTURES),
    Marked(b"\x28\xb5\x2f", 0, archive_headers.is_zstd, "zstd data"),
    Marked(b"SZDD\x88\xf0", 0, archive_headers.is_old_setup, "compressed data"),
    Marked(b"SWIM\0\0\0", 1, archive_headers.is_windows_image, "a Windows image"),
    Marked(b"070701", 0, archive_headers.is_new_cpio, "a cpio archive"),
    Marked(b"070702", 0, archive_headers.is_new_cpio, "a cpio archive"),
    Marked(b"TRAILER!!!\0", archive_headers.OLD_CPIO, archive_headers.is_old_cpio, "a cpio archive"),
    Marked(b"\xc7\x71", 0, archive_headers.is_binary_cpio, "a cpio archive"),
    Marked(b"\x71\xc7", 0, archive_headers.is_binary_cpio, "a cpio archive"),
    Marked(b"<arch>\n", 1, archive_headers.is_ar, "an ar archive"),
    Marked(b"xar!\0", 0, archive_headers.is_xar, "a XAR archive"),
    Marked(b"\xed\xab\xee\xdb", 0, archive_headers.is_package, "an RPM package"),
    Marked(b"ITSF\3\0", 0, archive_headers.is_compiled_help, "compiled help"),
    Marked(b"ustar", 257, _is_tape, "a tar archive"),
    Marked(b"CD001\1", 0x8001, _is_disc, "a disc image"),
    Marked(b"sqs", 0, archive_headers.is_squashed, "a squashed file system"),
    Marked(b"shs", 0, archive_headers.is_squashed, "a squashed file system"),
    Marked(b"Compressed ROMF", 16, disks.is_compressed_rom, "a disk image"),
    Marked(b"\x53\xef", 0x438, disks.is_ext, "a disk image"),
    Marked(b"\x55\xaa", 510, disks.is_started, "a disk image"),
    Marked(b"I PART\0", 514, disks.is_table, "a disk image"),
    Marked(b"H+\0\4", 1024, disks.is_mac, "a disk image"),
    Marked(b"HX\0\5", 1024, disks.is_mac, "a disk image"),
    Marked(b"KDMV", 0, disks.is_virtual, "a disk image"),
    Marked(b"QFI\xfb", 0, disks.is_virtual, "a disk image"),
    Marked(b"\x3a\xff\x26\xed\1\0", 0, disks.is_sparse, "a disk image"),
)
BY_MARK = {kind.mark: kind for kind in KINDS}


def marked_in(data: bytes, work: Work, without: Container[str] = ()) -> list[tuple[int, str]]:
    """Formats that begin anywhere, with their places, save archives that are found from the end: whoever reads those
    asks for the others."""
    found = []
    for mark, marked in work.marks(data, of_files=True).places.items():
        if (kind := BY_MARK.get(mark)) is not None and kind.name not in without:
            work.spend(PLACE * len(marked))  # whoever asks looks at each
            _, before, is_at, name = kind
            for at in marked:
                if at >= before and is_at(data, at - before):
                    found.append((at - before, name))
                    break
    return found
