"""CPU of an examination ÷ its floor: libmagic, SHA-256, and one pass of each decompressor over what must be decoded.

For each type with a reader and for about 1 KB, 100 KB and 1 MB: the median over files that are made here, with the
lowest and the highest, the times themselves, and whether the median is within its bar. Examination and floor are
measured in turns, so that a busy machine hurts both. Of 1 KB the bar is libmagic and a tenth of a millisecond.
"""

from __future__ import annotations

import binascii
import gc
import hashlib
import random
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import magic

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.policy.extensions import claimed_type
from consumer.inspection.policy.policy import Policy
from consumer.inspection.readers import table
from consumer.inspection.readers.text import PLAIN
from tests.bench.figures import Figures
from tests.bench.grown import MAKERS

SIZES = {"1 KB": 1_000, "100 KB": 100_000, "1 MB": 1_000_000}
NEARLY = 2  # times larger or smaller than that, a file still is of that size
FILES, ROUNDS, OFTEN = 3, 7, 40  # of one type and size, of each file, and of one of 1 KB
USUAL, BAR, BAR_OF_OTHERS = frozenset(("jpg", "png", "gif", "pdf", "docx", "xlsx", "txt", "doc")), 2.0, 3.0
OF_A_SMALL_ONE = 0.1  # milliseconds besides libmagic
PER_MB_DECODED = 100.0  # milliseconds at most, of any file
PIECE = 256 * 1024

LIMITS = replace(Policy.load().limits, types=(*sorted(table.READABLE), PLAIN))
Sample = tuple[str, str, bytes]
"""An extension, a size, and a file."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds."""

    examined: float
    magic: float
    rest: float  # of the floor
    decoded: int  # bytes: those of the file, if none are packed in it

    @property
    def ratio(self) -> float:
        return self.examined / (self.magic + self.rest)


async def run(corpus: Path | None = None) -> Figures:
    """`corpus`: a folder of further files, each of the type that its name says."""
    found: dict[tuple[str, str], list[Cost]] = defaultdict(list)
    gc.disable()
    try:
        for extension, size, data in (*_made(), *(_real(corpus) if corpus else ())):
            found[extension, size].append(cost(data, extension, OFTEN if size == "1 KB" else ROUNDS))
    finally:
        gc.enable()
    return {f"{extension}, {size}": _row(extension, size, costs) for (extension, size), costs in found.items()}


def _made() -> Iterator[Sample]:
    for extension, make in MAKERS.items():
        for size, bytes_ in SIZES.items():
            for number in range(FILES):
                data = make(bytes_, random.Random(number))
                if _size_of(data) == size:
                    yield extension, size, data


def _real(corpus: Path) -> Iterator[Sample]:
    for path in sorted(corpus.rglob("*")):
        kind = claimed_type(path.name, None)
        if path.is_file() and kind and (kind in table.READABLE or kind == PLAIN):
            data = path.read_bytes()
            if size := _size_of(data):
                yield table.BY_NAME[kind].extensions[0], size, data


def _size_of(data: bytes) -> str:
    """Some real documents are never as small as a kilobyte."""
    near = (name for name, size in SIZES.items() if size / NEARLY <= len(data) <= size * NEARLY)
    return next(near, "")


def cost(data: bytes, extension: str, rounds: int) -> Cost:
    detector, alone = Detector(), magic.Magic(mime=True)
    claimed = claimed_type(f"a.{extension}", None) or ""
    with _listening() as packed:
        examine(data, detector, LIMITS, claimed)
    examined, told, rest = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        examined.append(_cpu_ms(lambda: examine(data, detector, LIMITS, claimed)))
        told.append(_cpu_ms(lambda: alone.from_buffer(data)))
        rest.append(_cpu_ms(lambda: (hashlib.sha256(data), _decoded(packed))))
    return Cost(_of(examined), _of(told), _of(rest), max(len(data), _decoded(packed)))


@dataclass(frozen=True, slots=True)
class Packed:
    """What was decoded: by zlib with a window of so many bits, or from base64 where that is None."""

    content: bytes
    bits: int | None


@contextmanager
def _listening() -> Iterator[set[Packed]]:
    """Everything that an examination has decoded meanwhile, however often."""
    decompressobj, a2b_base64, packed = zlib.decompressobj, binascii.a2b_base64, set[Packed]()
    fed: list[tuple[bytearray, int]] = []

    class Heard:
        def __init__(self, bits: int = zlib.MAX_WBITS) -> None:
            self._engine, self._fed = decompressobj(bits), bytearray()
            fed.append((self._fed, bits))

        def __getattr__(self, name: str) -> object:
            return getattr(self._engine, name)

        def decompress(self, data: bytes, most: int = 0) -> bytes:
            out = self._engine.decompress(data, most)
            self._fed += bytes(data)[: len(data) - len(self._engine.unconsumed_tail)]
            return out

    def heard(data: bytes, **more: bool) -> bytes:
        packed.add(Packed(bytes(data), None))
        return a2b_base64(data, **more)

    zlib.decompressobj, binascii.a2b_base64 = Heard, heard  # type: ignore[assignment] # only while it listens
    try:
        yield packed
    finally:
        zlib.decompressobj, binascii.a2b_base64 = decompressobj, a2b_base64
        packed |= {Packed(bytes(content), bits) for content, bits in fed}


def _decoded(packed: set[Packed]) -> int:
    """Decodes each once; how many bytes come out of it."""
    return sum(
        len(binascii.a2b_base64(one.content)) if one.bits is None else _inflated(one.content, one.bits)
        for one in packed
    )


def _inflated(content: bytes, bits: int) -> int:
    engine, counted = zlib.decompressobj(bits), 0
    try:
        while content and not engine.eof:
            counted += len(engine.decompress(content, PIECE))
            content = engine.unconsumed_tail
    except zlib.error:
        return counted
    return counted


def _cpu_ms(work: Callable[[], object]) -> float:
    before = time.process_time_ns()
    work()
    return (time.process_time_ns() - before) / 1e6


def _of(times: list[float]) -> float:
    """The median of the faster half: whoever else runs here makes some slower."""
    return median(sorted(times)[: (len(times) + 1) // 2])


def _row(extension: str, size: str, costs: list[Cost]) -> dict[str, float | int | str]:
    ratios = [found.ratio for found in costs]
    over = median(found.examined - found.magic for found in costs)
    dearest = max(found.examined / found.decoded * 1e6 for found in costs) if size != "1 KB" else 0.0
    bar = BAR if extension in USUAL else BAR_OF_OTHERS
    within = over <= OF_A_SMALL_ONE if size == "1 KB" else median(ratios) <= bar and dearest <= PER_MB_DECODED
    return {
        "files": len(costs),
        "÷ floor": round(median(ratios), 2),
        "lowest": round(min(ratios), 2),
        "highest": round(max(ratios), 2),
        "ms": round(median(found.examined for found in costs), 3),
        "libmagic ms": round(median(found.magic for found in costs), 3),
        "floor ms": round(median(found.magic + found.rest for found in costs), 3),
        "bar": f"+ {OF_A_SMALL_ONE} ms" if size == "1 KB" else bar,
        "within": "yes" if within else "NO",
    }
