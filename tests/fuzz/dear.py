"""The dearest files: `python -m tests.fuzz.dear` searches for whatever costs an examination most CPU for its size.

A recipe is a place in a file and a motif that fills it. Those of a type begin at random; the dearest are changed a
little and measured again, until its time is over. Seconds are those of a machine that hashes 1 GB/s with SHA-256, by
what this one hashes meanwhile: a busy machine is no finding.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from consumer.inspection.detection import Detector
from consumer.inspection.readers.marks import MARKS, Marks
from consumer.inspection.readers.seen import Work
from consumer.inspection.readers.table import FORMATS
from tests.bench.grown import MAKERS
from tests.fuzz.check import look
from tests.fuzz.inputs import WORDS
from tests.fuzz.places import PLACES, kind, whole
from tests.fuzz.sized import MOTIFS
from tests.inspection.media_slow import SLOW as SLOW_MEDIA
from tests.inspection.slow import SLOW
from tests.inspection.slow_texts import SLOW_TEXTS

KEPT = Path(__file__).with_name("dear.jsonl")
SMALL, LARGE = 256 * 1024, 10 * 1024 * 1024 - 4096
BARS = {SMALL: 0.3, LARGE: 2.0}  # seconds
TWICE = 2.2  # times as much, at twice the size
OF_A_HASH = 30  # times as much, for each byte that the search for marks pays for
KNOWN = SLOW | SLOW_MEDIA | SLOW_TEXTS
LONGEST = 200
ELITE, SHOWN = 24, 3  # of each type


@dataclass(frozen=True, order=True, slots=True)
class Recipe:
    """A file of any size: one that is known to be dear, by its name, or a place that is filled with a motif."""

    place: str  # or the number of a whole file of a type, in which the motif stands at `at`
    motif: bytes = b""
    at: int = 0

    @property
    def kind(self) -> str:
        return kind(self.place) if self.motif or self.place in SLOW_TEXTS else ""

    @property
    def claimed(self) -> str | None:
        """The type that a file of that extension is said to be."""
        return next((row.name for row in FORMATS if self.kind in row.extensions), None)

    def make(self, size: int) -> bytes:
        if not self.motif:
            return KNOWN[self.place](size)
        filling = self.motif * (size // len(self.motif))
        if self.place in PLACES:
            return PLACES[self.place](filling)[:size]
        data = whole(self.kind)[int(self.place.rpartition(" ")[2])]
        return (data[: self.at] + filling + data[self.at :])[: size + len(data)]

    def to_json(self) -> str:
        return json.dumps({"place": self.place, "motif": self.motif.hex()} | ({"at": self.at} if self.at else {}))

    @classmethod
    def from_json(cls, line: str) -> Recipe:
        read = json.loads(line)
        return cls(read["place"], bytes.fromhex(read["motif"]), read.get("at", 0))


def kept() -> list[Recipe]:
    return [Recipe.from_json(line) for line in KEPT.read_text().splitlines()]


@dataclass(slots=True)
class Search:
    """Ends after `seconds` of the clock, of which each type has the same share."""

    seconds: float
    chance: random.Random
    kinds: Sequence[str]
    detector: Detector = field(default_factory=Detector)
    costs: dict[str, dict[Recipe, float]] = field(default_factory=lambda: defaultdict(dict))
    """Seconds at the small size, by the type."""

    def run(self) -> int:
        """How many recipes were tried."""
        for recipe in (*map(Recipe, KNOWN), *kept()):
            if recipe.kind in ("", *self.kinds):
                self._try(recipe)
        each = self.seconds / len(self.kinds)
        for kind_ in self.kinds:
            ends = time.monotonic() + each
            for recipe in self._recipes(kind_):
                self._try(recipe)
                if time.monotonic() > ends:
                    break
        return sum(map(len, self.costs.values()))

    def _try(self, recipe: Recipe) -> None:
        known = self.costs[recipe.kind]
        if recipe not in known:
            known[recipe] = self.cost(recipe, SMALL)

    def dearest(self, kind_: str, count: int) -> list[Recipe]:
        costs = self.costs[kind_]
        return heapq.nlargest(count, costs, key=costs.__getitem__)

    def cost(self, recipe: Recipe, size: int) -> float:
        """Of three tries the least, if the first is dear at all."""
        data = recipe.make(size)

        def once() -> float:
            return scaled(lambda: look(data, self.detector, recipe.claimed))

        least = once()
        if least > BARS[SMALL] / 4:
            least = min(least, once(), once())
        return least

    def _recipes(self, kind_: str) -> Iterator[Recipe]:
        places = [place for place in PLACES if kind(place) == kind_]
        for place in places:
            yield from (Recipe(place, self._motif(kind_)) for _ in range(4))
        while True:
            best = [recipe for recipe in self.dearest(kind_, ELITE) if recipe.motif]
            if best and self.chance.random() < 0.6:
                yield self._changed(self.chance.choice(best), places)
            elif places and self.chance.random() < 0.5:
                yield Recipe(self.chance.choice(places), self._motif(kind_))
            else:
                number = self.chance.randrange(len(whole(kind_)))
                at = self.chance.randrange(len(whole(kind_)[number]))
                yield Recipe(f"{kind_}, file {number}", self._motif(kind_), at)

    def _motif(self, kind_: str) -> bytes:
        """Words that stand in files of many types, or a slice of one of this type."""
        if self.chance.random() < 0.5:
            return b"".join(self.chance.choice(MOTIFS) for _ in range(self.chance.choice((1, 1, 2, 3, 5))))
        return self._slice(kind_)

    def _slice(self, kind_: str) -> bytes:
        """From the beginning of a line, every other time."""
        data = self.chance.choice(whole(kind_))
        at = self.chance.randrange(len(data))
        if self.chance.random() < 0.5:
            at = data.rfind(b"\n", 0, at) + 1
        return data[at : at + self.chance.choice((1, 2, 4, 8, 16, 32, 64, LONGEST))]

    def _changed(self, recipe: Recipe, places: Sequence[str]) -> Recipe:
        chance, place, motif = self.chance, recipe.place, recipe.motif
        at, end = sorted(chance.randrange(len(motif) + 1) for _ in range(2))
        ways: list[Callable[[], bytes]] = [
            lambda: motif[:at] + chance.choice(MOTIFS) + motif[at:],
            lambda: motif[:at] + self._slice(recipe.kind) + motif[at:],
            lambda: motif[:at] + motif[end:],
            lambda: motif[:at] + chance.choice((*WORDS, *MOTIFS)) + motif[end:],
            lambda: motif[:end] + motif[at:end] * chance.choice((1, 3, 9)) + motif[end:],
            lambda: motif[:at] + chance.randbytes(1) + motif[at + 1 :],
            lambda: motif,
        ]
        changed = chance.choice(ways)()[:LONGEST] or b"x"
        if changed == motif and places:
            return Recipe(chance.choice(places), changed)
        return Recipe(place, changed, recipe.at)


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


def report(search: Search, shown: int) -> bool:
    """Prints the dearest recipes of each type at both sizes; whether all of them keep to the bars."""
    kept_to = True
    print("seconds at 256 KB   twice the size   10 MB   place and motif")
    for kind_ in search.costs:
        for recipe in search.dearest(kind_, shown):
            small, large = search.costs[kind_][recipe], search.cost(recipe, LARGE)
            twice = search.cost(recipe, 2 * SMALL) / small
            fine = small <= BARS[SMALL] and large <= BARS[LARGE] and (twice <= TWICE or 2 * small < BARS[SMALL])
            kept_to &= fine
            told = f"{recipe.motif[:60]!r}" if fine else f"OVER: {recipe.to_json()}"  # whole: it can be made again
            print(f"{small:17.3f} {twice:16.2f} {large:7.2f}   {recipe.place}: {told}")
    return kept_to


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.dear", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="of which each type has the same share")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--types", nargs="*", choices=MAKERS, default=[*MAKERS], help="by extension; all if none is said"
    )
    parser.add_argument("--keep", action="store_true", help="keep the dearest recipes for the replay")
    chosen = parser.parse_args(arguments)
    chance = random.Random(chosen.seed)
    times, motif = marks_to_hash(chance, tries=round(60 * chosen.minutes))
    print(f"a byte that the search for marks pays for costs at most {times:.1f} times its hash, for {motif!r}")
    search = Search(60 * chosen.minutes, chance, chosen.types)
    print(f"{search.run()} recipes")
    kept_to = report(search, SHOWN) and times <= OF_A_HASH
    if chosen.keep:
        dearest = {recipe for kind_ in search.costs for recipe in search.dearest(kind_, SHOWN)}
        KEPT.write_text("".join(sorted(f"{recipe.to_json()}\n" for recipe in {*kept(), *dearest})))
    return 0 if kept_to else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
