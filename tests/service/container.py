"""The memory of a container in which the service runs as a process, and what happens at its limit.

A real cgroup where one can be made: as root, by version 1 of them. Elsewhere it is played: somebody looks how large the
service's processes have become.
"""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

import anyio

from consumer.model.units import MIB
from tests.chaos.workers import Worker

CGROUPS, OWN = Path("/sys/fs/cgroup/memory"), Path("/proc/self/cgroup")
LOOK_S = 0.005
MORE = 60 * MIB
PAGE = os.sysconf("SC_PAGE_SIZE")

TAKES_MEMORY = "[next(0 for _ in iter(int, 1) if not hold) for hold in [[b'x' * (1 << 24) for _ in range(36)]]]"
TAKEN = 36 * 16 * MIB  # by a planted file that says so; then it computes for ever


class Container(Protocol):
    """Its limit holds from before the service starts."""

    group: str  # the folder of the cgroup that the service has to enter; "": there is none
    fitting: Mapping[str, str]  # settings with which workers fit into it

    @property
    def ended(self) -> int:
        """How often somebody was, at the limit."""

    def tighten(self) -> None:
        """From now on 60 MiB more than what is there is too much."""

    async def watch(self, service: Worker, *, whole: bool) -> None:
        """`whole`: all processes are ended at the limit, as by `memory.oom.group`; else the largest worker."""


class Cgroup:
    fitting: Mapping[str, str] = {}  # by the limit that they find

    def __init__(self, place: Path, limit: int) -> None:
        self._place, self.group = place, str(place)
        self._write("memory.limit_in_bytes", limit)
        self._groups_ended = 0

    @property
    def ended(self) -> int:
        return self._groups_ended or self._says("oom_kill")

    def tighten(self) -> None:
        self._write("memory.limit_in_bytes", int(self._read("memory.usage_in_bytes")) + MORE)

    async def watch(self, service: Worker, *, whole: bool) -> None:
        self._write("memory.oom_control", int(whole))  # 1: the kernel ends nobody, and who wants more waits
        while True:
            await anyio.sleep(LOOK_S)
            if whole and self._says("under_oom"):
                self._groups_ended += 1
                _kill([service.pid, *self._pids()])
                while self._pids():  # noqa: ASYNC110 # the kernel tells nobody
                    await anyio.sleep(LOOK_S)

    async def remove(self) -> None:
        _kill(self._pids())
        with anyio.fail_after(10):
            while True:
                with suppress(OSError):
                    self._place.rmdir()
                    return
                await anyio.sleep(LOOK_S)

    def _pids(self) -> list[int]:
        return [int(pid) for pid in self._read("cgroup.procs").split()]

    def _says(self, what: str) -> int:
        told = dict(line.split() for line in self._read("memory.oom_control").splitlines())
        return int(told[what])

    def _read(self, name: str) -> str:
        return (self._place / name).read_text()

    def _write(self, name: str, value: int) -> None:
        (self._place / name).write_text(str(value))


class Played:
    group = ""
    fitting: Mapping[str, str] = {"INSPECTION__ADDRESS_SPACE_BYTES": str(256 * MIB)}

    def __init__(self) -> None:
        self._ended = 0
        self._most, self._tightened = TAKEN // 2, False

    @property
    def ended(self) -> int:
        return self._ended

    def tighten(self) -> None:
        self._tightened = True

    async def watch(self, service: Worker, *, whole: bool) -> None:
        while True:
            await anyio.sleep(LOOK_S)
            pids = [] if service.ended else list(_below(service.pid))
            size, largest = max(((_resident(pid), pid) for pid in pids), default=(0, 0))
            if self._tightened:
                self._most, self._tightened = size + MORE, False
            elif size > self._most:
                self._ended += 1
                _kill([service.pid, *pids] if whole else [largest])


@asynccontextmanager
async def container(limit: int) -> AsyncIterator[Container]:
    """`limit`: of a real one."""
    place = _place()
    if place is None:
        yield Played()
        return
    cgroup = Cgroup(place, limit)
    try:
        yield cgroup
    finally:
        with anyio.CancelScope(shield=True):
            await cgroup.remove()


def _place() -> Path | None:
    """Where a cgroup was made, if one can be."""
    with suppress(OSError):
        groups = [line.split(":", 2) for line in OWN.read_text().splitlines()]
        own = next((path for _, kinds, path in groups if "memory" in kinds.split(",")), None)
        if own is not None and os.access(CGROUPS / own.strip("/") / "memory.oom_control", os.W_OK):
            place = CGROUPS / own.strip("/") / f"container-{secrets.token_hex(4)}"
            place.mkdir()
            return place
    return None


def _below(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, children.read_text().split()):
                yield child
                yield from _below(child)


def _resident(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return 0


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
