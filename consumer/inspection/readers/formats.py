"""Other formats by their signatures: at one place, or anywhere in the bytes where chance can't put them."""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from consumer.inspection.readers import archive_headers, disks, runs, scripts, zip_reader
from consumer.inspection.readers.anywhere import ARJ, ELF, LHA, is_tar, marked_in, says_dos
from consumer.inspection.readers.marks import DIRECTORY_END, ENTRY
from consumer.inspection.readers.runs import DIGITS, SPACE, Signature
from consumer.inspection.readers.seen import PLACE, SAFE, Unreadable, Work
from consumer.inspection.readers.signatures import BY_FIRST_BYTE, LONG, ZIP

PADDING = b"\0\xff \t\r\n\x1a\x0c"
PICTURES = frozenset({"a PNG", "a GIF", "a JPEG", "a TIFF", "a BMP picture"})  # nobody is harmed by one more of them
DEEPEST_PADDING = 12  # bytes of padding that a signature may begin with
HEADER_OF_A_PDF = 1024  # bytes within which viewers look for it
HEAD = 4096  # bytes of anything that tell what it is
DISCS = dict.fromkeys((0x8001, 0x8801, 0x9001, 0x9801), (b"CD001", b"NSR02", b"NSR03", b"BEA01"))
OBJECTS_TRIED = 32  # words of a PDF that could begin one

