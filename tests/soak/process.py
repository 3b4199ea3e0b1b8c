"""What a running service holds: its memory, descriptors, threads and processes by `/proc`, the rest by `/metrics`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

MIB = 1024 * 1024
ASKED_S = 5.0
SUMMED = ("ledger_entries", "event_loop_tasks", "tasks_in_flight", "tasks_resting")
ENTRY_BYTES = 120  # of the ledger: it remembers answers for 35 days, and grows for as long


@dataclass(frozen=True, slots=True)
class Sample:
    """`memory` in MiB without what the ledger's entries take; `workers_memory` that of all other processes."""

    at: float  # monotonic
    memory: float
    workers_memory: float
    descriptors: float
    threads: float
    workers: float
    tasks: float
    unsettled: float  # tasks in flight, and those that rest
    entries: float


def sample(pid: int, port: int) -> Sample:
    """Raises `OSError` when it is gone, or does not answer."""
    shown = _metrics(port)
    children = list(_children(pid))
    entries = shown["ledger_entries"]
    return Sample(
        time.monotonic(),
        memory=_resident(pid) - entries * ENTRY_BYTES / MIB,
        workers_memory=sum(_resident(child) for child in children),
        descriptors=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        threads=int(_status(pid)["Threads"]),
        workers=len(children),
        tasks=shown["event_loop_tasks"],
        unsettled=shown["tasks_in_flight"] + shown["tasks_resting"],
        entries=entries,
    )


def children_named(pid: int, word: str) -> list[int]:
    """Processes below `pid` whose command line has `word`."""
    return [child for child in _children(pid) if word in _command(child)]


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            try:
                yield from _children(int(child))
            except OSError:
                continue  # it ended meanwhile


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _resident(pid: int) -> float:
    """MiB; nothing for one that ended meanwhile."""
    try:
        return int(_status(pid).get("VmRSS", "0 kB").split()[0]) / 1024
    except OSError:
        return 0.0


def _metrics(port: int) -> dict[str, float]:
    """The sums over labels."""
    total: dict[str, float] = dict.fromkeys(SUMMED, 0.0)
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=ASKED_S) as answer:
        for line in answer.read().decode().splitlines():
            name = line.partition("{")[0].partition(" ")[0].removeprefix("attachment_consumer_")
            if name in total:
                total[name] += float(line.rpartition(" ")[2])
    return total
