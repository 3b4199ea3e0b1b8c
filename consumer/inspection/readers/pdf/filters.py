"""The filters that a PDF packs its streams with, undone piece by piece. Each is damaged input's end, as for readers."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator

from consumer.inspection.readers import flate, runs
from consumer.inspection.readers.formats import HEAD
from consumer.inspection.readers.pdf.words import WHITE
from consumer.inspection.readers.seen import TooMuch, Work

MOST_FILTERS = 8
A_FILTER = 4096  # of work, for each that was undone before: few streams have two, and none has many
ASCII85, RUN, CODE = 40, 512, 768  # what a character, a run and an LZW code cost, as bytes that are read

Pieces = Iterable["bytes | memoryview"]
Filter = Callable[[Pieces, Work], Iterator[bytes]]

_NO_DIGIT = bytes(set(range(256)) - set(b"0123456789abcdefABCDEF"))
_CLEAR, _END = 256, 257  # codes of LZW
_FIRST_CODES = (*(bytes([value]) for value in range(256)), b"", b"")
_OF_85 = runs.between(ord("!"), ord("u"))


def undone(packed: Pieces, names: Iterable[bytes], work: Work) -> Iterator[bytes]:
    """What the filters `names` made of it was. Codecs of pictures are left as they are, and what is behind them."""
    pieces: Pieces = packed
    for position, name in enumerate(names):
        if position >= MOST_FILTERS:
            raise TooMuch("a stream of the document is packed again and again")
        undo = FILTERS.get(name)
        if undo is None:
            break
        work.spend(position * A_FILTER)
        pieces = undo(pieces, work)
    return map(bytes, pieces)


def _hexadecimal(packed: Pieces, work: Work) -> Iterator[bytes]:
    odd = b""
    for piece in packed:
        work.spend(2 * len(piece))
        digits, end, _ = bytes(piece).partition(b">")
        digits = odd + digits.translate(None, _NO_DIGIT)
        whole = len(digits) // 2 * 2
        yield bytes.fromhex(digits[:whole].decode("ascii"))
        odd = digits[whole:]
        if end:
            return


def _ascii85(packed: Pieces, work: Work) -> Iterator[bytes]:
    """Five characters for four bytes. By hand: the standard library takes ten times as long."""
    left = b""
    for piece in packed:
        text, end, _ = bytes(piece).partition(b"~")
        text = left + text.translate(None, WHITE).replace(b"z", b"!!!!!")
        work.spend(ASCII85 * len(text))
        stop = runs.behind(text, 0, _OF_85)
        wrong = stop < len(text)
        text = text[:stop]
        whole = len(text) // 5 * 5
        left = text[whole:]
        yield _groups(text[:whole])
        if end or wrong:
            break
    if len(left) > 1:
        yield _groups(left.ljust(5, b"u"))[: len(left) - 1]


def _groups(text: bytes) -> bytes:
    values = [
        ((a * 85 + b) * 85 + c) * 85 * 85 + d * 85 + e - 1_743_128_013 & 0xFFFFFFFF
        for a, b, c, d, e in zip(*(text[n::5] for n in range(5)), strict=True)
    ]
    return struct.pack(f">{len(values)}L", *values)


def _run_length(packed: Pieces, work: Work) -> Iterator[bytes]:
    left = b""
    for piece in packed:
        data, at, made = left + bytes(piece), 0, bytearray()
        while at < len(data) and data[at] != 128:
            copied = data[at] < 128
            stop = at + 2 + data[at] if copied else at + 2
            if stop > len(data):
                break
            work.spend(RUN)
            made += data[at + 1 : stop] if copied else data[at + 1 : stop] * (257 - data[at])
            at = stop
            if len(made) >= flate.LARGEST_PIECE:
                yield bytes(made)
                made.clear()
        yield bytes(made)
        left = data[at:]
        if left[:1] == b"\x80":
            return


def _lzw(packed: Pieces, work: Work) -> Iterator[bytes]:
    table, before, width, held, bits = list(_FIRST_CODES), b"", 9, 0, 0
    made, most = bytearray(), HEAD  # the first piece tells what it is: often nobody needs another one
    for byte in (byte for piece in packed for byte in piece):
        held, bits = held << 8 | byte, bits + 8
        if bits < width:
            continue
        bits -= width
        code = held >> bits
        held &= (1 << bits) - 1
        work.spend(CODE)
        if code == _CLEAR:
            table, before, width = list(_FIRST_CODES), b"", 9
            continue
        if code == _END or code > len(table) or (code == len(table) and not before):
            break
        text = table[code] if code < len(table) else before + before[:1]
        if before and len(table) < 4096:
            table.append(before + text[:1])
        before, width = text, min(12, (len(table) + 1).bit_length())
        made += text
        if len(made) >= most:
            work.spend(flate.INFLATING * len(made))
            yield bytes(made)
            made.clear()
            most = flate.LARGEST_PIECE
    yield bytes(made)


def _identity(packed: Pieces, work: Work) -> Iterator[bytes]:
    """An encryption that its name calls none; with any other, nothing that is behind it can be read."""
    return map(bytes, packed)


FILTERS: dict[bytes, Filter] = {
    b"FlateDecode": flate.inflate,
    b"Fl": flate.inflate,
    b"ASCII85Decode": _ascii85,
    b"A85": _ascii85,
    b"ASCIIHexDecode": _hexadecimal,
    b"AHx": _hexadecimal,
    b"RunLengthDecode": _run_length,
    b"RL": _run_length,
    b"LZWDecode": _lzw,
    b"LZW": _lzw,
    b"Crypt": _identity,
}
