"""The dearest files: `python -m tests.fuzz dear` searches for whatever costs an examination most CPU for its size.

A recipe is a place in a file and a motif that fills it. Recipes begin at random; the dearest are changed a little and
measured again, until the time is over. Seconds are those of a machine that hashes 1 GB/s with SHA-256, by what this one
hashes meanwhile: a busy machine is no finding.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from consumer.inspection.detection import Detector
from consumer.inspection.readers.marks import MARKS, Marks
from consumer.inspection.readers.seen import Work
from tests.fuzz.check import look
from tests.fuzz.inputs import WORDS
from tests.fuzz.sized import MOTIFS, PLACES
from tests.inspection.media_slow import SLOW as SLOW_MEDIA
from tests.inspection.slow import SLOW

KEPT = Path(__file__).with_name("dear.jsonl")
SMALL, LARGE = 256 * 1024, 10 * 1024 * 1024 - 4096
BARS = {SMALL: 0.3, LARGE: 2.0}  # seconds
TWICE = 2.2  # times as much, at twice the size
OF_A_HASH = 30  # times as much, for each byte that the search for marks pays for
KNOWN = SLOW | SLOW_MEDIA
LONGEST = 200
ELITE = 24


@dataclass(frozen=True, order=True, slots=True)
class Recipe:
    """A file of any size: one that is known to be dear, by its name, or a place that is filled with a motif."""

    place: int | str
    motif: bytes = b""

    def make(self, size: int) -> bytes:
        if isinstance(self.place, str):
            return KNOWN[self.place](size)
        return PLACES[self.place](self.motif * (size // len(self.motif)))[:size]

    def to_json(self) -> str:
        return json.dumps({"place": self.place, "motif": self.motif.hex()})

    @classmethod
    def from_json(cls, line: str) -> Recipe:
        read = json.loads(line)
        return cls(read["place"], bytes.fromhex(read["motif"]))


def kept() -> list[Recipe]:
    return [Recipe.from_json(line) for line in KEPT.read_text().splitlines()]


@dataclass(slots=True)
class Search:
    """Ends after `seconds` of the clock."""

    seconds: float
    chance: random.Random
    detector: Detector = field(default_factory=Detector)
    costs: dict[Recipe, float] = field(default_factory=dict)  # seconds at the small size

    def run(self) -> list[tuple[float, Recipe]]:
        """Every recipe that was tried, the dearest first."""
        ends = time.monotonic() + self.seconds
        for recipe in self._recipes():
            if time.monotonic() > ends and len(self.costs) > len(KNOWN):
                break
            if recipe not in self.costs:
                self.costs[recipe] = self.cost(recipe, SMALL)
        return self.dearest()

    def dearest(self) -> list[tuple[float, Recipe]]:
        return sorted(((cost, recipe) for recipe, cost in self.costs.items()), key=lambda pair: -pair[0])

    def cost(self, recipe: Recipe, size: int) -> float:
        """Of three tries the least, if the first is dear at all."""
        data = recipe.make(size)
        least = scaled(lambda: look(data, self.detector))
        if least > BARS[SMALL] / 4:
            least = min(least, *(scaled(lambda: look(data, self.detector)) for _ in range(2)))
        return least

    def _recipes(self) -> Iterator[Recipe]:
        yield from (Recipe(name) for name in KNOWN)
        yield from kept()
        for place in range(len(PLACES)):
            yield from (Recipe(place, self._motif()) for _ in range(8))
        while True:
            best = [recipe for _, recipe in self.dearest()[:ELITE] if recipe.motif]
            if not best or self.chance.random() < 0.2:
                yield Recipe(self.chance.randrange(len(PLACES)), self._motif())
            else:
                yield self._changed(self.chance.choice(best))

    def _motif(self) -> bytes:
        return b"".join(self.chance.choice(MOTIFS) for _ in range(self.chance.choice((1, 1, 2, 3, 5))))

    def _changed(self, recipe: Recipe) -> Recipe:
        chance, place, motif = self.chance, recipe.place, recipe.motif
        at, end = sorted(chance.randrange(len(motif) + 1) for _ in range(2))
        ways: list[Callable[[], bytes]] = [
            lambda: motif[:at] + chance.choice(MOTIFS) + motif[at:],
            lambda: motif[:at] + motif[end:],
            lambda: motif[:at] + chance.choice((*WORDS, *MOTIFS)) + motif[end:],
            lambda: motif[:end] + motif[at:end] * chance.choice((1, 3, 9)) + motif[end:],
            lambda: motif[:at] + chance.randbytes(1) + motif[at + 1 :],
            lambda: motif,
        ]
        changed = chance.choice(ways)()[:LONGEST] or b"x"
        if changed == motif:
            place = chance.randrange(len(PLACES))
        return Recipe(place, changed)


def marks_to_hash(chance: random.Random, tries: int) -> tuple[float, bytes]:
    """How many times the time of a hash of all the bytes that it pays for the search for marks takes at most, and the
    motif for which it does. A mark that is found costs what it pays, in whatever state the search is."""
    worst = (0.0, b"")
    for _ in range(tries):
        motif = b"".join(_torn(chance) for _ in range(chance.choice((1, 2, 4))))
        data = motif * (SMALL * 4 // len(motif))
        work = Work(left=1 << 40)
        took = min(_cpu_s(lambda: Marks(data, work.spend)) for _ in range(3))  # noqa: B023
        paid = ((1 << 40) - work.left) / 3
        hashed = min(_cpu_s(lambda: hashlib.sha256(data)) for _ in range(3)) * paid / len(data)  # noqa: B023
        worst = max(worst, (took / hashed, motif))
    return worst


def _torn(chance: random.Random) -> bytes:
    """A mark, or as much of its beginning as makes a search hope."""
    mark = chance.choice(MARKS)
    return mark[: chance.randrange(1, len(mark) + 1)] + chance.choice((b"", b"", b"x", b" "))


def scaled(work: Callable[[], object]) -> float:
    """Seconds of CPU, for a machine that hashes 1 GB/s."""
    took = _cpu_s(work)
    return took / (_cpu_s(lambda: hashlib.sha256(_MEASURE)) * 1e9 / len(_MEASURE))


_MEASURE = bytes(4_000_000)


def _cpu_s(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def report(search: Search, shown: int = 10) -> bool:
    """Prints the dearest recipes at both sizes; whether all of them keep to the bars."""
    kept_to = True
    print("seconds at 256 KB   twice the size   10 MB   place and motif")
    for small, recipe in search.dearest()[:shown]:
        twice, large = search.cost(recipe, 2 * SMALL) / small, search.cost(recipe, LARGE)
        fine = small <= BARS[SMALL] and large <= BARS[LARGE] and (twice <= TWICE or 2 * small < BARS[SMALL])
        kept_to &= fine
        told = f"{recipe.motif[:60]!r}" if fine else f"OVER: {recipe.to_json()}"  # whole, so that it can be made again
        print(f"{small:17.3f} {twice:16.2f} {large:7.2f}   {recipe.place} {told}")
    return kept_to


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.dear", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the dearest recipes for the replay")
    chosen = parser.parse_args(arguments)
    chance = random.Random(chosen.seed)
    times, motif = marks_to_hash(chance, tries=round(60 * chosen.minutes))
    print(f"a byte that the search for marks pays for costs at most {times:.1f} times its hash, for {motif!r}")
    search = Search(60 * chosen.minutes, chance)
    print(f"{len(search.run())} recipes")
    kept_to = report(search) and times <= OF_A_HASH
    if chosen.keep:
        dearest = [recipe for _, recipe in search.dearest()[:ELITE]]
        KEPT.write_text("".join(f"{recipe.to_json()}\n" for recipe in sorted({*kept(), *dearest}, key=repr)))
    return 0 if kept_to else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
