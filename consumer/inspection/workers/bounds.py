"""What an examination may cost, how long a worker lives, what has to hold it in, and to whom its end is told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from consumer.inspection.readers.seen import LARGEST_FILE
from consumer.inspection.workers.confinement import Confinement, not_offered
from consumer.model.units import MIB
from consumer.telemetry.labels import Confined, WorkerEnd

SHORT_S, SHORT_S_PER_MIB = 0.01, 0.007


def offered() -> Confinement:
    """What can be asked for on this platform, for those who take what there is. The service does not: it asks."""
    return Confinement.NONE if not_offered() else Confinement.SECCOMP


OFFERED = offered()


@dataclass(frozen=True, slots=True)
class Bounds:
    address_space_bytes: int = 1024 * MIB
    cpu_s: float = 1.0  # for any file
    cpu_s_per_mib: float = 0.2  # and for its size
    deadline_s: float = 10.0  # by the clock, for one examination; twice that for its second try
    files_per_worker: int = 80
    confinement: Confinement = OFFERED
    wide: bool = False  # answers with sentences and places, for an operator's own eyes alone

    def budget_s(self, size: int) -> float:
        """CPU time for a file of `size` bytes."""
        return self.cpu_s + self.cpu_s_per_mib * size / MIB

    def short_s(self, size: int) -> float:
        """CPU time in which nearly all files of `size` bytes are examined."""
        return SHORT_S + SHORT_S_PER_MIB * size / MIB

    @property
    def first_s(self) -> int:
        """CPU time that a worker begins with: enough for a file of the usual size, if starting it took little."""
        return math.ceil(self.budget_s(MIB) + 0.5)

    @property
    def life_s(self) -> int:
        """CPU time that a worker can never get beyond, whoever is left to watch it."""
        return int(self.files_per_worker * self.budget_s(LARGEST_FILE)) + 1


class Reports(Protocol):
    def worker_ended(self, cause: WorkerEnd) -> None:
        """Why a worker had to be replaced."""

    def examined(self, detected: str | None, size: int, cpu_s: float) -> None:
        """A file of `size` bytes took a worker this CPU time; None: no type could be told."""

    def reader_failed(self, exception: str) -> None:
        """An exception that nobody foresaw ended an examination; its class."""

    def rules_applied(self, cpu_s: float) -> None:
        """An operator's rules took a worker this CPU time for a file."""

    def rules_exceeded(self, rule: str | None) -> None:
        """An operator's rules took longer with a file than their share of the time; which one did, if it is one."""

    def confined(self, by: Confined, missing: str | None) -> None:
        """Workers are held in as was asked for, as shown; or what is missing, and they get no file."""

    def workers_start(self, problem: str | None) -> None:
        """None: they do. Else what ends them at their start again and again."""

    def workers_last(self, problem: str | None) -> None:
        """None: they do. Else how the process that they are forked from ends, again and again."""
