"""Bytes that say nothing, in the place of those that somebody wrote."""

from __future__ import annotations

LETTER, DIGIT = ord("x"), ord("0")
TABLE = bytes(
    DIGIT if chr(byte).isdigit() and byte < 128 else LETTER if byte >= 128 or chr(byte).isalpha() else byte
    for byte in range(256)
)
"""Letters of any alphabet, and what may be a part of one, become one letter, digits one digit; the rest stays."""
SHORTEST_WORD = 3


def neutral(data: bytes) -> bytes:
    return data.translate(TABLE)


def words(data: bytes) -> list[bytes]:
    """What can still be read in it: runs of letters and digits that are not neutral."""
    found, word = [], bytearray()
    for byte in data + b" ":
        if chr(byte).isalnum() or byte >= 128:
            word.append(byte)
            continue
        if len(word) >= SHORTEST_WORD and any(byte != TABLE[byte] for byte in word):
            found.append(bytes(word))
        word.clear()
    return found