_ANY_LONG = BytesAhoCorasick([signature for signature, _ in LONG], matchkind=MatchKind.LeftmostFirst)
_JAVA = Signature(
    b"\xca\xfe\xba\xbe\0", 0, ((5, 6, runs.between(0, 3)), (6, 7, b"\0"), (7, 8, runs.between(0x2D, 0x50)))
)
_FLASH = Signature(b"WS", 1, ((0, 1, b"CFZ"), (3, 4, runs.between(3, 0x32)), (7, 8, runs.between(0, 5))))
_ICON = Signature(
    b"\0\0\1\0",
    0,
    (
        *((4, 5, runs.between(1, 0x20)), (5, 6, b"\0"), (9, 10, b"\0"), (10, 11, b"\0\1"), (11, 12, b"\0")),
        *((12, 13, b"\x01\x04\x08\x10\x18\x20"), (13, 14, b"\0"), (17, 18, b"\0")),
        *((18, 19, runs.between(0x16, 0xFF)), (21, 22, b"\0")),
    ),
)
_PCAPNG = tuple(
    Signature(order, 8, ((0, 1, b"\n"), (1, 3, b"\r"), (3, 4, b"\n")))
    for order in (b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a")
)
SIGNATURES = (
    (_JAVA, "a Java class"),
    (_FLASH, "Flash"),
    *((signature, "captured network traffic") for signature in _PCAPNG),
)


def format_at(data: bytes) -> str | None:
    """What begins with the first byte of `data`, in words; None if it is nothing that is known."""
    return binary_at(data) or ("markup or a script" if scripts.begins_page(data) else None)


def binary_at(data: bytes) -> str | None:
    """The same, of what is no page."""
    for signature, name in BY_FIRST_BYTE.get(data[:1], ()):
        if data.startswith(signature):
            return name
    if data[:2] == b"MZ" and len(data) > 64:
        return "a Windows or DOS program"
    if data[4:8] == b"ftyp" or (data[:4] in (b"RIFF", b"FORM") and len(data) > 12):
        return "media"
    if data[257:262] == b"ustar" or is_tar(data[:512]):
        return "a tar archive"
    if data[128:132] == b"DICM":
        return "a DICOM picture"
    if data[7:14] == b"**ACE**" and archive_headers.is_ace(data, 7):
        return "an ACE archive"
    if data[2:3] == b"-" and LHA.is_at(data, 2):
        return "an LHA archive"
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0" and 14 < int.from_bytes(data[10:14], "little") < 4096:
        return "a BMP picture"
    if data[:4] == b"\0\0\1\0" and _is_icon(data):
        return "an icon"
    if data[:2] == ARJ and archive_headers.is_arj(data, 0):
        return "an ARJ archive"
    if data[:1] == b"\n" and any(signature.is_at(data, 0) for signature in _PCAPNG):
        return "captured network traffic"
    return None


def foreign(data: bytes, work: Work) -> str | None:
    """What other format is in bytes that belong to no part of a file, in words; None for padding and junk."""
    return next(foreigners(data, work), None)


def foreigners(data: bytes, work: Work) -> Iterator[str]:
    """Each format that `foreign` tells of."""
    yield from formats_of(data, work)
    if _ICON.is_in(data, work):
        yield "an icon"


def formats_of(data: bytes, work: Work) -> Iterator[str]:
    """What begins with `data`, be it behind padding, and what begins further in; without programs as text."""
    content = data.lstrip(PADDING)
    if not content:
        return
    padding = len(data) - len(content)
    for at in sorted({0, *range(max(0, padding - DEEPEST_PADDING), padding + 1)}):
        if found := format_at(data[at : at + 4096]):
            yield found
    yield from formats_at_fixed_places(data)
    work.marks(data)  # markup is looked for as well
    yield from (name for _, name in formats_in(data, work))
    work.spend(len(data) * len(LONG) // 2)
    if runs.holds(data, _ANY_LONG):
        yield from (name for signature, name in LONG if signature in data)
    yield from (name for signature, name in SIGNATURES if signature.is_in(data, work))
    if scripts.markup_in(data, work) is not None:
        yield "markup or a script"


def formats_in(data: bytes, work: Work, without: Container[str] = ()) -> list[tuple[int, str]]:
    """Formats that begin anywhere, with their places: only what chance can't put there."""
    archive = zip_at(data, work)
    archives = [] if archive is None else [(archive, ZIP)]
    return archives + marked_in(data, work, without)


def formats_at_fixed_places(data: bytes) -> list[str]:
    """Formats whose signature has its place far into the file, so that any other may stand before it."""
    found = []
    if data[257:262] == b"ustar" or is_tar(data[:512]):
        found.append("a tar archive")
    if data[128:132] == b"DICM":
        found.append("a DICOM picture")
    if any(map(data.startswith, DISCS.values(), DISCS)):
        found.append("a disc image")
    if disks.is_disk(data):
        found.append("a disk image")
    return found


def zip_at(data: bytes, work: Work) -> int | None:
    """Where an archive begins that a reader would open, as readers look from the end; None if there is none."""
    end = zip_reader.find_end(data) if work.marks(data, of_files=True).at(DIRECTORY_END) else None
    if end is None:
        return None
    try:
        archive = zip_reader.read_archive(data, SAFE.entries)  # with more it is one all the same
    except Unreadable:
        return end if data.find(zip_reader.CENTRAL, max(0, end - zip_reader.FARTHEST), end) >= 0 else None
    return min((entry.start for entry in archive.entries), default=None)


def entries(data: bytes, work: Work) -> Iterator[int]:
    """Where entries of an archive stand, whose directory may be anywhere or missing: 7-Zip needs none."""
    for at in work.marks(data, of_files=True).at(ENTRY):
        work.spend(PLACE // 4)
        if zip_reader.is_entry(data, at):
            yield at


def pdf_in(data: bytes, work: Work) -> int | None:
    """Where a PDF begins: the header alone is a word, with an object behind it it is a document."""
    return next(pdfs(data, work), None)


def pdfs(data: bytes, work: Work) -> Iterator[int]:
    """Each place where a PDF begins. Viewers need no version behind its name, and no object near it."""
    last: int | None = None  # object
    following = -1  # word that could begin one: looked for once for all headers before it
    for at in work.marks(data, of_files=True).at(b"%PDF"):
        work.spend(PLACE)
        if following <= at:
            found = data.find(b"obj", at)
            following = len(data) if found < 0 else found
        if following < at + HEAD and _has_object(data, at, work):
            yield at
        else:
            last = _last_object(data, work) if last is None else last
            if last > at:
                yield at


def _last_object(data: bytes, work: Work) -> int:
    """Where the last object of a PDF begins, -1 if none does. Of that many words that could begin one, one counts."""
    work.spend(len(data))
    for tried, word in enumerate(runs.places_from_end(data, b"obj")):
        if tried >= OBJECTS_TRIED or _is_numbered(data[max(0, word - 24) : word]):
            return word
    return -1


def _has_object(data: bytes, at: int, work: Work) -> bool:
    """Whether an object begins behind the header; with that many words that could begin one it counts as one."""
    word = at
    for _ in range(OBJECTS_TRIED):
        word = data.find(b"obj", word + 1, at + HEAD)
        if word < 0:
            return False
        work.spend(PLACE // 4)
        if _is_numbered(data[max(at, word - 24) : word]):
            return True
    return True


def _is_numbered(before: bytes) -> bool:
    """Whether two numbers stand at the end, as before the word that begins an object."""
    end = len(before.rstrip(SPACE))
    second = runs.before(before, end, DIGITS)
    first = len(before[:second].rstrip(SPACE))
    return end < len(before) and 0 < end - second <= 5 and first < second and before[first - 1 : first].isdigit()


def executable(data: bytes | bytearray) -> bool:
    """Whether `data` begins as a program for Windows, Linux or macOS."""
    if data[:2] == b"MZ" and len(data) >= 64:
        header = struct.unpack_from("<L", data, 60)[0]
        return bytes(data[header : header + 4]) == b"PE\0\0" or says_dos(bytes(data[:1024]))
    begins = bytes(data[:4])
    return begins in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe") or (
        begins == ELF.word and ELF.is_at(bytes(data[:16]), 0)
    )


def _is_icon(data: bytes) -> bool:
    """By its directory: each picture has a size, and stands behind the directory."""
    (count,) = struct.unpack_from("<H", data.ljust(6, b"\0"), 4)
    if not 0 < count <= 64 or len(data) < 6 + 16 * count:
        return False
    rows = (struct.unpack_from("<4B2H2L", data, 6 + 16 * row) for row in range(count))
    return all(row[3] == 0 and row[4] <= 1 and row[5] <= 32 and row[6] and row[7] >= 6 + 16 * count for row in rows)
