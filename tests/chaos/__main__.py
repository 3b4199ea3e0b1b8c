"""`python -m tests.chaos`: trouble for as long as you like. The report goes to stdout, exit 1 if an answer is off."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import anyio

from tests.chaos.run import run

EVENTS_A_SECOND = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--events", type=int, help=f"default: {EVENTS_A_SECOND} a second")
    arguments = parser.parse_args()
    seconds = arguments.minutes * 60
    events = arguments.events or int(seconds * EVENTS_A_SECOND)
    logs = Path(tempfile.mkdtemp(prefix="chaos-"))
    print(f"seed {arguments.seed}, {events} events in {seconds:g} s; the workers log to {logs}", file=sys.stderr)
    report = anyio.run(run, arguments.seed, seconds, events, logs)
    print(json.dumps(report.as_json(), indent=2))
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main())
