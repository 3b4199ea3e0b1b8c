"""Whether workers are held in as was asked for. Shown by trying, on workers that have seen no file and never will."""

from __future__ import annotations

import os
import platform
import re
import signal
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import anyio

from consumer.download.body import Body
from consumer.inspection.workers import attacks
from consumer.inspection.workers.attacks import Target
from consumer.inspection.workers.channel import Died
from consumer.inspection.workers.codes import Unheard
from consumer.inspection.workers.confinement import Confinement
from consumer.inspection.workers.process import Template, WorkerProcess
from consumer.inspection.workers.worker import Plan

AttackEnd = Literal["succeeded", "refused", "killed"]

BY_LANDLOCK = ("open a file",)  # what it keeps out without the filter's help, and works on any machine without it
LONGEST_ATTACK_S = 10.0


async def shortfall(template: Template, plan: Plan, confinement: Confinement) -> str | None:
    """What is missing to what was asked for, and what is in the way; None if workers are held in."""
    if confinement is Confinement.NONE:
        return None
    worker = template.fork(plan)
    await worker.ready()
    try:
        why = _not_in_force(worker, confinement) or _not_told_by_the_kernel(worker.pid)
    finally:
        await worker.end()
    if why is None:
        target = Target(os.getpid())
        why = await _possible(template, plan, attacks.AT_START, target)
    if why is None and confinement is Confinement.FULL:
        why = await _possible(template, replace(plan, leave_out=frozenset({"filter"})), BY_LANDLOCK, target)
    return f"{why}; {_where_to_look()} ({surroundings()})" if why else None


async def attacked(template: Template, plan: Plan, attack: str, target: Target) -> AttackEnd:
    """What became of an attack from inside a throw-away worker."""
    worker = template.fork(replace(plan, attack=True, wide=False))
    await worker.ready()
    killed = True
    try:
        with Body.of(attacks.command(attack, target)) as body, anyio.move_on_after(LONGEST_ATTACK_S):
            worker.give(body.fileno(), body.size)
            answer = await worker.answer()
            return "succeeded" if answer.detected_type == attacks.SUCCEEDED else "refused"
    except (Died, Unheard):
        killed = False
    finally:
        ending = await worker.end(kill=killed)
    return "killed" if ending.signal == signal.SIGSYS else "refused"


def surroundings() -> str:
    """Kernel, C library and filters of others, in one line."""
    library = " ".join(platform.libc_ver()) or "a C library that does not tell its name"
    kernel = f"{platform.system()} {platform.release()} on {platform.machine()}"
    return f"{kernel}, {library}, {_filters_of_others()} filter(s) of a container"


def _filters_of_others() -> int:
    return int(_status("self").get("Seccomp_filters", "0"))


def _where_to_look() -> str:
    if _filters_of_others():
        return "look at the seccomp profile of the container's runtime"
    return "no profile of a container is in force, so look at the kernel"


async def _possible(template: Template, plan: Plan, names: Iterable[str], target: Target) -> str | None:
    expected = "refused" if "filter" in plan.leave_out else "killed"
    for name in names:
        outcome = await attacked(template, plan, name, target)
        if outcome != expected:
            return f"a worker that tried it ({name}) was not {expected}: {outcome}"
    return None


def _not_in_force(worker: WorkerProcess, confinement: Confinement) -> str | None:
    for step in sorted(confinement.demands - worker.in_force):
        return f"the worker's {step} is not in force: {worker.missing.get(step, 'it was not tried')}"
    return None


def _not_told_by_the_kernel(pid: int) -> str | None:
    theirs, ours = _status(str(pid)), _status("self")
    if theirs.get("NoNewPrivs", "1") != "1":
        return "the kernel says that a worker may gain privileges"
    if theirs.get("Seccomp") != "2":
        return "the kernel says that no filter holds a worker"
    if "Seccomp_filters" in theirs and int(theirs["Seccomp_filters"]) <= int(ours.get("Seccomp_filters", "0")):
        return "the kernel counts no filter of a worker's own"
    return None


def _status(pid: str) -> dict[str, str]:
    if sys.platform != "linux":
        return {}
    return dict(re.findall(r"^(\w+):\s*(.*)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE))
