"""Where the CPU time of the event loop goes.

A task is in a stage for long and on the processor for moments, so that nothing can be timed at its ends. So the kernel
interrupts the process each time that it has used some more CPU (ITIMER_PROF), and what the loop's thread has used since
the last time counts for the stage of the task that is interrupted.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import get_args

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily

from consumer.telemetry.labels import LoopWork

EVERY_S = 0.05  # of CPU time: what it costs is not to be seen beside it
NOW: ContextVar[LoopWork] = ContextVar("what the running task is about", default="other")


class LoopCpu:
    """Its numbers are plain ones: a lock could be held by the very code that is interrupted."""

    def __init__(self, prefix: str, registry: CollectorRegistry, used: Callable[[], float] = time.thread_time) -> None:
        """`used`: CPU seconds of the thread so far."""
        self._name = f"{prefix}_event_loop_cpu_seconds"
        self._used = used
        self._seen = 0.0
        self.seconds: dict[LoopWork, float] = dict.fromkeys(get_args(LoopWork), 0.0)
        registry.register(self)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """For the registry."""
        text = "CPU time of the event loop, sampled: of a stage, else of the loop that it belongs to"
        family = CounterMetricFamily(self._name, text, labels=["work"])
        for work, seconds in self.seconds.items():
            family.add_metric([work], seconds)
        yield family

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """While the context is open. In the main thread alone, since only that hears of signals."""
        self._seen = self._used()
        before = signal.signal(signal.SIGPROF, lambda *_: self.sample())
        signal.siginterrupt(signal.SIGPROF, False)  # no call of anybody's fails for it
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    def sample(self) -> None:
        """What was used since the last one is counted for what is done now."""
        used = self._used()
        self.seconds[NOW.get()] += used - self._seen
        self._seen = used
