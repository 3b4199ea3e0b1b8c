"""How much of each limit is taken, what files cost, and how much more this process could take. Declared once, as the
rest of the metrics are; what is taken is asked for when somebody looks, and costs nothing in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, Gauge

from consumer.telemetry.counters import Counters, Total
from consumer.telemetry.kinds import FileKind
from consumer.telemetry.labels import Limit, Memory, Slots

PREFIX = "attachment_consumer"


class Usage:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._slots, self._slots_taken = (
            self._gauges("slots", "How many of these there may be at once", get_args(Slots)),
            self._gauges("slots_taken", "How many of these there are now", get_args(Slots)),
        )
        self._memory_budget, self._memory = (
            self._gauges("memory_budget_bytes", "Bytes that may be in memory at once", get_args(Memory)),
            self._gauges("memory_bytes", "Bytes that are in memory or have their place there", get_args(Memory)),
        )
        self.window_offsets = self._gauge("window_offsets", "Offsets that a partition may take above its committed one")
        self.outbox_budget_bytes = self._gauge("outbox_budget_bytes", "Answers that may wait for one commit")
        self._allowed = self._gauge("api_allowed_calls", "Calls a minute that the API allows, as it said last")
        self._free = self._gauge(
            "api_free_calls", "Calls of this minute that the organisation has left, as the API said last"
        )
        self._spare = Gauge(
            f"{PREFIX}_spare_attachments_per_second",
            "How many more attachments a second each limit leaves room for, if they cost what the last ones did; the "
            "smallest counts. Gone while none came",
            ["limit"],
            registry=registry,
        )
        kinds = get_args(FileKind)
        cpu = Counters(
            f"{PREFIX}_examine_cpu_seconds", "CPU time of examining processes, by what the file is", ("kind",),
            ((kind,) for kind in kinds), registry,
        )  # fmt: skip
        read = Counters(
            f"{PREFIX}_examined_bytes", "Bytes of the files that were examined, by what the file is", ("kind",),
            ((kind,) for kind in kinds), registry,
        )  # fmt: skip
        self.examine_cpu_seconds: Mapping[FileKind, Total] = {kind: cpu.of[kind,] for kind in kinds}
        self.examined_bytes: Mapping[FileKind, Total] = {kind: read.of[kind,] for kind in kinds}
        self.antivirus_signatures_timestamp_seconds = self._gauge(
            "antivirus_signatures_timestamp_seconds",
            "The day of the antivirus's signatures; 0 while it does not tell",
        )

    def slots(self, of: Slots, most: int, taken: Callable[[], float]) -> None:
        self._slots[of].set(most)
        self._slots_taken[of].set_function(taken)

    def memory(self, of: Memory, most: int, taken: Callable[[], float]) -> None:
        self._memory_budget[of].set(most)
        self._memory[of].set_function(taken)

    def api(self, allowed: Callable[[], float], free: Callable[[], float]) -> None:
        self._allowed.set_function(allowed)
        self._free.set_function(free)

    def spare(self, room: Mapping[Limit, float]) -> None:
        """Attachments a second, by limit; what is not in it is not known."""
        for limit in get_args(Limit):
            if limit in room:
                self._spare.labels(limit).set(room[limit])
            else:
                self._spare.remove(limit)

    def _gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(f"{PREFIX}_{name}", help_text, registry=self._registry)

    def _gauges(self, name: str, help_text: str, values: tuple[str, ...]) -> dict[str, Gauge]:
        gauge = Gauge(f"{PREFIX}_{name}", help_text, ["of"], registry=self._registry)
        return {value: gauge.labels(value) for value in values}
