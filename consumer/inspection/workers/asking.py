"""One file, one worker: asked, watched by its CPU time and by the clock, and its end named."""

from __future__ import annotations

import signal
import time
from typing import Protocol

import anyio

from consumer.inspection.workers.channel import Died
from consumer.inspection.workers.codes import Examined, Unheard
from consumer.inspection.workers.process import Ending, WorkerProcess
from consumer.telemetry.labels import WorkerEnd

NOT_ITS_OWN: frozenset[WorkerEnd] = frozenset({"outside", "deadline"})
"""Ends that need not be the file's doing: somebody killed the worker, or the machine was too busy."""
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)  # it can send none itself
SHORTEST_LOOK_S = 0.01

SENTENCES: dict[WorkerEnd, str] = {
    "budget": "examining it takes more time than any real file of its size does",
    "filter": "examining it made the worker process ask the kernel for what no examination needs",
    "crash": "examining it ended the worker process",
    "babble": "examining it made the worker process answer what none does",
    "outside": "the worker process was ended each time that it examined this file",
    "deadline": "examining it did not end in time",
}


class FileBody(Protocol):
    """A finished file that nobody can write to any more."""

    size: int
    sha256: str

    def fileno(self) -> int: ...


async def ask(
    worker: WorkerProcess, body: FileBody, claimed: str | None, cpu_s: float, deadline_s: float
) -> tuple[Examined | WorkerEnd, float]:
    """What the worker says of a file, and the CPU time that it took; else how it ended: then it is gone, and also when
    this is cancelled."""
    began = worker.cpu_s()
    outcome: Examined | WorkerEnd
    try:
        await worker.allow_cpu(began + cpu_s)
        worker.give(body.fileno(), body.size, claimed)
        outcome = await _answered(worker, began, cpu_s, deadline_s)
    except Died:
        ending = await worker.end(kill=False)
        outcome = _named(ending, worker)
    except Unheard:
        ending, outcome = await worker.end(), "babble"
    except BaseException:
        await worker.end()
        raise
    else:
        if isinstance(outcome, Examined):
            return outcome, worker.cpu_s() - began
        ending = await worker.end()
    return outcome, max(ending.cpu_s - began, 0.0)


async def _answered(worker: WorkerProcess, began: float, cpu_s: float, deadline_s: float) -> Examined | WorkerEnd:
    """One thread's CPU time is never ahead of the clock, so that what is left of the budget needs no look before."""
    late = time.monotonic() + deadline_s
    wait = cpu_s
    while True:
        with anyio.move_on_after(min(wait, late - time.monotonic())):
            return await worker.answer()
        if worker.has_answered():  # while this process was the one that stood still
            return await worker.answer()
        left = cpu_s - (worker.cpu_s() - began)
        if left <= 0:
            return "budget"
        if time.monotonic() >= late:
            return "babble" if worker.waits() else "deadline"
        wait = max(left, SHORTEST_LOOK_S)


def _named(ending: Ending, worker: WorkerProcess) -> WorkerEnd:
    if ending.signal == signal.SIGXCPU or ending.cpu_s >= worker.plan.life_cpu_s:
        return "budget"
    if ending.signal == signal.SIGSYS:
        return "filter"
    if ending.killed:
        return "babble"  # it lived on without its channel
    return "outside" if ending.signal in FROM_OUTSIDE else "crash"
