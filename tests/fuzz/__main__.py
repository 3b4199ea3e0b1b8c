"""`python -m tests.fuzz --count N [--from N] [--keep]`: ends at the first input that breaks a promise, and keeps it."""

from __future__ import annotations

import argparse
import faulthandler
import sys
import time
from pathlib import Path

from consumer.inspection.detection import Detector
from tests.fuzz.check import Broken, behaviour, check
from tests.fuzz.inputs import fuzzed
from tests.fuzz.sized import sized

KEPT = Path(__file__).with_name("kept")
LARGEST_KEPT = 4096
SIZED = 200  # one in so many is a large one
DEADLINE_S = 2.0  # of CPU time, on a machine that does little else


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="keep a small input of each behaviour for the replay")
    chosen = parser.parse_args(arguments)
    faulthandler.enable()
    KEPT.mkdir(exist_ok=True)
    detector, slowest, started = Detector(), 0.0, time.monotonic()
    met: set[tuple[object, ...]] = set()
    for number in range(chosen.first, chosen.first + chosen.count):
        data = sized(number // SIZED) if number % SIZED == 0 else fuzzed(number)
        before = time.process_time()
        try:
            seen = check(data, detector)
            took = time.process_time() - before
            if took > DEADLINE_S:
                raise Broken(f"took {took:.1f} s of CPU")
        except BaseException:  # also Ctrl-C, when it hangs: the input is the one to look at
            (KEPT / f"broken-{number}").write_bytes(data)
            print(f"input {number} breaks a promise; kept as broken-{number}", file=sys.stderr)
            raise
        slowest = max(slowest, took)
        if chosen.keep and behaviour(seen) not in met and len(data) <= LARGEST_KEPT:
            (KEPT / f"{number:07}").write_bytes(data)
        met.add(behaviour(seen))
    lasted = time.monotonic() - started
    print(f"{chosen.count} inputs, {len(met)} behaviours, {lasted:.0f} s, the slowest {slowest:.2f} s of CPU")
    print("every promise held")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
