"""Numbers in groups of seven bits, the lowest ones first, as Google's formats and AV1 write lengths."""

from __future__ import annotations

GOES_ON = 0x80
MOST_BYTES = 8


def length_at(data: bytes, at: int) -> tuple[int, int]:
    """The number that stands there, and the place behind it. Without an end it is more than there are bytes."""
    number = 0
    for place, byte in enumerate(data[at : at + MOST_BYTES]):
        number |= (byte & ~GOES_ON) << 7 * place
        if byte < GOES_ON:
            return number, at + place + 1
    return len(data), at + 1
