"""The service under traffic, in this process, watched from inside; and what it says of itself over HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
from aiokafka import AIOKafkaProducer

from consumer.sandbox.arrangement import reaching
from consumer.sandbox.check import OutputReader, Score, read_to_end
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import InputRecord, Traffic, publish
from consumer.service import life
from consumer.settings.load import fixed_credentials
from consumer.settings.model import KafkaSettings, Settings, TopicSettings

LOOK_S = 0.05
PREFIX = "attachment_consumer_"


@dataclass(frozen=True, slots=True)
class Scale:
    """All times of one run, in seconds. An outage lasts longer than all attempts: only a gate can wait it out."""

    outage_s: float
    attempts_s: float
    host_patience_s: float
    probe_s: float
    probe_max_s: float
    read_timeout_s: float
    attempts: int = 8


SHORT = Scale(8.0, attempts_s=4.0, host_patience_s=3.0, probe_s=0.2, probe_max_s=1.0, read_timeout_s=1.5, attempts=5)


@dataclass(slots=True)
class Scene:
    """`series` gives a metric of the service now; by its labels, in the order of their names."""

    settings: Settings
    traffic: Traffic
    emulator: Emulator
    reader: OutputReader
    score: Score
    running: life.Running
    written: anyio.Event = field(default_factory=anyio.Event)
    last_taken: float = 0.0  # monotonic; when a task was seen to be taken last
    most_unsettled: float = 0.0  # since it was last set to 0
    _taken: float = 0.0

    def series(self, name: str, **labels: str) -> float:
        return self.running.metrics.registry.get_sample_value(PREFIX + name, labels) or 0.0

    @property
    def unsettled(self) -> float:
        """Tasks that were taken: in flight, or resting."""
        return self.series("tasks_in_flight") + self.series("tasks_resting")

    @property
    def answered(self) -> float:
        """Verdicts that are committed."""
        metrics = self.running.metrics
        return self.series("attachments_total", verdict="accepted", reason="none") + sum(
            self.series("attachments_total", verdict="rejected", reason=reason.value) for reason in metrics.rejected
        )

    async def until(self, what: Callable[[], bool], within_s: float) -> float:
        """The seconds until `what` holds. Raises `TimeoutError` when it does not within `within_s`."""
        began = time.monotonic()
        with anyio.fail_after(within_s):
            while True:
                if what():
                    return time.monotonic() - began
                await anyio.sleep(LOOK_S)

    async def readyz(self) -> tuple[int, dict[str, Any]]:
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"http://127.0.0.1:{self.running.metrics_port}/readyz")
            return answer.status_code, answer.json()

    async def read_to_end(self, patience_s: float) -> None:
        await read_to_end(self.reader, self.score, patience_s=patience_s)

    async def watch(self) -> None:
        """Notes when tasks are taken. For as long as the service runs."""
        while True:
            taken = self.series("records_received_total", loop="stream")
            if taken > self._taken:
                self._taken, self.last_taken = taken, time.monotonic()
            self.most_unsettled = max(self.most_unsettled, self.unsettled)
            await anyio.sleep(LOOK_S)


def settings_for(
    emulator: Emulator,
    kafka: KafkaSettings,
    topics: TopicSettings,
    folder: Path,
    scale: Scale,
    more: Mapping[str, dict[str, Any]] | None = None,
) -> Settings:
    """As an operator would set them, but for the times of `scale`. `more` adds to the groups, or overrules them."""
    there = reaching(emulator)
    groups: dict[str, Any] = {
        "genesys": there["genesys"],
        "download": {
            **there["download"],
            "host_patience_s": scale.host_patience_s,
            "read_timeout_s": scale.read_timeout_s,
        },
        "storage": {"url": str(folder / "attachments")},
        "attempts": {
            "attempts": scale.attempts,
            "over_s": scale.attempts_s,
            "probe_s": scale.probe_s,
            "probe_max_s": scale.probe_max_s,
        },
        "web": {"host": "127.0.0.1", "port": 0},
    }
    for group, values in (more or {}).items():
        groups[group] = groups.get(group, {}) | values
    return Settings.of({"kafka": kafka, "topics": topics, **groups})


@asynccontextmanager
async def playing(settings: Settings, traffic: Traffic, emulator: Emulator, a_second: float) -> AsyncIterator[Scene]:
    """Runs the service and writes the traffic, `a_second` records each second. Leaving drains the service."""
    shutdown, serving = anyio.Event(), anyio.Event()
    known: list[life.Running] = []

    def started(running: life.Running) -> None:
        known.append(running)
        serving.set()

    async def serve() -> None:
        await life.run(settings, fixed_credentials(settings), shutdown, started)

    async with OutputReader(settings.kafka, settings.topics) as reader, anyio.create_task_group() as group:
        group.start_soon(serve)
        await serving.wait()
        scene = Scene(settings, traffic, emulator, reader, Score(traffic.expectation), known[0])
        async with anyio.create_task_group() as beside:
            beside.start_soon(scene.watch)
            beside.start_soon(_write, scene, traffic.records, a_second)
            try:
                yield scene
            finally:
                beside.cancel_scope.cancel()
                shutdown.set()


async def _write(scene: Scene, records: tuple[InputRecord, ...], a_second: float) -> None:
    await write(scene.settings, records, a_second)
    scene.written.set()


async def write(settings: Settings, records: tuple[InputRecord, ...], a_second: float) -> None:
    """To the input topic; a broker that is away for minutes is waited for."""
    servers = settings.kafka.bootstrap_servers
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True, request_timeout_ms=1_200_000)
    await producer.start()
    began = anyio.current_time()

    async def pause(number: int) -> None:
        ahead = began + number / a_second - anyio.current_time()
        if ahead > LOOK_S:
            await anyio.sleep(ahead)

    try:
        await publish(records, producer, settings.topics.events, pause=pause)
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(5):
            await producer.stop()
