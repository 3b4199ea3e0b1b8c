"""`python -m tests.bench [NAME …] [--json]`: figures of this machine; without a name, all of them.

Emulator, reader and often the service share one process, and the broker its cores: compare two runs on one machine,
and take no figure for what a deployment does.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio

from tests.bench import (
    backlog,
    beside,
    bombs,
    doctor,
    examined,
    fair,
    fetched,
    replaced,
    restored,
    stuck,
    takeover,
    telemetry,
    throughput,
    unknown,
    waiting,
)
from tests.bench.figures import Figures, table

BENCHES: dict[str, tuple[str, Callable[..., Awaitable[Figures]]]] = {
    "throughput": ("answers a second, where the time goes, share of it in transactions", throughput.run),
    "transactions": ("share of the wall time that is spent in transactions", throughput.transactions),
    "beside": ("CPU and throughput beside a floor that makes the same requests, by size of file", beside.run),
    "backlog": ("the same while a million events wait, against some thousands", backlog.run),
    "fetched": ("bytes fetched for each byte consumed, under backpressure", fetched.run),
    "restore": ("reading the ledger, against a bare read of the same topic", restored.run),
    "takeover": ("from the kill of one of three workers to the first results of its partitions", takeover.run),
    "stuck": ("throughput with one stuck attachment in each partition, against without", stuck.run),
    "doctor": ("what `check-config --online`, twenty times, does to a loaded service beside it", doctor.run),
    "telemetry": ("share of the main process's CPU that metrics, gauges, log and spans take", telemetry.run),
    "unknown": ("p95 of honest answers beside a thousand conversations that nobody knows, against alone", unknown.run),
    "waiting": ("p95 of everybody else's answers beside five thousand tasks that wait, against alone", waiting.run),
    "fair": ("another customer's photo while others' files cost all they may, against alone", fair.run),
    "replaced": ("CPU of replacing a worker, for each file, in the whole service's processes", replaced.run),
    "examined": ("CPU of an examination ÷ libmagic, SHA-256 and inflating once, by type and size", examined.run),
    "bombs": ("time and memory of each bomb, in a worker of its own", bombs.run),
}


def main() -> int:
    lines = "\n".join(f"  {name:<14}{what}" for name, (what, _) in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", epilog=lines, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="one or more of the list below; default: all")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, on stdout")
    parser.add_argument("--corpus", type=Path, help="a folder of files that `examined` measures beside its own")
    arguments = parser.parse_args()
    names = arguments.names or [name for name in BENCHES if name != "transactions"]  # throughput tells those too
    if others := set(names) - set(BENCHES):
        parser.error(f"no such benchmark: {', '.join(sorted(others))}")
    for name in names:
        what, bench = BENCHES[name]
        figures = anyio.run(partial(bench, arguments.corpus) if name == "examined" else bench)
        shown = json.dumps({"bench": name, **figures}) if arguments.json else table(f"{name}: {what}", figures)
        print(shown, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
