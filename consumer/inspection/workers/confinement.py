"""What a worker process gives up before it reads a byte: files, processes, secrets, memory without end.

Each step that a platform or a container does not offer is left out, and `confine` tells which are in force.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
LANDLOCK_CREATE, LANDLOCK_RESTRICT = 444, 446  # the same on every architecture
LANDLOCK_ALL = ((1 << 13) - 1).to_bytes(8, "little")  # every right over files that the first version knows
NOBODY = 65_534
SPARE_DESCRIPTORS = 4


def confine(address_space_bytes: int) -> list[str]:
    """Closes the process in, for good. Everything that it will ever open or import has to be there by now."""
    in_force = []
    for name, step in (
        ("descriptors", _limit_descriptors),
        ("address_space", lambda: _limit(resource.RLIMIT_AS, address_space_bytes)),
        ("file_size", lambda: _limit(resource.RLIMIT_FSIZE, 0)),
        ("core", lambda: _limit(resource.RLIMIT_CORE, 0)),
        ("user", _become_nobody),
        ("processes", lambda: _limit(resource.RLIMIT_NPROC, 0)),
        ("prctl", _give_up_privileges),
        ("landlock", _close_file_system),
    ):
        try:
            step()
        except (OSError, ValueError, AttributeError):
            continue
        in_force.append(name)
    return in_force


def allow_cpu(seconds: int) -> None:
    """CPU time from now on: the kernel ends what spins, even if nobody is left to kill it."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds + 1, hard))


def hide_from_peers() -> None:
    """Makes this process not dumpable: no other one of the same user reads its memory or environment in /proc.

    For the service itself, before it starts workers. Does nothing where there is no such call.
    """
    if sys.platform == "linux":
        _prctl(PR_SET_DUMPABLE, 0)


def _limit(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


def _limit_descriptors() -> None:
    _limit(resource.RLIMIT_NOFILE, max(int(entry.name) for entry in Path("/dev/fd").iterdir()) + SPARE_DESCRIPTORS)


def _become_nobody() -> None:
    """Root may read everybody's environment; nobody may not."""
    if os.geteuid() != 0:
        raise OSError("not root")
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def _give_up_privileges() -> None:
    if sys.platform != "linux":
        raise OSError("Linux only")
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _close_file_system() -> None:
    """A Landlock ruleset without a rule: no path can be opened any more, /proc and its environments included."""
    if sys.platform != "linux":
        raise OSError("Linux only")
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = ctypes.create_string_buffer(LANDLOCK_ALL, 8)
    ruleset = libc.syscall(LANDLOCK_CREATE, attributes, ctypes.c_size_t(8), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    try:
        if libc.syscall(LANDLOCK_RESTRICT, ruleset, 0) != 0:
            raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    finally:
        os.close(ruleset)


HEADER = struct.Struct(">L")  # of every message on the socket: its length in bytes
