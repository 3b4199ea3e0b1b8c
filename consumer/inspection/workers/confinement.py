"""What a worker process gives up before it takes a file: files, network, other processes, memory without end.

`confine` tells which steps are in force and why others are not; whether that is enough is the service's decision.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from functools import cache
from pathlib import Path

from consumer.inspection.workers import landlock, seccomp
from consumer.inspection.workers.seccomp import PR_SET_NO_NEW_PRIVS

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
NOBODY = 65_534
CHANNEL_AND_ONE_FILE = 2
OLDEST_GLIBC = (2, 36)


class Confinement(StrEnum):
    """How much has to hold before a worker is given a file."""

    FULL = "full"  # the filter and Landlock
    SECCOMP = "seccomp"  # the filter; Landlock where the kernel has it
    NONE = "none"  # what the platform offers, without a promise

    @property
    def demands(self) -> frozenset[str]:
        demanded = {"full": {"filter", "landlock"}, "seccomp": {"filter"}, "none": set[str]()}[self.value]
        return frozenset(demanded | {"limits"} if demanded else demanded)


EVERY_STEP = ("limits", "privileges", "landlock", "filter")


def confine(
    address_space_bytes: int, cpu_s: tuple[int, int], leave_out: frozenset[str]
) -> tuple[list[str], dict[str, str]]:
    """Closes the process in, for good: all that it will ever open or import has to be there by now.

    `cpu_s`: CPU time in seconds that it begins with, and that it can ever be allowed.
    What is in force, and of each other step why it is not. `leave_out` is for showing what a step is good for.
    """
    steps: dict[str, Callable[[], None]] = {
        "limits": lambda: _limit_all(address_space_bytes, cpu_s),
        "privileges": _give_up_privileges,
        "landlock": landlock.restrict,
        "filter": _install_filter,
    }
    in_force, missing = [], {}
    for name in EVERY_STEP:
        if name in leave_out:
            continue
        try:
            steps[name]()
        except (OSError, ValueError, AttributeError) as problem:
            missing[name] = str(problem)
        else:
            in_force.append(name)
    return in_force, missing


def prepare() -> None:
    """Finds out what this platform has, once, while there are files to look at: each fork knows it then."""
    not_offered()
    with suppress(OSError):
        landlock.rights()
    with suppress(OSError):
        seccomp.program()


@cache
def not_offered() -> str | None:
    """Why this platform can't have the filter at all, whatever a kernel or container allows; None if it can."""
    if sys.platform != "linux":
        return f"{platform.system()} has no seccomp"
    if platform.machine() not in seccomp.MACHINES:
        return f"there is no table of system calls for {platform.machine()}"
    name, version = platform.libc_ver()
    if name != "glibc":
        return (
            f"the C library is {name or 'musl, or another that does not tell its name'}; the filter knows glibc's calls"
        )
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_GLIBC:
        return f"glibc {version} is older than 2.36, whose calls the filter knows"
    return None


def hide_from_peers() -> None:
    """Makes this process not dumpable: no other one of the same user reads its memory or environment in /proc.

    For the service itself, before it starts workers. Does nothing where there is no such call.
    """
    if sys.platform == "linux":
        _prctl(PR_SET_DUMPABLE, 0)


def offer_to_the_out_of_memory_killer() -> None:
    """This process and those that it forks go first: a file that fills the memory takes its worker, not the service."""
    with suppress(OSError):  # not Linux, or a /proc that can't be written to
        Path("/proc/self/oom_score_adj").write_text("1000")


def become_nobody() -> None:
    """Root may read everybody's environment; nobody may not. Whoever is somebody else stays so."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def limit_cpu(child: int, seconds: int) -> None:
    """Of a child of the same user, which can't raise it: the kernel ends it at that much CPU time in all."""
    if sys.platform == "linux":
        hard = resource.prlimit(child, resource.RLIMIT_CPU)[1]
        resource.prlimit(child, resource.RLIMIT_CPU, (min(seconds, hard), hard))


def _limit_all(address_space_bytes: int, cpu_s: tuple[int, int]) -> None:
    for kind, value in (
        (resource.RLIMIT_AS, address_space_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, CHANNEL_AND_ONE_FILE),
    ):
        resource.setrlimit(kind, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, cpu_s)


def _give_up_privileges() -> None:
    if sys.platform != "linux":
        raise OSError("only Linux has prctl")
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _install_filter() -> None:
    if why := not_offered():
        raise OSError(why)
    seccomp.install()


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
