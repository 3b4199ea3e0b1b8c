"""What each bomb costs: `python -m tests.inspection.measured`. A new worker for each, its time and its memory.

The times are for people to read and depend on the machine; tests hold the memory and the verdicts.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio

from consumer.inspection.policy.policy import Policy
from consumer.inspection.readers.seen import Seen, Work
from consumer.inspection.workers.codes import Examined
from consumer.inspection.workers.process import Template
from consumer.inspection.workers.starting import default_command
from consumer.inspection.workers.worker import Plan
from consumer.model import Facts, Reason
from tests.inspection.bombs import BOMBS, HEAVY
from tests.inspection.files import MemoryBody, attachment
from tests.inspection.slow import LARGEST, SLOW

MIB = 1024 * 1024
PLAN = Plan(1024 * MIB, first_cpu_s=20)


@dataclass(frozen=True, slots=True)
class Cost:
    size: int  # bytes of the file
    seconds: float  # by the clock, as the service would wait
    extra: int  # bytes of memory at its highest, above the idle worker
    reason: Reason | None


def status(pid: int, field: str) -> int:
    """Bytes of `VmHWM` (most memory so far), `VmRSS` or `VmSize` of a process. Linux only."""
    match = re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    assert match is not None, "the kernel tells it of every process"
    return int(match[1]) * 1024


async def cost(data: bytes, template: Template, plan: Plan = PLAN) -> Cost:
    """By a worker that sees nothing else, and has to survive it."""
    worker = template.fork(plan)
    await worker.ready()
    idle = status(worker.pid, "VmRSS")
    with MemoryBody(data) as body:
        began = time.perf_counter()
        worker.give(body.fileno(), body.size)
        answer = await worker.answer()
        seconds = time.perf_counter() - began
    assert answer.failure is None
    extra = status(worker.pid, "VmHWM") - idle
    await worker.end(kill=False)
    return Cost(len(data), seconds, extra, _reason(answer, len(data)))


@asynccontextmanager
async def started() -> AsyncIterator[Template]:
    template = await Template.start(default_command())
    try:
        yield template
    finally:
        await template.close()


def is_over(seen: Seen) -> bool:
    """Whether it was ended since it cost all that it may."""
    return any("costs more" in finding.detail for finding in seen.findings)


def spent(data: bytes, seen: Seen) -> int:
    """Of what its examination may cost."""
    return Work.of(len(data)).left - seen.work.left


def _reason(answer: Examined, size: int) -> Reason | None:
    facts = Facts(size=size, detected_type=answer.detected_type, findings=answer.findings, flags=answer.flags)
    return Policy.load().decide(attachment(None), facts)


async def table(bombs: dict[str, Callable[[], bytes]]) -> None:
    print(f"{'bomb':<34}{'bytes':>12}{'seconds':>9}{'extra MiB':>11}  verdict")
    async with started() as template:
        for name, make in bombs.items():
            found = await cost(make(), template)
            told = f"{found.size:>12,}{found.seconds:>9.3f}{found.extra / MIB:>11.1f}  {found.reason or 'accepted'}"
            print(f"{name:<34}{told}")


if __name__ == "__main__":
    sys.exit(anyio.run(table, BOMBS | HEAVY | {name: partial(make, LARGEST) for name, make in SLOW.items()}))
