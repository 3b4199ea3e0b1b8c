"""The service, and where its main thread is: `python -m tests.bench.sampled run`, from one SIGUSR1 to the next.

The kernel interrupts it each time that it has used some more CPU time, and what it is doing then is counted. How busy
the machine is changes nothing about the shares. Python looks at signals when it enters a function, so that what
consists of many small ones, as metrics do, comes out a little too high.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path
from types import FrameType

from consumer.__main__ import main

EVERY_S = 0.002
TELLS = {
    "prometheus_client": "metrics",
    "consumer.telemetry.spans": "spans",
    "opentelemetry": "spans",
    "consumer.telemetry.answers": "log",
    "logging": "log",
    "structlog": "log",
    "consumer.telemetry": "metrics",
    "consumer.service.capacity": "gauges",
    "consumer.service.conditions": "gauges",
    "consumer.service.health": "gauges",
    "consumer.kafka.lag": "gauges",
}
"""The first of these that a stack has a frame of, from the innermost on, is what it is counted for."""

counted: Counter[str] = Counter()


def sample(_: int, frame: FrameType | None) -> None:
    counted["all"] += 1
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        for prefix, what in TELLS.items():
            if name == prefix or name.startswith(f"{prefix}."):
                counted[what] += 1
                return
        frame = frame.f_back


def toggle(*_: object) -> None:
    """In place of the service's own sampling (`telemetry.loop_cpu`), which has the same timer."""
    if counted:
        signal.setitimer(signal.ITIMER_PROF, 0)
        Path(os.environ["SAMPLES_INTO"]).write_text(json.dumps(counted))
    else:
        signal.signal(signal.SIGPROF, sample)
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, toggle)
    main()
