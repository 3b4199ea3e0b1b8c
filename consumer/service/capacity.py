"""Ties each limit to what takes of it: `/metrics` then tells how full the process is, and what it could still take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from consumer.genesys.limiter import Limiter
from consumer.inspection.workers.pool import Workers
from consumer.settings.model import Settings
from consumer.stream.room import Room
from consumer.telemetry.labels import Limit, Slots
from consumer.telemetry.reporter import Reporter
from consumer.telemetry.spare import Spare

COUNTED_EVERY_S = 1.0

Taken = Callable[[], float]


def fullness(downloads: float, processor: Collection[float]) -> float:
    """How near a process is to what it can do, up to 1, by the shares that are taken of its downloads now, and of its
    processor in the last seconds. Hosts outside may hold half of the downloads; one busy second is no load."""
    return min(max(2 * downloads - 1, min(processor), 0.0), 1.0)


class DownloadLoad(Protocol):
    @property
    def running(self) -> int:
        """Files from their download until they are judged and stored, or take long."""

    @property
    def bytes_in_memory(self) -> int: ...


class Capacity:
    """`run` looks every second; what is taken is asked for by whoever reads the metrics as well."""

    def __init__(
        self, settings: Settings, limiter: Limiter, downloads: DownloadLoad, workers: Workers, reporter: Reporter
    ) -> None:
        self._settings, self._limiter, self._reporter = settings, limiter, reporter
        self._usage = reporter.usage
        self._spare = Spare()
        self._held: dict[Limit, Taken] = {}  # the share that is taken now
        self._processor = deque([0.0, 0.0], maxlen=2)  # the share that was taken, second by second
        scans = settings.antivirus.connections if settings.antivirus.address else 0
        self._slots("downloads", settings.download.connections, lambda: downloads.running)
        self._slots("calls", limiter.at_once, lambda: limiter.under_way)
        self._slots("workers", workers.count, lambda: workers.busy)
        self._slots("scans", scans, lambda: min(reporter.in_stage("scan"), scans))  # the others wait for one
        budget = settings.download.max_bytes_in_memory
        self._usage.memory("files", budget, lambda: downloads.bytes_in_memory)
        self._held["memory"] = lambda: downloads.bytes_in_memory / budget
        self._usage.api(lambda: limiter.allowed, lambda: limiter.free)
        self._usage.window_offsets.set(settings.limits.window)
        self._usage.outbox_budget_bytes.set(settings.limits.outbox_bytes)

    @property
    def load(self) -> float:
        return fullness(self._held["downloads"](), self._processor)

    def takes_tasks(self, room: Room) -> None:
        """The second loop's own limits: it is made after the rest."""
        limits = self._settings.limits
        self._slots("tasks", limits.tasks, lambda: limits.tasks * room.taken)
        self._slots("resting", limits.resting, lambda: room.resting)
        self._usage.memory("tasks", limits.task_bytes, lambda: room.taken_bytes)

    def _slots(self, of: Slots, most: int, taken: Taken) -> None:
        self._usage.slots(of, most, taken)
        if most:
            self._held[of] = lambda: taken() / most

    async def run(self, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Until cancelled."""
        before = self._counted()
        while True:
            await sleep(COUNTED_EVERY_S)
            now = self._counted()
            at, answered, calls, cpu_s = (one - other for one, other in zip(now, before, strict=True))
            before = now
            self._processor.append(cpu_s / at)
            shares = {limit: taken() for limit, taken in self._held.items()}
            spent: dict[Limit, float] = {"rate": calls / at / self._limiter.a_second, "cpu": cpu_s / at}
            self._spare.note(at, answered, shares | spent)
            self._usage.spare(self._spare.room)

    def _counted(self) -> tuple[float, float, float, float]:
        """The time, and what was answered, called and computed until now; the loop has one processor."""
        return time.monotonic(), self._reporter.verdicts, self._limiter.begun, time.process_time()
