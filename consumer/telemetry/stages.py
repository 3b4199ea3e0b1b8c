"""Where the work is, and how long it stays there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import get_args

from prometheus_client import CollectorRegistry, Gauge

from consumer.telemetry.histogram import Buckets, Histogram
from consumer.telemetry.labels import LoopWork, Stage
from consumer.telemetry.loop_cpu import NOW

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Stages:
    def __init__(self, prefix: str, registry: CollectorRegistry) -> None:
        names: tuple[Stage, ...] = get_args(Stage)
        seconds = Histogram(f"{prefix}_stage_seconds", "Time in one stage", BUCKETS, registry, "stage", names)
        now = Gauge(f"{prefix}_in_stage", "What is in a stage now, its waits included", ["stage"], registry=registry)
        self.now: dict[Stage, int] = dict.fromkeys(names, 0)
        self.seconds: Mapping[Stage, Buckets] = {stage: seconds.of[stage] for stage in names}
        for stage in names:
            now.labels(stage).set_function(partial(self.now.__getitem__, stage))

    def timed(self, stage: Stage) -> InStage:
        """Surrounds what is in it."""
        return InStage(self, stage)


class InStage:
    __slots__ = ("_around", "_began", "_stage", "_stages")

    def __init__(self, stages: Stages, stage: Stage) -> None:
        self._stages, self._stage = stages, stage

    def __enter__(self) -> None:
        self._stages.now[self._stage] += 1
        self._around: LoopWork = NOW.get()
        NOW.set(self._stage)
        self._began = time.perf_counter()

    def __exit__(self, *exc: object) -> None:
        self._stages.now[self._stage] -= 1
        NOW.set(self._around)  # no token: what is closed from another context could not give it back
        self._stages.seconds[self._stage].observe(time.perf_counter() - self._began)
