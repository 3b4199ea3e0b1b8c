"""Pages of a TIFF that nobody draws: every viewer opens the first page, or nothing (TIFF 6.0; libtiff's reader)."""

from __future__ import annotations

from collections.abc import Sequence

MOST_BITS = 64  # of a sample
PLAIN = 1
COMPRESSIONS = frozenset(
    {
        *range(PLAIN, 11), 99, 103, 262, 22610,
        *(32766, 32767, 32769, 32770, 32771, 32772, 32773, 32809, *range(32895, 32899), 32908, 32909, 32946, 32947),
        *(33003, 33004, 33005, 33007, 34661, 34676, 34677, 34692, 34712, 34713, 34715, *range(34718, 34721)),
        *(34887, 34892, *range(34925, 34928), 34933, 34934, 48124, *range(50000, 50003), 50013, 52546),
        *(*range(65000, 65003), 65535),
    }
)  # fmt: skip
"""What pixels are compressed with, by any program (the tables of libtiff and tifffile)."""
AS_FILES = {34925: "xz data", 34926: "zstd data", 50000: "zstd data"}
"""Those by which each strip is what programs write as a file of its own."""


def fault(samples: Sequence[int], bits: Sequence[int], packing: Sequence[int]) -> str | None:
    """Why nobody draws such pixels; None if somebody may.

    Each is what an entry of the directory says, or what counts without one: samples of a pixel, bits of each sample,
    the kind of compression. One that holds no numbers is empty.
    """
    if not samples or not samples[0]:
        return "the TIFF's pixels have no samples"
    bits = bits[: samples[0]]
    if not bits or len(set(bits)) > 1 or not 0 < bits[0] <= MOST_BITS or 1 < len(bits) < samples[0]:
        return "the TIFF's samples have a number of bits that nobody draws"
    if not packing or packing[0] not in COMPRESSIONS:
        return "the TIFF's pixels are compressed in a way that nobody knows"
    return None
