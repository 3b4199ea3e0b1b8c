"""What Outlook says of an attached file in properties of MAPI (MS-OXTNEF 2.1.3.4): its long name, or a message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consumer.inspection.readers.seen import TooMuch, Work

FIXED = {0x01: 0, 0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
OF_ANY_LENGTH = frozenset({0x0D, 0x1E, 0x1F, 0x102})  # an object, texts of one byte a letter and of two, bytes
TEXT_OF_BYTES, TEXT_OF_UTF16 = 0x1E, 0x1F
SEVERAL = 0x1000
NAMED_FROM, BY_NUMBER = 0x8000, 0
CLASS = 16  # bytes
A_PROPERTY = 1024  # of work
MOST_PROPERTIES = 10_000


@dataclass(frozen=True, slots=True)
class MapiProperty:
    number: int
    kind: int
    value: bytes

    @property
    def text(self) -> str:
        encoding = {TEXT_OF_BYTES: "latin-1", TEXT_OF_UTF16: "utf-16-le"}.get(self.kind)
        return self.value.decode(encoding, "replace").rstrip("\0") if encoding else ""


def properties(data: bytes, work: Work) -> Iterator[MapiProperty]:
    """`TooMuch` for what is not built like them: nobody can tell what is in it."""
    read = _Numbers(data)
    for _ in range(min(read.number(4), MOST_PROPERTIES)):
        work.spend(A_PROPERTY)
        kind, number = read.number(2), read.number(2)
        if number >= NAMED_FROM:
            read.bytes(CLASS)
            read.bytes(4 if read.number(4) == BY_NUMBER else read.number(4))
        single = kind & ~SEVERAL
        for _ in range(read.number(4) if kind & SEVERAL or single in OF_ANY_LENGTH else 1):
            work.spend(A_PROPERTY)
            if single not in FIXED and single not in OF_ANY_LENGTH:
                raise TooMuch("what Outlook attached has properties of no known kind")
            yield MapiProperty(number, single, read.bytes(FIXED[single] if single in FIXED else read.number(4)))


@dataclass(slots=True)
class _Numbers:
    data: bytes
    at: int = 0

    def number(self, width: int) -> int:
        found = self.data[self.at : self.at + width]
        self.at += width
        if len(found) < width:
            raise TooMuch("what Outlook attached is cut off: nobody can tell what is in it")
        return int.from_bytes(found, "little")

    def bytes(self, length: int) -> bytes:
        """Filled up to whole numbers of four bytes."""
        found = self.data[self.at : self.at + length]
        self.at += length + -length % 4
        if len(found) < length:
            raise TooMuch("what Outlook attached is cut off: nobody can tell what is in it")
        return found
