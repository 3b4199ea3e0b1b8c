"""What replacing a worker costs, of CPU of the main process, the template and the workers: by how often it is done.

Small files of the allowed types take turns, so that each worker touches what it needs for any of them.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from statistics import median

import anyio

from consumer.inspection.workers.bounds import Bounds
from consumer.inspection.workers.pool import Workers
from tests.bench.figures import Figures
from tests.inspection.files import BENIGN, MemoryBody, attachment
from tests.inspection.tally import Tally

OFTEN, SELDOM, FILES, ROUNDS, AT_ONCE = 16, 512, 1_536, 3, 2
TICKS_S = os.sysconf("SC_CLK_TCK")


async def run() -> Figures:
    files = [data for data in BENIGN.values() if len(data) < 16 * 1024]
    costs: dict[int, list[float]] = {OFTEN: [], SELDOM: []}
    for _ in range(ROUNDS):
        for files_per_worker, found in costs.items():
            found.append(await _cpu_s(files, files_per_worker))
    often, seldom = median(costs[OFTEN]), median(costs[SELDOM])
    once = (often - seldom) / (1 / OFTEN - 1 / SELDOM)
    default = Bounds().files_per_worker
    return {
        f"a file, {OFTEN} for a worker, ms": round(often * 1_000, 2),
        f"a file, {SELDOM} for a worker, ms": round(seldom * 1_000, 2),
        "a replacement, ms": round(once * 1_000, 1),
        f"replacing, ms a file, {default} for a worker (at most 0.2)": round(once / default * 1_000, 2),
    }


async def _cpu_s(files: list[bytes], files_per_worker: int) -> float:
    """For one file, of all processes."""
    async with Workers(AT_ONCE, bounds=Bounds(files_per_worker=files_per_worker), reports=Tally()) as workers:
        template = (await workers._supply.template()).pid

        async def examine(some: Iterable[bytes]) -> None:
            for data in some:
                with MemoryBody(data) as body:
                    await workers.examine(body, attachment("file"))

        await examine(files)
        before = _spent_s(template)
        async with anyio.create_task_group() as group:
            for number in range(AT_ONCE):
                rounds = FILES // len(files) // AT_ONCE
                group.start_soon(examine, chain(*[files[number:] + files[:number]] * rounds))
        return (_spent_s(template) - before) / (rounds * AT_ONCE * len(files))


def _spent_s(template: int) -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime + sum(map(_ticks, _family(template))) / TICKS_S


def _family(template: int) -> Iterator[int]:
    yield template
    yield from map(int, Path(f"/proc/{template}/task/{template}/children").read_text().split())


def _ticks(process: int) -> int:
    """Its own and those of its children that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))
