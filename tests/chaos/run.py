"""Three workers, a broker, the emulated Genesys, and trouble: afterwards each attachment must have its one answer."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio
from aiokafka import AIOKafkaProducer

from consumer.sandbox.check import OutputReader, Score, Tally, read_to_end
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import InputRecord, Traffic, plan_traffic, publish
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import create_topics, private_broker
from tests.chaos.trouble import Trouble
from tests.chaos.workers import Workers, worker_env
from tests.outages.later import send_on, with_later

WORKERS = 3
EVENT_PARTITIONS = 4
SESSION_MS = 6_000
EVERY_S = 2.0  # between two troubles, on average
CATCH_UP_S = 60.0  # without any news, once the trouble is over
SHORTER = {"ATTEMPTS__OVER_S": "10", "ATTEMPTS__PROBE_MAX_S": "2", "DOWNLOAD__HOST_PATIENCE_S": "5"}
MOST_DOWNLOADS = 1.2  # for each file

Pause = Callable[[int], Awaitable[None]]  # before the record of that number


@dataclass(frozen=True, slots=True)
class Report:
    seed: int
    events: int
    seconds: float
    troubles: dict[str, int]
    downloads_per_attachment: float
    calls: dict[str, int]
    tally: Tally

    @property
    def problems(self) -> list[str]:
        """What no machine excuses."""
        found = [] if self.tally.good else [f"answers: {self.tally}"]
        return found + [name for name in self.troubles if name.startswith("did not drain")]

    @property
    def costly(self) -> list[str]:
        """What says as much of the machine: a kill repeats what was in flight, and a busy one has more of that."""
        often = self.downloads_per_attachment
        return [f"{often} downloads for each attachment"] if often > MOST_DOWNLOADS else []

    @property
    def good(self) -> bool:
        return not (self.problems or self.costly)

    def as_json(self) -> dict[str, object]:
        return {"problems": self.problems, "costly": self.costly, **asdict(self)}


async def run(seed: int, seconds: float, events: int, logs: Path) -> Report:
    """Writes the events over `seconds` while trouble happens, then lets the workers catch up in peace."""
    began = time.monotonic()
    topics = TopicSettings(replication=1)
    traffic, later = with_later(plan_traffic(events, seed), topics.partitions)
    with ExitStack() as stack:
        broker = stack.enter_context(private_broker())
        await create_topics(broker.bootstrap_servers, topics, EVENT_PARTITIONS)
        files = stack.enter_context(tempfile.TemporaryDirectory())
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, session_timeout_ms=SESSION_MS)
        async with Emulator(traffic.world) as emulator, OutputReader(kafka, topics) as reader:
            env = worker_env(emulator, kafka, topics, files, **SHORTER)
            workers = stack.enter_context(Workers(WORKERS, env, logs))
            trouble = Trouble(random.Random(seed), workers.all, broker, SESSION_MS / 1000)
            score = Score(traffic.expectation)
            async with anyio.create_task_group() as group:
                written = anyio.Event()
                pause = _spread(seconds, len(traffic.records))
                group.start_soon(_write, broker.bootstrap_servers, topics.events, traffic.records, pause, written)
                await trouble.run(written.is_set, EVERY_S)
            async with anyio.create_task_group() as group:
                group.start_soon(send_on, later, kafka, topics.events, score)
                await read_to_end(reader, score, patience_s=CATCH_UP_S)
            delivered = _deliveries(traffic, emulator)
            return Report(
                seed=seed,
                events=events,
                seconds=round(time.monotonic() - began, 1),
                troubles=dict(trouble.happened),
                downloads_per_attachment=round(sum(delivered) / max(len(delivered), 1), 3),
                calls=dict(emulator.state.calls),
                tally=score.tally(),
            )


def _deliveries(traffic: Traffic, emulator: Emulator) -> list[int]:
    """How often each file was delivered, of those that come in one piece, and as announced: others come again."""
    cases = {name: file.case for name, (_, file) in traffic.world.files.items()}
    whole = [name for name, case in cases.items() if not (case.delivery.cuts or case.is_doubtful)]
    counts = [emulator.state.progress[name, "delivered"] for name in whole]
    return [count for count in counts if count]


def _spread(seconds: float, records: int) -> Pause:
    began = anyio.current_time()

    async def pause(number: int) -> None:
        ahead = began + seconds * number / records - anyio.current_time()
        if ahead > 0.05:
            await anyio.sleep(ahead)

    return pause


async def _write(
    servers: str, topic: str, records: tuple[InputRecord, ...], pause: Pause, written: anyio.Event
) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True, request_timeout_ms=120_000)
    await producer.start()
    try:
        await publish(records, producer, topic, pause=pause)
    finally:
        await producer.stop()
        written.set()
