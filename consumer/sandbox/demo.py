"""Everything at once: emulator, traffic, the service, and a reader that compares what comes out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import anyio
from aiokafka import AIOKafkaProducer

from consumer.kafka import topics
from consumer.kafka.client import client_options
from consumer.kafka.closing import close
from consumer.sandbox.arrangement import as_toml, demo_groups, demo_settings, partitions_for
from consumer.sandbox.cases import ExpectedOutcome
from consumer.sandbox.check import OutputReader, Score, Tally
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import Traffic, publish
from consumer.service import life
from consumer.settings.load import fixed_credentials
from consumer.settings.model import Settings

REFRESH_S = 0.5
LAST_AFTER_S = 3.0  # that each of the last files waits at most until all before them are answered
SETTINGS = "settings.toml"  # in the demo's folder: for commands beside the service


class DemoView(Protocol):
    """What shows the run while it goes on."""

    def serving(self, metrics_url: str, page_url: str) -> None: ...
    def came(self, score: Score) -> None: ...


@dataclass(frozen=True, slots=True)
class Report:
    traffic: Traffic
    tally: Tally
    came: Counter[tuple[ExpectedOutcome, str]]  # answers by outcome and reason
    seconds: float  # until the last one
    metrics_url: str
    files: Path
    calls: dict[str, int]  # of the emulator, by kind


async def play(
    traffic: Traffic,
    bootstrap_servers: str,
    folder: Path,
    view: DemoView,
    *,
    embedded: bool,
    deadline_s: float,
    hold: Callable[[], Awaitable[None]] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Runs until every answer is there, or for `deadline_s`, and then as long as `hold` waits.

    Raises what keeps the service from starting.
    """
    begun = clock()
    events = traffic.expectation.events
    async with Emulator(traffic.world) as emulator:
        settings = demo_settings(emulator, bootstrap_servers, folder, events, embedded=embedded)
        (folder / SETTINGS).write_text(as_toml(demo_groups(emulator, bootstrap_servers, folder, events)))
        if not embedded:
            await topics.create(settings.kafka, settings.topics, events_partitions=partitions_for(events))
        score = Score(traffic.expectation)
        run = _Run(settings, traffic, score, view, clock)
        async with OutputReader(settings.kafka, settings.topics) as reader:
            await run.until_answered(reader, deadline_s, hold)
            await run.rest(reader)
        if run.failure is not None:
            raise run.failure
        calls = dict(emulator.state.calls)
    files = folder / "attachments"
    seconds = round(run.answered - begun, 1)
    return Report(traffic, score.tally(), score.by_row, seconds, run.metrics_url, files.resolve(), calls)


class _Run:
    """One run of the service, and what is known about it."""

    def __init__(
        self, settings: Settings, traffic: Traffic, score: Score, view: DemoView, clock: Callable[[], float]
    ) -> None:
        self._settings, self._traffic, self._score, self._view = settings, traffic, score, view
        self._clock = clock
        self._shutdown = anyio.Event()
        self.metrics_url = ""
        self.answered = 0.0  # when every answer was there, or was waited for no longer
        self.failure: Exception | None = None

    async def until_answered(
        self, reader: OutputReader, deadline_s: float, hold: Callable[[], Awaitable[None]] | None
    ) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._serve)
            group.start_soon(self._publish)
            with anyio.move_on_after(deadline_s):
                await self._read(reader)
            self.answered = self._clock()
            if hold is not None and self.failure is None:
                await hold()
            self._shutdown.set()

    async def rest(self, reader: OutputReader) -> None:
        """What the drain still published, and anything that came once too often."""
        await reader.catch_up(self._score)
        self._view.came(self._score)

    async def _serve(self) -> None:
        try:
            await life.run(self._settings, fixed_credentials(self._settings), self._shutdown, self._started)
        except Exception as failure:  # noqa: BLE001 # raised by `play`: a task group would wrap it
            self.failure = failure
            self._shutdown.set()

    def _started(self, running: life.Running) -> None:
        self.metrics_url = f"http://127.0.0.1:{running.metrics_port}/metrics"
        self._view.serving(self.metrics_url, f"http://127.0.0.1:{running.page_port}")

    async def _publish(self) -> None:
        producer = AIOKafkaProducer(**client_options(self._settings.kafka), linger_ms=5)
        try:
            await producer.start()
            await publish(self._traffic.records, producer, self._settings.topics.events, pause=self._hold_the_last)
        finally:
            await close(producer)

    async def _hold_the_last(self, number: int) -> None:
        """A doubtful file waits until another's came, as it would where customers never stop to send some."""
        if number >= self._traffic.first:
            with anyio.move_on_after(LAST_AFTER_S):
                while self._score.tally().missing > len(self._traffic.last):  # noqa: ASYNC110 # its reader polls as well
                    await anyio.sleep(REFRESH_S)

    async def _read(self, reader: OutputReader) -> None:
        looked = self._clock() - REFRESH_S
        while not self._shutdown.is_set():
            came = await reader.poll(self._score)
            self._view.came(self._score)
            if came and self._clock() - looked < REFRESH_S:
                continue
            looked = self._clock()
            if self._score.tally().missing == 0:
                return
