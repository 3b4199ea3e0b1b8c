"""What a JPEG says before its pixels (ITU-T T.81): no viewer draws one whose frame, tables and codes do not fit."""

from __future__ import annotations

from collections import Counter
from operator import mul

from consumer.inspection.readers.seen import Unreadable, Work

QUANTIZATION, CODES, SCAN, RESTARTS = 0xDB, 0xC4, 0xDA, 0xDD
FRAMES = frozenset(range(0xC0, 0xD0)) - {CODES, 0xC8, 0xCC}
SEGMENTS = FRAMES | {QUANTIZATION, CODES, SCAN, RESTARTS}
QUANTIZED = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})  # the others lose nothing
SEQUENTIAL, PROGRESSIVE = (0xC0, 0xC1), 0xC2  # frames whose pixels are in Huffman's codes
PRECISIONS = {0xC0: (8,), 0xC1: (8, 12), 0xC2: (8, 12)}  # bits of a sample
A_TABLE = 16 * 1024  # of work
MOST_TABLES = 4  # of a kind
USUAL = (0x00, 0x01, 0x10, 0x11)  # codes that decoders know of themselves: films leave them out of each picture
ALTERNATING = 0x10  # the bit of a table of codes for all but the mean of a block
LARGEST_MEAN = 15  # bits
SHARES = tuple(1 << left for left in reversed(range(16)))  # of all codes, that one of each length takes


class Tables:
    """Fed with the segments in their order. `Unreadable` where decoders give up, before they draw a pixel."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._frame = 0  # the marker that began it
        self._components: list[tuple[int, int]] = []  # of the frame: its name, and its table of quantization
        self._quantization: set[int] = set()
        self._codes = dict.fromkeys(USUAL, True)  # whether they can be told apart

    def take(self, kind: int, body: bytes) -> None:
        self._work.spend(A_TABLE)
        if kind in FRAMES:
            self._take_frame(kind, body)
        elif kind == QUANTIZATION:
            self._take_quantization(body)
        elif kind == CODES:
            self._take_codes(body)
        elif kind == SCAN:
            self._take_scan(body)
        elif len(body) != 2:
            raise Unreadable("the JPEG's interval of restarts has another length")

    def _take_frame(self, kind: int, body: bytes) -> None:
        rows = [body[at : at + 3] for at in range(6, len(body), 3)]
        if self._frame or len(body) < 9 or len(body) != 6 + 3 * body[5]:
            raise Unreadable("the JPEG's frame is built wrongly")
        if any(not (1 <= row[1] >> 4 <= 4 and 1 <= row[1] & 15 <= 4) for row in rows):
            raise Unreadable("the JPEG's frame has samples that nobody can draw")
        if body[0] not in PRECISIONS.get(kind, (body[0],)):
            raise Unreadable("the JPEG's samples have a number of bits that nobody draws")
        self._frame, self._components = kind, [(row[0], row[2]) for row in rows]

    def _take_quantization(self, body: bytes) -> None:
        at = 0
        while at < len(body):
            self._work.spend(A_TABLE)
            number = body[at] & 15
            if number >= MOST_TABLES:
                raise Unreadable("the JPEG has a table of quantization that no frame can ask for")
            self._quantization.add(number)
            at += 65 if body[at] < 16 else 129
        if at > len(body):
            raise Unreadable("a table of the JPEG's quantization is cut off")

    def _take_codes(self, body: bytes) -> None:
        at = 0
        while at + 17 <= len(body):
            self._work.spend(A_TABLE)
            number, counts = body[at], body[at + 1 : at + 17]
            many = sum(counts)
            symbols = body[at + 17 : at + 17 + many]
            if number & ~ALTERNATING >= MOST_TABLES or len(symbols) != many or many > 256:
                raise Unreadable("a table of the JPEG's codes is built wrongly")
            means = number < ALTERNATING and max(symbols, default=0) > LARGEST_MEAN
            self._codes[number] = _can_be_told_apart(counts) and not means
            at += 17 + len(symbols)
        if at != len(body):
            raise Unreadable("a table of the JPEG's codes has another length")

    def _take_scan(self, body: bytes) -> None:
        if not self._frame or len(body) < 6 or len(body) != 4 + 2 * body[0]:
            raise Unreadable("the JPEG's scan is built wrongly")
        components, tables = body[1:-3:2], body[2:-3:2]
        if Counter(components) - Counter(name for name, _ in self._components):  # two may have one name: inks do
            raise Unreadable("the JPEG's scan is of a component that its frame does not have")
        needed = {table for name, table in self._components if self._frame in QUANTIZED and name in components}
        if not needed <= self._quantization:
            raise Unreadable("the JPEG's pixels need a table that it does not have")
        if not all(self._codes.get(code, False) for code in self._asked(tables, first=body[-3], refined=body[-1] >> 4)):
            raise Unreadable("the JPEG's pixels are in codes that can't be told apart")

    def _asked(self, tables: bytes, first: int, refined: int) -> set[int]:
        """The tables of codes that the scan is decoded by."""
        means = {table >> 4 for table in tables}
        others = {table & 15 | ALTERNATING if table & 15 < MOST_TABLES else -1 for table in tables}
        if self._frame in SEQUENTIAL:
            return means | others
        if self._frame != PROGRESSIVE:
            return set()
        return others if first else means if not refined else set()


def _can_be_told_apart(counts: bytes) -> bool:
    """Whether there are enough codes of each length, of which none is all ones."""
    taken: int = sum(map(mul, counts, SHARES))
    return taken < 1 << len(SHARES)
