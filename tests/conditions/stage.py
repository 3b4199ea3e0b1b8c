"""Where a condition is brought about and looked at: as a state, a gauge and lines of the log."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import anyio
import pytest
from prometheus_client import CollectorRegistry

from consumer.model import Condition, Effect
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.world import World
from consumer.service import life
from consumer.service.conditions import Conditions
from consumer.service.health import Health
from consumer.settings.load import fixed_credentials
from consumer.settings.model import KafkaSettings, Settings, TopicSettings
from consumer.telemetry.labels import Proof
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import Reporter
from tests.service.composed import settings_for

NOWHERE = KafkaSettings(bootstrap_servers="127.0.0.1:1")
SOON_S = 90.0
LOOK_S = 0.005


@dataclass
class Stage:
    """Of one condition. A provoker calls `look` while the condition holds, on whatever part has brought it about."""

    condition: Condition
    folder: Path
    request: pytest.FixtureRequest
    looked: bool = False
    parts: list[Conditions] = field(default_factory=list)

    def look(self, conditions: Conditions, metrics: Metrics) -> None:
        """State, gauge and time agree that it holds, and with what it stops."""
        self.looked = True
        told = self.condition.told
        reporter = Reporter(metrics, conditions)
        for proof in get_args(Proof):
            reporter.proved(proof)
        facts = Health(conditions, reporter, get_args(Proof)).facts
        assert self.condition.value in [one["condition"] for one in facts["conditions"]]
        if told.effect is Effect.STOPS:
            assert (facts["ready"], facts["state"]) == (False, "stopped")
        elif told.effect is Effect.WAITS:
            assert facts["state"] in ("waiting", "stopped")
        assert self.gauge(metrics, "condition") >= 1
        assert self.gauge(metrics, "condition_since_timestamp_seconds") > 1_700_000_000

    def gauge(self, metrics: Metrics, name: str) -> float:
        value = metrics.registry.get_sample_value(f"attachment_consumer_{name}", {"condition": self.condition.value})
        assert value is not None
        return value

    def part(self, bug_ceiling: int = 3) -> tuple[Reporter, Conditions, Metrics]:
        """What a part reports to that is tried without the rest of the service."""
        metrics = Metrics(CollectorRegistry())
        conditions = Conditions(metrics, bug_ceiling)
        self.parts.append(conditions)
        return Reporter(metrics, conditions), conditions, metrics

    def holds(self, conditions: Conditions) -> bool:
        return any(held.condition is self.condition for held in conditions.held)

    async def until(self, what: Callable[[], bool]) -> None:
        with anyio.fail_after(SOON_S):
            while not what():  # noqa: ASYNC110 # a fact of another part, which nobody announces
                await anyio.sleep(LOOK_S)

    async def until_it_holds(self, running: life.Running) -> None:
        await self.until(lambda: self.holds(running.conditions))
        self.look(running.conditions, running.metrics)

    async def until_over(self, running: life.Running) -> None:
        await self.until(lambda: not self.holds(running.conditions))
        assert self.gauge(running.metrics, "condition") == 0

    def topics(self) -> TopicSettings:
        prefix = f"held-{secrets.token_hex(4)}"
        return TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=1, replication=1)

    def settings(
        self,
        emulator: Emulator,
        kafka: KafkaSettings = NOWHERE,
        topics: TopicSettings | None = None,
        more: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Settings:
        """Gates that are closed are probed at once."""
        made = settings_for(emulator, kafka, topics or TopicSettings(), self.folder)
        dumped = made.model_dump(mode="python")
        dumped["attempts"] |= {"probe_s": 0.05, "probe_max_s": 0.05}
        for group, values in (more or {}).items():
            dumped[group] |= values
        return Settings.of(dumped)

    @asynccontextmanager
    async def service(
        self, settings: Settings, leaving: Callable[[life.Running], Awaitable[None]] | None = None
    ) -> AsyncIterator[life.Running]:
        """The whole service; `leaving` is called once it was told to stop."""
        shutdown, begun = anyio.Event(), anyio.Event()
        running: list[life.Running] = []

        def started(now: life.Running) -> None:
            running.append(now)
            begun.set()

        async with anyio.create_task_group() as group:
            group.start_soon(life.run, settings, fixed_credentials(settings), shutdown, started)
            await begun.wait()
            try:
                yield running[0]
            finally:
                shutdown.set()
                if leaving is not None:
                    await leaving(running[0])


@asynccontextmanager
async def emulated() -> AsyncIterator[Emulator]:
    async with Emulator(World([])) as emulator:
        yield emulator


def shared(stage: Stage) -> KafkaSettings:
    servers = stage.request.getfixturevalue("kafka").bootstrap_servers
    return KafkaSettings(bootstrap_servers=servers, group=f"held-{os.urandom(3).hex()}", session_timeout_ms=6_000)


async def at_rest(stage: Stage, running: life.Running) -> None:
    """All that connects to Kafka has: what is stopped in the middle of connecting leaves aiokafka's sockets open."""
    families = running.metrics.registry.collect
    await stage.until(
        lambda: sum(len(one.samples) for one in families() if one.name == "attachment_consumer_lag_records") == 2
    )
